"""Forms as pages show them: the walk sends what a browser would send, so that a refusal is one of the id and of nothing else."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from msp.prove.kinds import MEANINGS, Chosen, is_id

_BUTTON = "button"
PASSWORD = "marmalade thicket 42 lantern"  # noqa: S105 - of people who are made up for an hour
SOMEBODY = "(somebody's e-mail address)"
_PEOPLE = ("requester", "contact", "e_mail", "for", "cover")
# What a person would type into a field that a page leaves empty, by the field's type and then by its name.
_BY_TYPE = {
    "date": "2027-03-01",
    "datetime-local": "2027-03-01T10:00",
    "time": "09:00",
    "number": "1",
    "color": "#1f5f8b",
    "password": PASSWORD,
}
_BY_NAME = {
    "ends_at": "2027-03-02T10:00", "to_at": "2027-03-02T10:00", "key": "NEWCO", "tags": "proof", "due_minutes": "60", "month_day": "1",
}  # fmt: skip
_WAIT = {"reason": "proof", "body": "Words of the proof.", "version": "1"}


@dataclass
class Control:
    """One control of a form: what it would send, and what it offers."""

    name: str
    type: str
    value: str = ""
    is_set: bool = True
    options: list[str] = field(default_factory=list)


@dataclass
class Form:
    """A form of a page: where it goes, its controls, and the buttons that send it."""

    method: str
    action: str
    controls: list[Control] = field(default_factory=list)

    def ways(self) -> Iterator["Form"]:
        """The form once for each button that says something by itself or leads elsewhere."""
        buttons = [control for control in self.controls if control.type == _BUTTON]
        rest = [control for control in self.controls if control.type != _BUTTON]
        if not any(not button.name and not button.options for button in buttons) or not buttons:
            yield replace(self, controls=rest) if not buttons else self._sent(buttons[0], rest)
            buttons = buttons[1:]
        else:
            yield replace(self, controls=rest)
        for button in buttons:
            if button.name or button.options:
                yield self._sent(button, rest)

    def _sent(self, button: Control, rest: list[Control]) -> "Form":
        said = [Control(button.name, "hidden", button.value)] if button.name else []
        return replace(self, action=button.options[0] if button.options else self.action, controls=rest + said)

    @property
    def takes_files(self) -> bool:
        return any(control.type == "file" for control in self.controls)

    def body(self, own: Chosen) -> dict[str, list[str]]:
        """What a browser would send, every empty field filled in; `own` knows rows for what the page's script would choose."""
        sent: dict[str, list[str]] = {}
        for control in self.controls:
            if control.type == "file" or control.name in ("", "csrf_token"):
                continue
            if (value := _filled(control, sent, own)) is not None:
                sent.setdefault(control.name, []).append(value)
        if {"contact", "agent"} <= set(sent):
            del sent["agent"]  # one of the two is asked for
        return sent

    def id_fields(self) -> list[str]:
        """Names of the controls that carry ids: by what they hold or offer; of numbered rows the first, for the others are read alike."""
        found = [c.name for c in self.controls if c.name and (is_id(c.value) or any(map(is_id, c.options)) or c.name in MEANINGS)]
        # The hidden field of a file that was sent ahead; the page's script adds it.
        found += ["attachment"] if self.takes_files else []
        return list({re.sub(r"\d+", "", name): name for name in reversed(found)}.values())[::-1]


def _filled(control: Control, sent: dict[str, list[str]], own: Chosen) -> str | None:
    if control.type in ("checkbox", "radio"):
        is_choice = control.type == "radio" or control.name.endswith("s") or is_id(control.value)
        return control.value if control.is_set or (is_choice and control.name not in sent) else None
    if control.type == "select":
        return control.value or next((option for option in control.options if option), "")
    if control.value:
        return control.value
    if control.name in _PEOPLE and control.type != "hidden":
        return SOMEBODY
    if control.name in MEANINGS or control.type == "hidden":
        return str(own(control.name) or "")
    return _BY_NAME.get(control.name) or _BY_TYPE.get(control.type) or _WAIT.get(control.name) or "proof"


@dataclass
class Page:
    """What an answer leads to: forms, and addresses of the same host."""

    forms: list[Form]
    links: list[str]


def read(html: str, path: str) -> Page:
    """The forms and links of a page at `path`."""
    reader = _Reader(path)
    reader.feed(html)
    reader.close()
    return Page(reader.forms, list(dict.fromkeys(reader.links)))


class _Reader(HTMLParser):
    """Controls belong to the form around them or to the one that their `form` attribute names."""

    def __init__(self, path: str) -> None:
        super().__init__(convert_charrefs=True)
        self.path = path
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._named: dict[str, Form] = {}
        self._open: Form | None = None
        self._select: Control | None = None
        self._text: Control | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: dict[str, Any] = {name: value or "" for name, value in attrs}
        for name in ("href", "hx-get"):
            if tag != "link" and (href := _local(given.get(name, ""))):
                self.links.append(href)
        if tag == "form":
            self._begin(given)
        elif tag == "option" and self._select is not None:
            self._select.options.append(given.get("value", ""))
            if "selected" in given:
                self._select.value = given.get("value", "")
        elif tag in ("input", "select", "textarea", "button"):
            self._control(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._text = None

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.value = (self._text.value + data).lstrip("\n")

    def _begin(self, given: dict[str, Any]) -> None:
        # A form may be named by a control before it begins.
        form = self._named.setdefault(given["id"], Form("", "")) if given.get("id") else Form("", "")
        form.method, form.action = given.get("method", "get").upper(), _local(given.get("action", "")) or self.path
        self._open = form
        self.forms.append(form)

    def _control(self, tag: str, given: dict[str, Any]) -> None:
        owner = self._named.setdefault(given["form"], Form("", "")) if given.get("form") else self._open
        if owner is None or "disabled" in given:
            return
        type = {"select": "select", "textarea": "textarea"}.get(tag) or given.get("type", "submit" if tag == "button" else "text")
        if type in ("submit", "image"):
            action = _local(given.get("formaction", ""))
            owner.controls.append(Control(given.get("name", ""), _BUTTON, given.get("value", ""), options=[action] if action else []))
            return
        if type in ("button", "reset"):
            return
        is_choice = type in ("checkbox", "radio")
        made = Control(given.get("name", ""), type, given.get("value", "on" if is_choice else ""), not is_choice or "checked" in given)
        owner.controls.append(made)
        if tag == "select":
            made.value, self._select = "", made
        if tag == "textarea":
            self._text = made


def _local(href: str) -> str:
    parts = urlsplit(href)
    if parts.scheme or parts.netloc or not parts.path.startswith("/") or parts.path.startswith("/static"):
        return ""
    return parts._replace(fragment="").geturl()
