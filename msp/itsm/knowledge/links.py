"""Addresses of articles in what people write; pure."""

import re
from urllib.parse import unquote
from uuid import UUID

_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f])", re.IGNORECASE)


def ids_in(text: str) -> list[UUID]:
    """Every id that stands in a text, once each, also where an address has it encoded; whether it is an article's others know."""
    found = _ID.findall(text)
    if "%" in text:
        found += _ID.findall(unquote(text))
    return list(dict.fromkeys(UUID(each) for each in found))


def markdown(title: str, url: str) -> str:
    """The link as it is written in a message."""
    plain = re.sub(r"([\[\]\\`*_<>])", r"\\\1", title)
    return f"[{plain}]({url})"
