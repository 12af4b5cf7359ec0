"""What a browser would send: the fields of a form as a page shows them."""

import html
import re
from html.parser import HTMLParser
from typing import Any

from werkzeug.datastructures import MultiDict


def words(answer: Any) -> str:
    """What a page says, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def fields(page: str, form: str) -> MultiDict[str, str]:
    """The fields of the form with this id or action, as they would be sent without a click on a button."""
    reader = _Reader(form)
    reader.feed(page)
    return reader.found


class _Reader(HTMLParser):
    def __init__(self, form: str) -> None:
        super().__init__()
        self.form = form
        self.found: MultiDict[str, str] = MultiDict()
        self._ids: set[str] = set()
        self._is_inside = False
        self._off = 0
        self._select: dict[str, Any] | None = None
        self._area: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._is_inside = self.form in (given.get("id"), given.get("action"))
            self._ids |= {given["id"] or ""} if self._is_inside and given.get("id") else set()
        elif tag == "fieldset" and "disabled" in given:
            self._off += 1
        elif tag in ("input", "select", "textarea") and self._belongs(given) and not self._off:
            self._field(tag, given)
        elif tag == "option" and self._select is not None:
            value = given.get("value") or ""
            self._select["first"] = self._select["first"] if self._select["first"] is not None else value
            if "selected" in given:
                self._select["chosen"] = value

    def _belongs(self, given: dict[str, str | None]) -> bool:
        return bool(given.get("name")) and (given.get("form") in self._ids if "form" in given else self._is_inside)

    def _field(self, tag: str, given: dict[str, str | None]) -> None:
        name = given["name"] or ""
        if tag == "select":
            self._select = {"name": name, "first": None, "chosen": None}
        elif tag == "textarea":
            self._area = (name, [])
        elif given.get("type") not in ("checkbox", "radio") or "checked" in given:
            self.found.add(name, given.get("value") or "")

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "select" and self._select is not None:
            chosen = self._select["chosen"] if self._select["chosen"] is not None else self._select["first"]
            self.found.add(self._select["name"], chosen or "")
            self._select = None
        elif tag == "textarea" and self._area is not None:
            self.found.add(self._area[0], "".join(self._area[1]).removeprefix("\n"))
            self._area = None
