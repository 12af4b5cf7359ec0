"""How a mail looks: one column of 600 px in the client's colour, and the same facts in the same order as plain text."""

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import nh3
from css_inline import CSSInliner
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markdown_it import MarkdownIt
from markupsafe import Markup

from msp.core.web.brand import brand_check, monogram

TEXT_WIDTH = 72

# What a person may write: no image (a remote one reports the reader), no table, no raw HTML.
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "strong",
    "ul",
}
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable("image")
_INLINER = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


class Rendered(NamedTuple):
    """Both forms of one mail."""

    text: str
    html: str


class Action(NamedTuple):
    """What the reader can do: a button in HTML, an address of its own line in text."""

    label: str
    url: str


class Fact(NamedTuple):
    """A line of the table of facts; at most one of them is the present state."""

    label: str
    value: str
    is_now: bool = False


class Writer(NamedTuple):
    """Who wrote what the mail brings; `hue` is the person's `data-hue`."""

    name: str
    detail: str
    hue: int = 12

    @property
    def initials(self) -> str:
        return monogram(self.name)


class Quote(NamedTuple):
    """An earlier message, in the words of its writer."""

    name: str
    when: str
    text: str


@dataclass(frozen=True)
class Brand:
    """Whose mail it is. `support` is the foot's line: who helps, and under which number."""

    name: str
    colour: str
    support: str
    language: str = "en"

    @cached_property
    def solid(self) -> str:
        """The colour as pages show it, dark enough for white text; ValueError unless it is `#rrggbb`."""
        return brand_check(self.colour).shown_hex

    @property
    def mark(self) -> str:
        return monogram(self.name)


def render(template: str, context: Mapping[str, Any], *, brand: Brand) -> Rendered:
    """Both forms of `template`; its first lines name what it needs, and a missing value is an error.

    A context that has been JSON on its way (in the outbox) is as good as one of Action, Fact, Writer and Quote.
    """
    values = {key: _shaped(key, value) for key, value in context.items()} | {"brand": brand}
    text = _ENVIRONMENT.get_template(f"{template}.txt").render(values)
    html = _ENVIRONMENT.get_template(f"{template}.html").render(values)
    return Rendered(re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", _INLINER.inline(html))


_SHAPES: dict[str, Callable[..., Any]] = {
    "action": Action, "choices": Action, "earlier": Quote, "facts": Fact, "writer": Writer
}
_LISTS = {"choices", "earlier", "facts"}


def _shaped(key: str, value: Any) -> Any:
    if key not in _SHAPES or value is None:
        return value
    made = [
        _SHAPES[key](**part) if isinstance(part, Mapping) else _SHAPES[key](*part)
        for part in (value if key in _LISTS else [value])
    ]
    return made if key in _LISTS else made[0]


def prose(text: str) -> Markup:
    """A person's Markdown as harmless HTML; line breaks stay, links leave without saying where from."""
    return Markup(  # noqa: S704  # nh3 has just cleaned it
        nh3.clean(
            _MARKDOWN.render(text),
            tags=_TAGS,
            attributes={"a": {"href", "title"}},
            url_schemes={"http", "https", "mailto", "tel"},
            link_rel="noopener noreferrer nofollow",
        )
    )


def wrapped(text: str) -> str:
    """Our own sentence in lines of at most 72 characters; addresses are never broken."""
    return textwrap.fill(" ".join(text.split()), TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)


def aligned(facts: Iterable[Fact]) -> str:
    """Facts as two columns of plain text."""
    facts = list(facts)
    indent = max((len(fact.label) for fact in facts), default=0) + 3
    return "\n".join(
        textwrap.fill(
            " ".join(fact.value.split()),
            TEXT_WIDTH,
            initial_indent=fact.label.ljust(indent),
            subsequent_indent=" " * indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for fact in facts
    )


def quoted(text: str) -> str:
    """A person's words as mail programs mark a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(("html",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(prose=prose, wrapped=wrapped, aligned=aligned, quoted=quoted)
    return environment


_ENVIRONMENT = _environment()
