"""The parts of a request form on a page: escaped, tied together, with and without script."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from msp.itsm.catalog.forms.answers import Line
from msp.itsm.catalog.forms.definition import parse
from tests.core.web import samples
from tests.core.web.conftest import chromium, pages
from tests.core.web.site import Site
from tests.core.web.test_pages import shown
from tests.itsm.catalog.form_samples import CHOICES, JOINER

__all__ = ["chromium", "pages"]

EVIL = '"><img src=x onerror=alert(1)></script>'


def page(form: Any, typed: dict[str, Any], errors: dict[str, str]) -> str:
    source = '{% import "catalog/form.html" as f %}{{ f.summary(form, errors, "q-") }}{{ f.fields(form, typed, errors, choices, "q-") }}'
    return samples.environment().from_string(source).render(form=form, typed=typed, errors=errors, choices=CHOICES)


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
    html = page(form, {"p0": EVIL, "p5": [EVIL], "p7": [EVIL]}, {part.name: EVIL for part in form.parts})
    html += (
        samples.environment()
        .from_string('{% import "catalog/form.html" as f %}{{ f.answers(lines) }}')
        .render(lines=[Line(EVIL, EVIL, EVIL)])
    )
    assert "<img" not in html
    assert html.count("&lt;img") > 30


def test_errors_and_hints_are_tied_to_their_fields() -> None:
    html = page(parse(JOINER), {}, {"where": "Choose", "registration": "Fill in"})
    assert 'id="f-q-where" aria-describedby="f-q-where-error"' in html
    assert 'aria-describedby="f-q-registration-hint f-q-registration-error" aria-invalid="true"' in html
    assert [*re.findall(r'href="#(f-[\w-]+)"', html)] == ["f-q-where", "f-q-registration"]
    assert "Asked where Where will they work = Treatment room" in html


@pytest.mark.browser
def test_the_browser_asks_what_an_answer_calls_for(chromium: Browser, pages: Site) -> None:
    opened, complaints = shown(chromium, pages, "portal_request")
    registration = opened.get_by_label("Registration number")
    expect(registration).to_be_visible()
    expect(opened.get_by_label("Spare chargers")).to_be_hidden()
    expect(opened.locator("input[value=desk]")).to_be_hidden()
    opened.get_by_label("Laptop, 14 inch").check()
    expect(opened.get_by_label("Spare chargers")).to_be_visible()
    expect(opened.locator("[data-total] dd")).to_have_text("£1,485.00")
    assert complaints == []
    opened.context.close()


@pytest.mark.browser
def test_without_script_everything_is_shown_and_says_where_it_is_asked(chromium: Browser, pages: Site) -> None:
    context = chromium.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(f"{pages.address}/pages/portal_request")
    expect(opened.get_by_label("Spare chargers")).to_be_visible()
    expect(opened.get_by_text("Asked where What do they need = Laptop, 14 inch")).to_be_visible()
    expect(opened.get_by_text("for Reception", exact=True)).to_be_visible()
    context.close()
