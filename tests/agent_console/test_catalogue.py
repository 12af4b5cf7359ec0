"""The catalogue in the console: a client's items, their templates, ordering for somebody."""

import io
import json
import re
from typing import Any

import pytest

from msp.core.db import db
from msp.itsm.catalog import library, queries
from msp.itsm.catalog.services import items, templates
from msp.itsm.tickets.models import Ticket
from tests.support import world

GOOD = {
    "name": "Laptop", "icon": "device-laptop", "price_once": "980", "currency": "GBP", "is_price_shown": "1", "impact": "3", "urgency": "2",
}  # fmt: skip


@pytest.fixture
def lead(console_app: Any) -> Any:
    return world.agent(console_app, "lead")[1]


@pytest.fixture
def post(console_of: Any) -> Any:
    """Post a form of the console as an agent."""

    def send(actor: Any, path: str, **fields: Any) -> Any:
        browser = console_of(actor)
        return browser.post(path, data={"csrf_token": world.csrf(browser), **fields})

    return send


def one_item(app: Any, company: Any) -> Any:
    with world.as_staff(app) as by:
        [entry] = queries.item_page(company.id, by=by).rows
        return entry


def test_an_item_is_written_changed_withdrawn_and_shown_again(
    console_app: Any, acme: Any, lead: Any, post: Any, console_of: Any
) -> None:
    base = f"/clients/{acme.id}/catalogue"
    answer = post(lead, f"{base}/new", **GOOD, synonyms="Notebook, computer", roles=["manager"])
    assert answer.status_code == 303, answer.text
    entry = one_item(console_app, acme)
    assert (entry.item.roles, entry.content["synonyms"], entry.content["price_once"]) == (["manager"], ["notebook", "computer"], "980.00")
    page = console_of(lead).get(base).text
    assert "Laptop" in page
    assert "£980" in page
    one = f"{base}/items/{entry.item.id}"
    assert 'value="notebook, computer"' in console_of(lead).get(one).text
    assert post(lead, one, **(GOOD | {"price_once": "1080"}), version="1").status_code == 303
    stale = post(lead, one, **(GOOD | {"name": "Mine"}), version="1")
    assert stale.status_code == 412
    assert 'value="Mine"' in stale.text
    changed = one_item(console_app, acme)
    assert (changed.item.number, changed.content["price_once"], changed.item.roles) == (2, "1080.00", [])
    version = changed.item.version
    assert post(lead, one, act="withdraw", version=str(version)).status_code == 303
    assert one not in console_of(lead).get(base).text
    assert one in console_of(lead).get(f"{base}?show=withdrawn").text
    assert post(lead, one, act="show", version=str(version + 1)).status_code == 303


def test_what_is_wrong_is_told_and_kept(acme: Any, lead: Any, post: Any) -> None:
    answer = post(lead, f"/clients/{acme.id}/catalogue/new", **(GOOD | {"price_once": "much", "summary": "Shiny <one>"}))
    assert answer.status_code == 422
    assert "An amount such as" in answer.text
    assert 'value="much"' in answer.text
    assert "Shiny &lt;one&gt;" in answer.text
    looked = post(lead, f"/clients/{acme.id}/catalogue/new", **GOOD, look="1")
    assert looked.status_code == 200
    assert re.search(r'id="item-preview".*Laptop.*£980', looked.text, re.DOTALL)


def test_categories_are_added_renamed_and_taken_down(console_app: Any, acme: Any, birch: Any, lead: Any, post: Any) -> None:
    base = f"/clients/{acme.id}/catalogue/categories"
    assert post(lead, base, name="Equipment", icon="box").status_code == 303
    assert post(lead, base, name="Equipment", icon="box").status_code == 422
    assert post(lead, base, name="People", icon="users").status_code == 303
    with world.as_staff(console_app) as by:
        first, second = queries.categories(acme.id, by=by)
    assert post(lead, f"{base}/{second.id}", act="up").status_code == 303
    assert post(lead, f"{base}/{first.id}", act="retire", version=str(first.version + 1)).status_code == 303
    with world.as_staff(console_app) as by:
        assert [each.name for each in queries.categories(acme.id, by=by)] == ["People"]
    assert post(lead, f"/clients/{birch.id}/catalogue/categories/{second.id}", act="up").status_code == 404


