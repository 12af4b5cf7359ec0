"""An article's Markdown as harmless HTML, and two versions side by side as lines."""

import difflib
from typing import Literal, NamedTuple

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

# No raw HTML and no image: an image from elsewhere reports its reader.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable("image").enable("table")
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "strong", "table", "tbody",
    "td", "th", "thead", "tr", "ul",
}  # fmt: skip


class Line(NamedTuple):
    """A line of a difference: kept, added or removed."""

    mark: Literal["same", "added", "removed"]
    text: str


def html(body: str) -> Markup:
    """The text as HTML; its headings begin at the second level, below the article's title."""
    tokens = _MARKDOWN.parse(body)
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    # Whichever level a writer begins with and skips, a reader of the outline misses none.
    level = {tag: number for number, tag in enumerate(sorted({token.tag for token in headings}), 2)}
    for token in headings:
        token.tag = f"h{min(level[token.tag], 6)}"
    rendered = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Markup(  # noqa: S704  # nh3 has just cleaned it
        nh3.clean(
            rendered, tags=_TAGS, attributes={"a": {"href", "title"}}, url_schemes={"http", "https", "mailto", "tel"},
            link_rel="noopener noreferrer nofollow",
        )
    )  # fmt: skip


def difference(before: str, after: str) -> list[Line]:
    """What was added and removed between two texts, line by line, with all that stayed."""
    marks: dict[str, Literal["same", "added", "removed"]] = {" ": "same", "+": "added", "-": "removed"}
    return [Line(marks[line[0]], line[2:]) for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in marks]
