"""The grammar: what is understood, what is refused and where the finger points, and the normal form."""

import re
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from msp.core.query.ast import BARE_VALUE, And, Node, Not, Or, Query, SortKey, Term, Text, Value
from msp.core.query.errors import QueryError
from msp.core.query.parse import MAX_LENGTH, MAX_TERMS, parse


def term(name: str, *values: str, operator: str = ":") -> Term:
    return Term(name, operator, tuple(Value(text) for text in values))  # type: ignore[arg-type]  # shorter calls


def read_or_refused(text: str) -> Query | None:
    """The tree, or None after an error that points into the text; anything else is a failure."""
    with suppress(QueryError):
        return parse(text)
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.length >= 1
    assert 0 <= caught.value.position <= len(text) - caught.value.length
    return None


def test_the_whole_language_in_one_query() -> None:
    text = 'client:acme sla:risk,breached -status:waiting assignee:none created:>-2h sort:due "free text"'
    assert parse(text) == Query(
        (
            term("client", "acme"),
            term("sla", "risk", "breached"),
            Not(term("status", "waiting")),
            term("assignee", "none"),
            term("created", "-2h", operator=">"),
            Text("free text"),
        ),
        (SortKey("due"),),
    )


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("", ()),
        ("  \n ", ()),
        ("printer jam", (Text("printer"), Text("jam"))),
        ("a b OR c", (Or((And((Text("a"), Text("b"))), Text("c"))),)),
        ("(a OR b) c", (Or((Text("a"), Text("b"))), Text("c"))),
        ("((a)) (b c)", (Text("a"), Text("b"), Text("c"))),
        ("-(a b)", (Not(And((Text("a"), Text("b")))),)),
        ("oregon or ORDER", (Text("oregon"), Text("or"), Text("ORDER"))),
        ("due:2027-03-01..2027-03-31", (term("due", "2027-03-01", "2027-03-31", operator=".."),)),
        ("created:<=2027-03-31T10:00", (term("created", "2027-03-31T10:00", operator="<="),)),
        ("Status:OPEN", (term("status", "OPEN"),)),
        ("status:=open", (term("status", "open"),)),
        ("tag:a, b ,c", (term("tag", "a", "b", "c"),)),
        (r'subject:"say \"hi\" \\o/"', (Term("subject", ":", (Value('say "hi" \\o/', True),)),)),
        ("well-known 10:30 a,b - --x", tuple(map(Text, ("well-known", "10:30", "a,b", "-", "--x")))),
    ],
)
def test_reads(text: str, nodes: tuple[Node, ...]) -> None:
    assert parse(text).nodes == nodes


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ('sort:due   status:open "word"', "status:open word sort:due"),
        ('assignee:"me" tag:"a"', 'assignee:"me" tag:"a"'),
        ('"-5" "OR" "to:do" ",x" "..y" "a b"', '"-5" "OR" "to:do" ",x" "..y" "a b"'),
        ("(a OR (b OR c)) -(-d)", "(a OR b OR c) -(-d)"),
    ],
)
def test_normal_form(text: str, normal: str) -> None:
    assert str(parse(text)) == normal
    assert parse(normal) == parse(text)


