"""The look of mails: both forms say the same, a person's words are harmless, nothing is fetched from anywhere."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from msp.core.mail import render as mail
from msp.core.mail.render import Action, Brand, Fact, Quote, Writer, render

BRAND = Brand("Northwind & Söhne", "#00727A", "IT support by Meridian IT, +44 117 496 0100.")
URL = "https://it.northwind.example/r/NWD-1042?a=1&b=2"
FACTS = [
    Fact("Where it is", "In progress", is_now=True), Fact("Promised", "A fix by today 11:50, " + "and so on " * 10)
]
OPEN = Action("Open the request", URL)
COMMON = {"reference": "NWD-1042", "reason": "You get this because you reported it.", "settings_url": URL}

MAILS: dict[str, dict[str, Any]] = {
    "reply": {
        "writer": Writer("Priya Nair", "Meridian IT, today at 10:46", 5),
        "text": "Hello Amelia,\nlunch works.",
        "facts": FACTS,
        "action": OPEN,
        "answer": "Or answer this mail.",
        "earlier": [Quote("You", "today at 10:31", "Room 5 froze again.")],
        "more": "Six earlier messages are on the page.",
        **COMMON,
    },
    "received": {
        "heading": "X-ray viewer freezes", "name": "Amelia", "facts": FACTS, "action": OPEN,
        "answer": "To add something, answer this mail.", "text": "It freezes.", **COMMON,
    },
    "notice": {
        "over": "Step 2 of 3", "heading": "Due in 30 minutes", "sentences": ["Nobody has worked on it."],
        "amount": "£1,140.00", "amount_note": "once, then £46.00 a month",
        "facts": FACTS, "action": OPEN, "fine": "Steps stop when it is done.", **COMMON,
    },
    "question": {
        "heading": "Did we fix it?", "sentences": ["It was resolved today."],
        "choices": [Action("Yes", URL), Action("Not yet", URL)], **COMMON,
    },
    "invitation": {"name": "Amelia Hart", "inviter": "Priya Nair", "url": URL, "until": "Friday 2 April, 10:44"},
    "password_reset": {"name": "Amelia", "url": URL, "until": "today 11:44"},
    "sign_in_alert": {"name": "Amelia", "change": "Your second factor was changed", "facts": FACTS, "action": OPEN},
}


class Page(HTMLParser):
    """The words, addresses and tags of a mail, and whether every element was closed."""

    VOID = {"meta", "br", "hr", "img", "link", "input"}

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in ("style", "title"):
            self.words += data.split()

    @property
    def text(self) -> str:
        return " ".join(self.words)


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list | tuple):
        return [text for part in value for text in strings(part)]
    return []


@pytest.mark.parametrize("name", MAILS)
def test_both_forms_say_the_same(name: str) -> None:
    text, html = render(name, MAILS[name], brand=BRAND)
    page = Page(html)
    for said in strings([value for key, value in MAILS[name].items() if key != "writer"]):
        words = " ".join(said.split())
        if said == URL:
            assert URL in page.links
            assert URL in text
        elif words != "NWD-1042":
            assert words in page.text
            assert words in " ".join(re.sub(r"^> ", "", text, flags=re.MULTILINE).split())
    for said in (BRAND.name, BRAND.support, "We never ask for a password by mail."):
        assert said in page.text
        assert said in " ".join(text.split())


@pytest.mark.parametrize("name", MAILS)
def test_a_context_may_have_been_json(name: str) -> None:
    def unfolded(value: Any) -> Any:
        if isinstance(value, list):
            return [unfolded(part) for part in value]
        return value._asdict() if isinstance(value, tuple) else value  # type: ignore[attr-defined]  # all are NamedTuples

    expected = render(name, MAILS[name], brand=BRAND)
    assert render(name, json.loads(json.dumps(MAILS[name])), brand=BRAND) == expected
    assert render(name, {key: unfolded(value) for key, value in MAILS[name].items()}, brand=BRAND) == expected


@pytest.mark.parametrize("name", MAILS)
def test_nothing_is_fetched_and_nothing_runs(name: str) -> None:
    page = Page(render(name, MAILS[name], brand=BRAND).html)
    assert page.tags.isdisjoint({"img", "script", "link", "iframe", "form", "object", "svg"})
    assert set(page.links) <= {URL}
    assert not any(attribute.startswith("on") for attribute, _ in page.attributes)
    assert not any("url(" in (value or "") for _, value in page.attributes)


@pytest.mark.parametrize("name", MAILS)
def test_the_look_is_inlined_in_the_colour_of_the_client(name: str) -> None:
    html = render(name, MAILS[name], brand=BRAND).html
    assert re.search(r'class="mail"[^>]*style="[^"]*border-top: 4px solid #00727a', html)
    assert 'width="600"' in html
    assert "prefers-color-scheme: dark" in html
    assert "<style>" not in html.split("</head>")[1]


@pytest.mark.parametrize("name", MAILS)
def test_the_optional_parts_are_optional_and_the_others_are_not(name: str) -> None:
    needed = {
        "reply": {"writer", "text", "action", "answer"},
        "received": {"heading", "name", "action", "answer"},
        "notice": {"heading", "sentences"},
        "question": {"heading", "sentences", "choices"},
        "invitation": {"name", "inviter", "url", "until"},
        "password_reset": {"name", "url", "until"},
        "sign_in_alert": {"name", "change", "facts", "action"},
    }[name]
    least = {key: value for key, value in MAILS[name].items() if key in needed}
    text, html = render(name, least, brand=BRAND)
    assert "You get this because" not in text + html
    for key in needed:
        with pytest.raises(UndefinedError):
            render(name, {other: value for other, value in least.items() if other != key}, brand=BRAND)


EVIL = '<script>alert(1)</script><img src="http://spy.example/x.png" onerror=alert(1)> {{ 7 * 7 }} </td></table>'


@pytest.mark.parametrize("name", MAILS)
def test_what_people_wrote_is_text(name: str) -> None:
    def spoiled(value: Any) -> Any:
        if value == URL:
            return value
        if isinstance(value, str):
            return value + EVIL
        if isinstance(value, list):
            return [spoiled(part) for part in value]
        if isinstance(value, tuple):
            return type(value)(*(spoiled(part) for part in value))
        return value

    text, html = render(name, {key: spoiled(value) for key, value in MAILS[name].items()}, brand=BRAND)
    page = Page(html)
    assert page.tags.isdisjoint({"script", "img"})
    assert set(page.links) == {URL}
    assert "{{ 7 * 7 }}" in page.text
    assert "49" not in page.text.replace("496 0100", "")
    assert EVIL in text or EVIL in " ".join(text.split())


def test_plain_text_is_laid_out() -> None:
    text = render("reply", MAILS["reply"], brand=BRAND).text
    assert text.startswith("Hello Amelia,\nlunch works.\n\nWhere it is   In progress\nPromised      A fix by")
    assert "\n-- \nNorthwind & Söhne\n" in text
    assert "\n> Room 5 froze again.\n" in text
    assert "\n\n\n" not in text
    assert max(map(len, text.splitlines())) <= mail.TEXT_WIDTH


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("one\ntwo", "<p>one<br>\ntwo</p>\n"),
        ("**b** *i* `c`", "<p><strong>b</strong> <em>i</em> <code>c</code></p>\n"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>\n"),
        ("[go](https://a.example)", '<p><a href="https://a.example" rel="noopener noreferrer nofollow">go</a></p>\n'),
    ],
)
def test_prose(written: str, expected: str) -> None:
    assert str(mail.prose(written)) == expected
    assert isinstance(mail.prose(written), Markup)


@pytest.mark.parametrize(
    "written",
    ["![x](http://spy.example/p.png)", "[x](javascript:alert(1))", "[x](data:text/html,x)",
     "<img src=http://spy.example>", "[x](vbscript:x)", "<a href='javascript:alert(1)'>x</a>",
     "[x]: javascript:alert(1)\n\n[x]", "<javascript:alert(1)>"],
)
def test_prose_is_harmless(written: str) -> None:
    page = Page(mail.prose(written))
    assert "img" not in page.tags
    assert all(link.startswith("http") for link in page.links)


def test_a_colour_is_checked_and_darkened() -> None:
    assert Brand("A", "#ffee00", "x").solid != "#ffee00"
    for bad in ("red", "#fff", "#00727a; } body { background: url(http://spy.example)"):
        with pytest.raises(ValueError, match="colour"):
            render("invitation", MAILS["invitation"], brand=Brand("A", bad, "x"))
