"""An article's Markdown as harmless HTML, and two versions side by side as lines."""

import difflib
import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

# No raw HTML; of images only the article's own, an image from elsewhere reports its reader.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
PICTURE = "picture:"
_PICTURE = re.compile(rf"{PICTURE}([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}\.(?:png|jpeg))(?![\w.-])")
_SHOWN = re.compile(rf"!\[([^\]\n]*)\]\({_PICTURE.pattern}\)")
MOST_COMPARED = 1000  # different lines of a version that are compared one by one
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p", "pre", "strong", "table", "tbody",
    "td", "th", "thead", "tr", "ul",
}  # fmt: skip


class Line(NamedTuple):
    """A line of a difference: kept, added or removed."""

    mark: Literal["same", "added", "removed"]
    text: str


def html(body: str, picture_url: Callable[[str], str] | None = None) -> Markup:
    """The text as HTML; its headings begin at the second level, below the article's title.

    `picture_url` gives the address of one of its pictures by its file name; without it they are words.
    """
    tokens = _MARKDOWN.parse(body)
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    # Whichever level a writer begins with and skips, a reader of the outline misses none.
    level = {tag: number for number, tag in enumerate(sorted({token.tag for token in headings}), 2)}
    for token in headings:
        token.tag = f"h{min(level[token.tag], 6)}"
    for token in tokens:
        if token.children:
            token.children = [_shown(child, picture_url) for child in token.children]
    rendered = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Markup(  # noqa: S704  # nh3 has just cleaned it
        nh3.clean(
            rendered, tags=_TAGS, attributes={"a": {"href", "title"}, "img": {"src", "alt", "loading"}},
            url_schemes={"http", "https", "mailto", "tel"}, link_rel="noopener noreferrer nofollow",
        )
    )  # fmt: skip


def pictures_in(body: str) -> set[str]:
    """File names of the pictures that a text shows."""
    return set(_PICTURE.findall(body))


def without_pictures(body: str) -> str:
    """The text with words in place of its pictures, for where they cannot be shown."""
    return _SHOWN.sub(r"\1", body)


def _shown(token: Token, picture_url: Callable[[str], str] | None) -> Token:
    """A picture of the article with its address; any other image is what it is said to show, in words."""
    if token.type != "image":
        return token
    own = _PICTURE.fullmatch(str(token.attrs.get("src", "")))
    if own and picture_url is not None:
        token.attrs = {"src": picture_url(own.group(1)), "alt": token.content, "loading": "lazy"}
        return token
    return Token("text", "", 0, content=token.content)


class Difference(NamedTuple):
    """The lines in order; `is_whole`: too much is different to compare, so all that was stands before all that is."""

    lines: list[Line]
    is_whole: bool


def difference(before: str, after: str) -> Difference:
    """What was added and removed between two texts, line by line, with all that stayed; quick whatever the texts are."""
    old, new = before.splitlines(), after.splitlines()
    shorter = min(len(old), len(new))
    head = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    tail = next((at for at in range(shorter - head) if old[-1 - at] != new[-1 - at]), shorter - head)
    olds, news = old[head : len(old) - tail], new[head : len(new) - tail]
    is_whole = max(len(olds), len(news)) > MOST_COMPARED
    lines = [Line("same", line) for line in old[:head]]
    for a, b, c, d, is_same in [(0, len(olds), 0, len(news), False)] if is_whole else _blocks(olds, news):
        if is_same:
            lines += [Line("same", line) for line in olds[a:b]]
        else:
            lines += [*(Line("removed", line) for line in olds[a:b]), *(Line("added", line) for line in news[c:d])]
    return Difference([*lines, *(Line("same", line) for line in old[len(old) - tail :])], is_whole)


def _blocks(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int, int, bool]]:
    # Whole lines only: likeness within lines (ndiff) takes a minute for four hundred different ones.
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new).get_opcodes():
        yield a, b, c, d, tag == "equal"