@pytest.mark.parametrize(
    ("text", "reason", "pointed_at"),
    [
        ('find "this', "quote_open", '"this'),
        ('tag:"', "quote_open", '"'),
        ('a ""', "quote_empty", '""'),
        ('tag:" "', "quote_empty", '" "'),
        ("a (b (c)", "parenthesis_open", "("),
        ("a) b", "parenthesis_unmatched", ")"),
        (")", "parenthesis_unmatched", ")"),
        ("a ()", "parenthesis_empty", ")"),
        ("a OR", "or_incomplete", "OR"),
        ("OR a", "or_incomplete", "OR"),
        ("a (OR b)", "or_incomplete", "OR"),
        ("a OR OR b", "or_incomplete", "OR"),
        ("(a -)", "negation_incomplete", "-"),
        ("status: open", "value_missing", "status:"),
        ("status:", "value_missing", "status:"),
        ("created:>", "value_missing", ">"),
        ("status:open,", "value_missing", ","),
        ("due:today..", "value_missing", ".."),
        ("due:..today", "value_missing", "due:"),
        ("created:>>today", "value_missing", ">"),
        ("created:>today,now", "mixed_operators", ","),
        ("due:a..b,c", "mixed_operators", ","),
        ("due:a..b..c", "mixed_operators", ".."),
        ("-sort:due", "sort_nested", "sort:due"),
        ("sort:due a sort:created", "sort_repeated", "sort:created"),
        ("a OR (b sort:due)", "sort_nested", "sort:due"),
        ("sort:>due", "operator_not_allowed", "sort:>due"),
        ("a\x00b", "character", "\x00"),
        ("a \ud800", "character", "\ud800"),
        ("(" * 9 + "a" + ")" * 9, "too_deep", "("),
        ("a" * (MAX_LENGTH + 2), "too_long", "aa"),
    ],
)
def test_points_at_what_is_wrong(text: str, reason: str, pointed_at: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    error = caught.value
    assert error.reason == reason
    assert text[error.position : error.position + error.length] == pointed_at
    assert error.errors[0].code == reason
    assert error.members == {"position": error.position, "length": error.length, "suggestions": []}


def test_limits_are_exact() -> None:
    assert len(parse("a " * MAX_TERMS).nodes) == MAX_TERMS
    assert len(parse("a" * MAX_LENGTH).nodes) == 1
    assert parse("(" * 8 + "a" + ")" * 8).nodes == (Text("a"),)
    with pytest.raises(QueryError) as caught:
        parse("tag:" + "a," * MAX_TERMS + "a")
    assert caught.value.reason == "too_many_terms"


@given(st.text(max_size=60) | st.text("ab:\"\\'()-,.><= OR\nsort", max_size=30))
@example("(" * MAX_LENGTH)
@example('"' * MAX_LENGTH)
@example("-" * 90)
@example("a:" * 500)
def test_any_text_is_read_or_refused(text: str) -> None:
    query = read_or_refused(text)
    assert query is None or parse(str(query)) == query


_words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(str.strip)
_names = st.from_regex(r"[a-z][a-z0-9_.]{0,5}", fullmatch=True).filter(lambda name: name != "sort")
# What does not fit bare is quoted by its text, so it counts as quoted from the start; so does a last dot before `..`.
_values = st.builds(
    lambda text, quoted: Value(text, quoted or text.endswith(".") or not re.fullmatch(BARE_VALUE, text)),
    _words,
    st.booleans(),
)
_terms = st.one_of(
    st.builds(Term, _names, st.just(":"), st.lists(_values, min_size=1, max_size=3).map(tuple)),
    st.builds(Term, _names, st.sampled_from([">", ">=", "<", "<="]), st.tuples(_values)),
    st.builds(Term, _names, st.just(".."), st.tuples(_values, _values)),
)
_leaves = st.builds(Text, _words) | _terms


def _operands(kind: type[And] | type[Or], node: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    inner = node.filter(lambda operand: not isinstance(operand, kind))
    return st.lists(inner, min_size=2, max_size=3).map(lambda nodes: kind(tuple(nodes)))


_nodes: st.SearchStrategy[Node] = st.recursive(
    _leaves, lambda node: st.builds(Not, node) | _operands(And, node) | _operands(Or, node), max_leaves=6
)
_sorts = st.lists(st.builds(SortKey, _names, st.booleans()), max_size=2).map(tuple)


@given(st.lists(_nodes.filter(lambda node: not isinstance(node, And)), max_size=4).map(tuple), _sorts)
def test_every_tree_survives_its_text(nodes: tuple[Node, ...], sort: tuple[SortKey, ...]) -> None:
    query = Query(nodes, sort)
    assert parse(str(query)) == query