def test_a_template_is_copied_differs_and_is_taken_over(
    console_app: Any, acme: Any, birch: Any, lead: Any, post: Any, console_of: Any
) -> None:
    name = world.unique("Laptop")
    assert post(lead, "/settings/catalogue/new", **(GOOD | {"name": name}), category="Equipment").status_code == 303
    with world.as_staff(console_app):
        template = library.named([name])[name]
    assert post(lead, f"/clients/{acme.id}/catalogue", template=str(template.id)).status_code == 303
    changed = GOOD | {"name": name, "price_once": "1100"}
    assert post(lead, f"/settings/catalogue/{template.id}", **changed, category="Equipment", version="1").status_code == 303
    entry = one_item(console_app, acme)
    assert "template changed" in console_of(lead).get(f"/clients/{acme.id}/catalogue").text
    path = f"/clients/{acme.id}/catalogue/items/{entry.item.id}/template"
    page = console_of(lead).get(path).text
    assert re.search(r'value="price_once"[^>]* checked', page)
    assert "1100.00" in page
    assert console_of(lead).get(path.replace(str(acme.id), str(birch.id))).status_code == 404
    assert post(lead, path, fields=["price_once"], number="1", version=str(entry.item.version)).status_code == 409
    assert post(lead, path, fields=["price_once"], number="2", version=str(entry.item.version)).status_code == 303
    assert one_item(console_app, acme).content["price_once"] == "1100.00"
    shown = console_of(lead).get(path).text
    assert "Same as template" in shown
    assert acme.tenant.name in console_of(lead).get(f"/settings/catalogue/{template.id}").text


def test_templates_go_out_and_come_in_as_a_file(console_app: Any, lead: Any, console_of: Any) -> None:
    with world.as_staff(console_app) as by:
        template = templates.add_template({"name": world.unique("Headset"), "price_once": "85"}, by=by)
    browser = console_of(lead)
    answer = browser.get(f"/settings/catalogue/templates.json?template={template.id}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    document = json.loads(answer.text)
    assert [each["name"] for each in document["templates"]] == [template.name]
    document["templates"][0]["price_once"] = "90"

    def upload(content: bytes) -> Any:
        return browser.post(
            "/settings/catalogue/templates.json", content_type="multipart/form-data",
            data={"csrf_token": world.csrf(browser), "file": (io.BytesIO(content), "templates.json")},
        )  # fmt: skip

    assert upload(json.dumps(document).encode()).status_code == 303
    with world.as_staff(console_app) as by:
        assert library.visible_template(template.id, by=by).version.content["price_once"] == "90.00"
    document["templates"].append({"name": ""})
    wrong = upload(json.dumps(document).encode())
    assert wrong.status_code == 422
    assert "/templates/1/name" in wrong.text
    assert upload(b"{").status_code == 400
    assert upload(b"[]").status_code == 422
    assert upload(b"").status_code == 422


def test_an_agent_orders_for_one_of_the_clients_people(
    console_app: Any, acme: Any, birch: Any, post: Any, console_of: Any
) -> None:
    _, agent = world.agent(console_app)
    with world.as_staff(console_app) as by:
        item = items.add_item(acme.id, {"name": "Laptop", "price_once": "980"}, by=by)
    path, person = f"/clients/{acme.id}/catalogue/items/{item.id}/order", acme.people["requester"]
    assert person.e_mail in console_of(agent).get(f"{path}?contact={person.id}").text
    wrong = post(agent, path, number="1", contact=birch.people["requester"].e_mail, note="Soon")
    assert wrong.status_code == 422
    assert "Nobody at this client" in wrong.text
    assert ">\nSoon</textarea>" in wrong.text
    answer = post(agent, path, number="1", contact=person.e_mail, note="Soon")
    assert answer.status_code == 303, answer.text
    with world.as_staff(console_app):
        made = db.session.query(Ticket).filter_by(tenant_id=acme.id).one()
        assert (made.requester_id, made.kind, made.source) == (person.id, "request", "console")
    assert "What was ordered" in console_of(agent).get(answer.location).text


def test_who_may_not_manage_reads_and_who_may_not_see_finds_nothing(
    console_app: Any, acme: Any, birch: Any, post: Any, console_of: Any
) -> None:
    with world.as_staff(console_app) as by:
        item = items.add_item(acme.id, {"name": "Laptop"}, by=by)
    _, plain = world.agent(console_app)
    one = f"/clients/{acme.id}/catalogue/items/{item.id}"
    assert "Laptop" in console_of(plain).get(one).text
    assert post(plain, one, **GOOD, version="1").status_code == 403
    assert post(plain, "/settings/catalogue/new", **GOOD).status_code == 403
    _, limited = world.agent(console_app, "lead", clients=[birch.id])
    for path in (one, f"/clients/{acme.id}/catalogue", f"{one}/order"):
        assert console_of(limited).get(path).status_code == 404
    assert post(limited, one, **GOOD, version="1").status_code == 404
