"""Articles as an Atom feed (RFC 4287): what one person may read, the last published first."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID
from xml.etree import ElementTree

from markupsafe import Markup

from msp.core.web.formats import stamp
from msp.itsm.knowledge import text
from msp.itsm.knowledge.queries import Read

ATOM = "http://www.w3.org/2005/Atom"
MIME = "application/atom+xml"
# What XML 1.0 cannot hold, however it is written.
_UNFIT = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def atom(
    rows: Sequence[Read], *, id: UUID, title: str, author: str, page: str, own: str, url: Callable[[UUID], str],
    picture: Callable[[UUID, str], str], now: datetime,
) -> bytes:  # fmt: skip
    """The feed; `page` and `own` are the addresses of the list and of the feed, `url` and `picture` give those of what it holds."""
    feed = ElementTree.Element("feed", xmlns=ATOM)
    _add(feed, "id", f"urn:uuid:{id}")
    _add(feed, "title", title)
    _add(feed, "updated", stamp(rows[0].published_at if rows else now))
    _add(_add(feed, "author"), "name", author)
    _add(feed, "link", rel="alternate", type="text/html", href=page)
    _add(feed, "link", rel="self", type=MIME, href=own)
    for row in rows:
        entry = _add(feed, "entry")
        _add(entry, "id", f"urn:uuid:{row.id}")
        _add(entry, "title", row.title)
        _add(entry, "updated", stamp(row.published_at))
        _add(entry, "link", rel="alternate", type="text/html", href=url(row.id))
        if row.topic:
            _add(entry, "category", term=row.topic)
        _add(entry, "content", str(_content(row, picture)), type="html")
    made: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return made


def _content(row: Read, picture: Callable[[UUID, str], str]) -> Markup:
    return text.html(row.body, lambda name: picture(row.id, name))


def _add(parent: ElementTree.Element, name: str, words: str = "", **attributes: str) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, name, {key: _UNFIT.sub("", value) for key, value in attributes.items()})
    made.text = _UNFIT.sub("", words) or None
    return made
