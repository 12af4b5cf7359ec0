"""The parts of a request form on a page: escaped, tied together, with and without script."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from msp.itsm.catalog.forms.answers import check
from msp.itsm.catalog.forms.definition import parse
from msp.itsm.catalog.questions import Asked
from tests.core.web import samples
from tests.core.web.conftest import chromium, pages
from tests.core.web.site import Site
from tests.core.web.test_pages import shown
from tests.itsm.catalog.form_samples import CHOICES, JOINER

__all__ = ["chromium", "pages"]

EVIL = '"><img src=x onerror=alert(1)></script>'


def page(form: Any, typed: dict[str, Any], errors: dict[str, str], *, is_preview: bool = False) -> str:
    source = '{% import "catalog/form.html" as f %}{{ f.fields(asked, errors, "q-") }}'
    asked = Asked(form, typed, None if is_preview else check(form, typed, choices=CHOICES), CHOICES, "GBP")
    return samples.environment().from_string(source).render(asked=asked, errors={f"q-{name}": text for name, text in errors.items()})


def test_nothing_that_was_written_becomes_markup() -> None:
    options = [{"value": "x", "label": EVIL, "price": "1"}]
    kinds = ("text", "long_text", "number", "date", "choice", "multi_choice", "person", "file", "section", "note")
    parts = [
        {"name": f"p{index}", "kind": kind, "label": EVIL, **({"options": options} if "choice" in kind else {})}
        | ({"text": EVIL} if kind in ("section", "note") else {"hint": EVIL})
        | ({"show_if": {"field": "p0", "is": EVIL}} if index else {})
        for index, kind in enumerate(kinds)
    ]
    form = parse({"parts": parts})
    typed, errors = {"p0": EVIL, "p5": [EVIL], "p7": [EVIL]}, {part.name: EVIL for part in form.parts}
    html = page(form, typed, errors) + page(form, typed, errors, is_preview=True)
    assert "<img" not in html
    assert html.count("&lt;img") > 30


def test_errors_and_hints_are_tied_to_their_fields() -> None:
    html = page(parse(JOINER), {"where": "room"}, {"where": "Choose", "registration": "Fill in"})
    assert 'id="f-q-where" aria-describedby="f-q-where-error"' in html
    assert 'aria-describedby="f-q-registration-hint f-q-registration-error" aria-invalid="true"' in html


def test_what_is_not_asked_is_out_of_sight_and_keeps_what_was_typed() -> None:
    html = page(parse(JOINER), {"where": "reception", "registration": "123456", "role": "nurse"}, {})
    assert re.search(r'data-part="registration" hidden.*?value="123456"', html, re.DOTALL)
    assert re.search(r'data-part="role">', html)
    assert re.search(r'<label class="choice" data-option hidden><input[^>]*value="nurse" checked disabled>', html)
    assert "Asked because you chose “Treatment room”" in html


def test_a_preview_says_where_a_part_is_asked() -> None:
    html = page(parse(JOINER), {}, {}, is_preview=True)
    assert "Asked where Where will they work = Treatment room" in html
    assert " hidden" not in html


@pytest.mark.browser
def test_the_browser_asks_what_an_answer_calls_for(chromium: Browser, pages: Site) -> None:
    opened, complaints = shown(chromium, pages, "portal_request")
    registration = opened.get_by_label("Registration number")
    expect(registration).to_be_visible()
    expect(opened.get_by_label("Spare chargers")).to_be_hidden()
    expect(opened.locator("input[value=desk]")).to_be_hidden()
    opened.get_by_label("Laptop, 14 inch").check()
    expect(opened.get_by_label("Spare chargers")).to_be_visible()
    expect(opened.locator("[data-total] dd")).to_have_text("£1,485")
    assert complaints == []
    opened.context.close()


@pytest.mark.browser
def test_what_was_typed_comes_back_with_its_question(chromium: Browser, pages: Site) -> None:
    opened, _ = shown(chromium, pages, "portal_request")
    nurse = opened.locator("input[value=nurse]")
    expect(nurse).to_be_checked()
    opened.get_by_label("Registration number").fill("123456")
    opened.get_by_text("Reception", exact=True).click()
    expect(opened.get_by_label("Registration number")).to_be_hidden()
    expect(nurse).to_be_hidden()
    opened.get_by_text("Treatment room", exact=True).click()
    expect(opened.get_by_label("Registration number")).to_have_value("123456")
    expect(nurse).to_be_checked()
    opened.context.close()


@pytest.mark.browser
def test_without_script_what_is_asked_is_shown(chromium: Browser, pages: Site) -> None:
    context = chromium.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(f"{pages.address}/pages/portal_request")
    expect(opened.get_by_label("Registration number")).to_be_visible()
    expect(opened.get_by_label("Spare chargers")).to_be_hidden()
    expect(opened.get_by_role("button", name="Update the form")).to_be_visible()
    context.close()
