"""The grammar, LALR(1). Blanks separate terms; a lexer that knows the parser's state tells values from words."""

from msp.core.query import ast

# NO_VALUE is an error production: without it `status: open` would read as `status:open`. How commas, ranges
# and comparisons may be mixed is the builder's to check, since it can say what is wrong with them.
GRAMMAR = rf"""
query: [either]
either: every (_OR every)*
every: _item+
_item: negated | _atom
negated: _NEG _atom
_atom: term | word | phrase | group
group: _LPAR either _RPAR
word: TEXT
phrase: QUOTED
term: FIELD COMPARE? _value (JOINT _value)*
    | NO_VALUE
_value: VALUE | QUOTED

FIELD.2: /{ast.NAME}:/
NO_VALUE.3: /{ast.NAME}:(?=\s|\Z)/
COMPARE: /[<>]=?|=/
JOINT.2: /,|\.\./
VALUE: /{ast.BARE_VALUE}/
TEXT: /(?!OR(?![^\s"()])){ast.BARE_TEXT}/
QUOTED.2: /"(?:\\.|[^"\\])*"/s
_OR.2: /OR(?![^\s"()])/
_NEG.2: /-(?=[^\s-])/
_LPAR: "("
_RPAR: ")"
%ignore /\s+/
"""
