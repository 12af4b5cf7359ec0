"""The builder in the editors of items and templates, without script: steps keep what is typed, a save is one version."""

import re
from typing import Any

import pytest

from msp.itsm.catalog import library, queries
from msp.itsm.catalog.services import items
from tests.support import world

GOOD = {
    "name": "Laptop", "icon": "device-laptop", "price_once": "980", "currency": "GBP", "is_price_shown": "1", "impact": "3", "urgency": "2",
    "fb": "1",
}  # fmt: skip
SIZE = {
    "fb-part": ["size:choice", "why:text"], "fb-size-label": "Size", "fb-size-value": ["", ""], "fb-size-olabel": ["14 inch", "16 inch"],
    "fb-size-price": ["", "180"], "fb-why-label": "Why so large?", "fb-why-required": "1", "fb-why-show_field": "size",
    "fb-why-show_op": "is", "fb-why-show_value": ["16_inch"],
}  # fmt: skip
FORM = {
    "parts": [
        {
            "name": "size", "kind": "choice", "label": "Size",
            "options": [{"value": "14_inch", "label": "14 inch"}, {"value": "16_inch", "label": "16 inch", "price": "180"}],
        },
        {"name": "why", "kind": "text", "label": "Why so large?", "required": True, "show_if": {"field": "size", "is": "16_inch"}},
    ]
}  # fmt: skip


@pytest.fixture
def browser(console_app: Any, console_of: Any) -> Any:
    return console_of(world.agent(console_app, "lead")[1])


def post(browser: Any, path: str, **fields: Any) -> Any:
    return browser.post(path, data={"csrf_token": world.csrf(browser), **GOOD, **fields})


def entry_at(app: Any, company: Any) -> Any:
    with world.as_staff(app) as by:
        [entry] = queries.item_page(company.id, by=by).rows
        return entry


def test_a_step_keeps_what_is_typed_and_saves_nothing(console_app: Any, acme: Any, browser: Any) -> None:
    base = f"/clients/{acme.id}/catalogue/new"
    asked = {"fb-new-kind": "text", "fb-new-label": "Keyboard <de>"}
    page = post(browser, base, summary="Typed, not saved", step="add", **SIZE, **asked)
    assert page.status_code == 200
    for typed in ("Typed, not saved", "14 inch", "Why so large?", "Keyboard &lt;de&gt;"):
        assert f'value="{typed}"' in page.text
    assert re.search(r'value="size:choice".*value="why:text".*value="keyboard_de:text"', page.text, re.DOTALL)
    assert re.search(r'id="fb-look".*Why so large\?', page.text, re.DOTALL), "the preview has it"
    moved = post(browser, base, step="up:why", **SIZE).text
    assert re.search(r'value="why:text".*value="size:choice"', moved, re.DOTALL)
    empty = post(browser, base, step="add", **{"fb-new-kind": "text", "fb-new-label": ""})
    assert "Say what is asked." in empty.text
    with world.as_staff(console_app) as by:
        assert queries.item_page(acme.id, by=by).rows == []


def test_what_is_built_is_saved_as_one_version(console_app: Any, acme: Any, browser: Any) -> None:
    assert post(browser, f"/clients/{acme.id}/catalogue/new", **SIZE).status_code == 303
    entry = entry_at(console_app, acme)
    assert (entry.item.number, entry.content["form"]) == (1, FORM)
    one = f"/clients/{acme.id}/catalogue/items/{entry.item.id}"
    page = browser.get(one).text
    assert "where Size = 16 inch" in page
    known = SIZE | {"fb-size-value": ["14_inch", "16_inch"], "fb-size-olabel": ["14 inch", "Sixteen inch"]}
    assert post(browser, one, version=str(entry.item.version), **known).status_code == 303
    changed = entry_at(console_app, acme)
    assert changed.item.number == 2
    assert changed.content["form"]["parts"][0]["options"][1] == {"value": "16_inch", "label": "Sixteen inch", "price": "180"}
    same = post(browser, one, version=str(changed.item.version), **known)
    assert (same.status_code, entry_at(console_app, acme).item.number) == (303, 2)
    out = known | {"fb-part": ["size:choice", "why:text:gone"]}
    assert post(browser, one, version=str(entry_at(console_app, acme).item.version), **out).status_code == 303
    assert [part["name"] for part in entry_at(console_app, acme).content["form"]["parts"]] == ["size"]


def test_what_is_wrong_is_told_at_its_field(console_app: Any, acme: Any, browser: Any) -> None:
    wrong = SIZE | {"fb-size-price": ["", "much"], "fb-why-show_value": [], "fb-why-label": " "}
    answer = post(browser, f"/clients/{acme.id}/catalogue/new", price_once="dear", **wrong)
    assert answer.status_code == 422
    for field in ("price_once", "fb-size-price-1", "fb-why-show_value", "fb-why-label"):
        assert f'href="#f-{field}"' in answer.text
        assert f'id="f-{field}"' in answer.text
    assert 'value="much"' in answer.text
    assert re.search(r'<details open id="fb-size-all">', answer.text)
    stale_item = post(browser, f"/clients/{acme.id}/catalogue/new", **SIZE)
    assert stale_item.status_code == 303
    one = f"/clients/{acme.id}/catalogue/items/{entry_at(console_app, acme).item.id}"
    stale = post(browser, one, version="99", **(SIZE | {"fb-why-label": "Why that?"}))
    assert stale.status_code == 412
    assert 'value="Why that?"' in stale.text


def test_a_device_cannot_be_asked_for_and_the_builder_says_so(console_app: Any, acme: Any, browser: Any) -> None:
    page = browser.get(f"/clients/{acme.id}/catalogue/new").text
    assert "Devices cannot be asked for yet" in page
    assert not re.search(r'<option value="ci"', page)
    forced = post(browser, f"/clients/{acme.id}/catalogue/new", **{"fb-part": ["pc:ci"], "fb-pc-label": "Which PC?"})
    assert forced.status_code == 422
    assert "Orders cannot ask for devices yet" in forced.text


def test_a_template_has_the_builder_too(console_app: Any, browser: Any) -> None:
    name = world.unique("Laptop")
    looked = post(browser, "/settings/catalogue/new", step="down:size", **(SIZE | {"name": name}))
    assert looked.status_code == 200
    assert post(browser, "/settings/catalogue/new", **(SIZE | {"name": name})).status_code == 303
    with world.as_staff(console_app):
        template = library.named([name])[name]
        assert library.version_of(template.id, 1).content["form"] == FORM
    assert "Why so large?" in browser.get(f"/settings/catalogue/{template.id}").text


def test_who_may_not_manage_reads_the_form(console_app: Any, acme: Any, console_of: Any) -> None:
    with world.as_staff(console_app) as by:
        item = items.add_item(acme.id, {"name": "Laptop", "form": FORM}, by=by)
    plain = console_of(world.agent(console_app)[1])
    one = f"/clients/{acme.id}/catalogue/items/{item.id}"
    page = plain.get(one).text
    assert "Why so large?" in page
    assert 'name="step"' not in page
    assert post(plain, one, version="1", step="remove:why", **SIZE).status_code == 403
