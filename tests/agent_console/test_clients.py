"""Clients in the console: the list, one of them, a new one, its sites, brand, host names, categories and fields."""

import html
import re
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db
from msp.itsm.tickets.custom.models import CustomField
from msp.itsm.tickets.models import Category
from tenants.models import Branding, Host, Site, Tenant
from tests.agent_console.conftest import MONDAY, TEN
from tests.support import pages, world
from tests.support.pages import words
from tests.support.statements import counted


@pytest.fixture
def admin(sit: Any) -> Any:
    return sit(roles=("admin",))


def stored(app: Any, statement: Any) -> Any:
    with world.as_staff(app):
        return db.session.scalars(statement).all()


def row_of(page: Any, name: str) -> str:
    """The row of a list that names somebody, as words."""
    rows = [row for row in re.findall(r"<tr.*?</tr>", page.text, re.S) if name in row]
    assert len(rows) == 1, name
    return " ".join(re.sub(r"<[^>]+>", " ", rows[0]).split())


# --- The list ---------------------------------------------------------------------------------------------------------


def test_the_list_counts_what_is_open_at_risk_and_overdue(acme: Any, opened: Any, sit: Any) -> None:
    desk = sit(acme)
    opened(acme, "Early")
    opened(acme, "Late", at=MONDAY.replace(hour=14))
    assert row_of(desk.get("/clients", MONDAY.replace(hour=9, minute=30)), acme.tenant.name).endswith("1 0 0") is False
    assert row_of(desk.get("/clients", TEN), acme.tenant.name).split()[-3:] == ["2", "0", "0"]
    assert row_of(desk.get("/clients", MONDAY.replace(hour=12, minute=30)), acme.tenant.name).split()[-3:] == ["2", "1", "0"]
    assert row_of(desk.get("/clients", MONDAY.replace(hour=13, minute=30)), acme.tenant.name).split()[-3:] == ["2", "0", "1"]


def test_the_list_is_searched_and_paged(console_app: Any, admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tenants import listing

    word = world.unique("Pager")
    made = sorted((world.company(console_app, word) for _ in range(3)), key=lambda company: company.tenant.name)
    found = admin.get(f"/clients?q={word.lower()}").text
    assert all(company.tenant.name in found for company in made)
    assert made[1].tenant.name in admin.get(f"/clients?q={made[1].tenant.key}").text
    assert "No client is called so" in words(admin.get("/clients?q=nosuchclient"))
    monkeypatch.setitem(listing.clients.__kwdefaults__, "limit", 2)
    first = admin.get(f"/clients?q={word}")
    assert made[2].tenant.name not in first.text
    following = re.search(r'href="(/clients[^"]*cursor=[^"]+)"[^>]*rel="next"', first.text)
    assert following
    second = admin.get(html.unescape(following[1]))
    assert made[2].tenant.name in second.text
    assert made[0].tenant.name not in second.text
    assert admin.get("/clients?cursor=nonsense").status_code == 400


def test_a_limited_agent_sees_his_clients_only(acme: Any, birch: Any, sit: Any) -> None:
    desk = sit(birch)
    listed = desk.get("/clients")
    assert birch.tenant.name in listed.text
    assert acme.tenant.name not in listed.text
    for path in ("", "/people", "/people/new", "/sites", "/service-levels", "/categories", "/fields", "/portal", "/settings"):
        foreign, nowhere = desk.get(f"/clients/{acme.id}{path}"), desk.get(f"/clients/{uuid4()}{path}")
        assert foreign.status_code == nowhere.status_code
        assert foreign.status_code in (403, 404), path


def test_the_list_asks_few_questions(console_app: Any, acme: Any, birch: Any, admin: Any) -> None:
    admin.get("/clients")
    with counted(console_app) as sent:
        admin.get("/clients")
    assert len(sent) <= 12


def test_one_client_at_a_glance(acme: Any, opened: Any, admin: Any) -> None:
    ticket = opened(acme, "Scanner in room 2")
    page = admin.get(f"/clients/{acme.id}")
    said = words(page)
    assert (ticket.ref in said, "Scanner in room 2" in said, "Requester" in said, "Standard" in said) == (True,) * 4
    assert "local time 10:00" in said
    assert f"http://{acme.host}/" in page.text


# --- A new one --------------------------------------------------------------------------------------------------------


def new_client(**changes: str) -> dict[str, str]:
    name = world.unique("Newco")
    typed = {"name": name, "key": f"N{uuid4().hex[:7]}", "time_zone": "Europe/Berlin", "language": "de", "colour": "#0f766e"}
    return {**typed, **changes}


def test_a_client_is_created_with_host_brand_and_service_levels(console_app: Any, admin: Any) -> None:
    fields = new_client(welcome="Hello")
    answer = admin.post("/clients/new", at=clock.now(), **fields)
    assert answer.status_code == 303, words(answer)
    [client] = stored(console_app, sa.select(Tenant).where(Tenant.key == fields["key"].upper()))
    assert (client.name, client.time_zone, client.language) == (fields["name"], "Europe/Berlin", "de")
    [host] = stored(console_app, sa.select(Host).where(Host.tenant_id == client.id))
    assert (host.name, host.is_primary) == (f"{fields['key'].lower()}.localhost", True)
    [brand] = stored(console_app, sa.select(Branding).where(Branding.tenant_id == client.id))
    assert (brand.colour, brand.welcome) == ("#0f766e", "Hello")
    page = words(admin.get(answer.location, at=clock.now()))
    assert "is a client now" in page
    assert "Standard" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"key": "1"}, "2 to 10 letters and digits"),
        ({"time_zone": "Mars/Base"}, "There is no time zone Mars/Base"),
        ({"host": "No host"}, "in small letters without a port"),
        ({"colour": "#ffff00"}, "would do"),
        ({"colour": "red"}, "six hexadecimal digits"),
        ({"name": " "}, "A name of 1 to 120 characters"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(admin: Any, changes: dict[str, str], said: str) -> None:
    fields = new_client(**changes)
    answer = admin.post("/clients/new", **fields)
    assert answer.status_code == 422
    assert said in words(answer)
    kept = pages.fields(answer.text, "/clients/new")
    assert all(kept[name] == value for name, value in fields.items() if name in kept), kept


def test_a_wrong_key_is_one_fault_and_faults_stand_in_the_order_of_the_form(admin: Any) -> None:
    """Without a host name of its own the portal's is made of the key; that it is wrong too is no news."""
    said = words(admin.post("/clients/new", **new_client(key="no key!", time_zone="Mars/Base")))
    assert "in small letters without a port" not in said
    assert said.index("2 to 10 letters and digits and starts") < said.index("There is no time zone Mars/Base")


def test_keys_and_hosts_are_unique(acme: Any, admin: Any) -> None:
    assert "belongs to another client" in words(admin.post("/clients/new", **new_client(key=acme.tenant.key)))
    assert "belongs to another client" in words(admin.post("/clients/new", **new_client(host=acme.host)))


def test_a_colour_is_looked_at_before_it_is_saved(acme: Any, admin: Any) -> None:
    answer = admin.post("/clients/new", look="1", **new_client(colour="#9ae6b4"))
    assert answer.status_code == 200
    assert re.search(r"Shown as #[0-9a-f]{6}|would have to change too much", words(answer))
    assert "Contrast at least" in words(admin.get(f"/clients/{acme.id}/portal"))


def test_only_some_may_add_a_client(acme: Any, sit: Any) -> None:
    assert sit(roles=("lead",)).get("/clients/new").status_code == 403
    limited = sit(acme, roles=("admin",))
    assert "Only whoever sees every client" in words(limited.get("/clients/new"))
    assert limited.post("/clients/new", **new_client()).status_code == 403


# --- Name, standing, sites --------------------------------------------------------------------------------------------


def test_settings_are_saved_with_their_version(console_app: Any, acme: Any, admin: Any) -> None:
    path = f"/clients/{acme.id}/settings"
    form = pages.fields(admin.get(path).text, path)
    fields = {"version": form["version"], "name": "Acme renamed", "time_zone": "America/New_York", "language": "pt"}
    assert admin.post(path, **fields).status_code == 303
    [client] = stored(console_app, sa.select(Tenant).where(Tenant.id == acme.id))
    assert (client.name, client.time_zone, client.language) == ("Acme renamed", "America/New_York", "pt")
    assert admin.post(path, **fields).status_code == 412
    assert admin.post(path, version=str(client.version), name="x", time_zone="Nowhere").status_code == 422
    refused = admin.post(path, **fields | {"version": str(client.version), "name": "Acme again", "language": "tlh"})
    assert (refused.status_code, 'value="Acme again"' in refused.text) == (422, True)
    assert "One of the languages offered" in words(refused)


def test_suspending_signs_everybody_out_and_can_be_undone(console_app: Any, acme: Any, admin: Any, portal_of: Any) -> None:
    theirs = portal_of(acme)
    path = f"/clients/{acme.id}/standing"
    assert admin.post(path, status="suspended", version=str(acme.tenant.version)).status_code == 303
    assert "Suspended" in words(admin.get(f"/clients/{acme.id}"))
    assert theirs.get("/account").status_code in (302, 303, 403)
    [client] = stored(console_app, sa.select(Tenant).where(Tenant.id == acme.id))
    assert admin.post(path, status="active", version=str(client.version)).status_code == 303
    assert stored(console_app, sa.select(Tenant.status).where(Tenant.id == acme.id)) == ["active"]


def test_sites_are_added_renamed_and_retired(console_app: Any, acme: Any, admin: Any) -> None:
    path = f"/clients/{acme.id}/sites"
    assert admin.post(path, name="Redland Road", address="1 Redland Road").status_code == 303
    taken = admin.post(path, name="Redland Road")
    assert (taken.status_code, "called Redland Road already" in words(taken)) == (422, True)
    [site] = stored(console_app, sa.select(Site).where(Site.tenant_id == acme.id))
    assert admin.post(f"{path}/{site.id}", version="1", name="Redland", address="").status_code == 303
    [site] = stored(console_app, sa.select(Site).where(Site.tenant_id == acme.id))
    assert (site.name, site.address, site.is_active) == ("Redland", None, False)
    assert admin.post(f"{path}/{uuid4()}", version="1", name="x").status_code == 404


def test_whoever_may_not_edit_sees_why(acme: Any, sit: Any) -> None:
    desk = sit(acme)
    assert "Only administrators change this" in words(desk.get(f"/clients/{acme.id}/settings"))
    for path in ("settings", "standing", "sites", "portal", "hosts", "categories", "fields"):
        assert desk.post(f"/clients/{acme.id}/{path}", name="x", version="1").status_code == 403, path


# --- Portal -----------------------------------------------------------------------------------------------------------


def test_the_brand_is_saved_and_an_unreadable_colour_is_refused(console_app: Any, acme: Any, admin: Any) -> None:
    path = f"/clients/{acme.id}/portal"
    fields = {
        "version": "1",
        "display_name": "Acme IT",
        "colour": "#0f766e",
        "mail_from": "help@acme.example",
        "welcome": "",
        "support_phone": "",
    }
    assert admin.post(path, **fields).status_code == 303
    [brand] = stored(console_app, sa.select(Branding).where(Branding.tenant_id == acme.id))
    assert (brand.display_name, brand.colour, brand.mail_from, brand.welcome) == ("Acme IT", "#0f766e", "help@acme.example", None)
    refused = admin.post(path, **{**fields, "version": str(brand.version), "colour": "#ffff00"})
    assert (refused.status_code, pages.fields(refused.text, path)["display_name"]) == (422, "Acme IT")
    assert admin.post(path, **{**fields, "version": str(brand.version), "mail_from": "nobody"}).status_code == 422


def test_host_names_are_added_made_primary_and_removed(console_app: Any, acme: Any, birch: Any, admin: Any, sit: Any) -> None:
    path, name = f"/clients/{acme.id}/hosts", f"{world.unique('help')}.example".lower()
    assert admin.post(path, act="add", host=name).status_code == 303
    assert admin.post(path, act="primary", host=name).status_code == 303
    found = {host.name: host.is_primary for host in stored(console_app, sa.select(Host).where(Host.tenant_id == acme.id))}
    assert found == {acme.host: False, name: True}
    assert admin.post(path, act="remove", host=name).status_code == 409, "the primary one stays"
    assert admin.post(path, act="remove", host=acme.host).status_code == 303
    assert "in use already" in words(admin.post(path, act="add", host=birch.host))
    assert admin.post(path, act="remove", host=birch.host).status_code == 404
    assert sit(acme, roles=("admin",)).post(path, act="add", host="x.example").status_code == 403


# --- Categories and fields --------------------------------------------------------------------------------------------


def test_categories_are_a_tree_whose_paths_follow(console_app: Any, acme: Any, admin: Any) -> None:
    path = f"/clients/{acme.id}/categories"
    assert admin.post(path, name="Hardware").status_code == 303
    [top] = stored(console_app, sa.select(Category).where(Category.tenant_id == acme.id))
    assert admin.post(path, name="Printer", parent=str(top.id)).status_code == 303
    assert admin.post(f"{path}/{top.id}", version="1", name="Devices").status_code == 303
    found = {each.path: each for each in stored(console_app, sa.select(Category).where(Category.tenant_id == acme.id))}
    assert set(found) == {"Devices", "Devices / Printer"}
    assert admin.post(f"{path}/{top.id}", version=str(found["Devices"].version), act="retire").status_code == 303
    assert [each.is_active for each in stored(console_app, sa.select(Category).where(Category.tenant_id == acme.id))] == [False, False]
    assert "Retired" in words(admin.get(path))
    again = admin.post(path, name="Devices")
    assert (again.status_code, "There is “Devices” already" in words(again)) == (422, True)
    assert admin.post(path, name="A/B").status_code == 422
    assert admin.post(path, name="x", parent="nonsense").status_code == 422


def test_fields_are_added_ordered_and_retired(console_app: Any, acme: Any, admin: Any) -> None:
    path = f"/clients/{acme.id}/fields"
    base = {"ticket_kind": "incident", "is_asked": "1"}
    assert admin.post(path, label="Room number", kind="text", **base).status_code == 303
    assert admin.post(path, label="Chair", kind="choice", choices="Left\nRight\n", **base).status_code == 303
    few = admin.post(path, label="Only one", kind="choice", choices="One", **base)
    assert (few.status_code, "2 to 100 choices" in words(few)) == (422, True)
    assert pages.fields(few.text, path)["label"] == "Only one"
    mine = sa.select(CustomField).where(CustomField.tenant_id == acme.id).order_by(CustomField.position)
    room, chair = stored(console_app, mine)
    assert (room.key, chair.key, chair.choices) == ("room_number", "chair", ["Left", "Right"])
    assert admin.post(f"{path}/{chair.id}", act="up").status_code == 303
    assert [each.key for each in stored(console_app, mine)] == ["chair", "room_number"]
    version = stored(console_app, mine)[1].version
    changed = admin.post(f"{path}/{room.id}", version=str(version), label="Room", is_required="1")
    assert changed.status_code == 303
    room = stored(console_app, mine)[1]
    assert (room.label, room.key, room.is_required, room.is_active, room.is_asked) == ("Room", "room_number", True, False, False)
    assert admin.post(f"{path}/{room.id}", version="1", label="Stale").status_code == 412


def test_another_clients_category_or_field_is_nowhere(console_app: Any, acme: Any, birch: Any, sit: Any) -> None:
    owner, stranger = sit(roles=("admin",)), sit(birch, roles=("admin",))
    owner.post(f"/clients/{acme.id}/categories", name="Theirs")
    owner.post(f"/clients/{acme.id}/fields", label="Theirs", kind="text", ticket_kind="incident")
    [category] = stored(console_app, sa.select(Category).where(Category.tenant_id == acme.id))
    [field] = stored(console_app, sa.select(CustomField).where(CustomField.tenant_id == acme.id))
    for tenant in (acme, birch):
        for path in (f"categories/{category.id}", f"fields/{field.id}"):
            answer = stranger.post(f"/clients/{tenant.id}/{path}", version="1", name="Mine", label="Mine")
            assert answer.status_code == 404, path
    assert owner.post(f"/clients/{birch.id}/categories/{category.id}", version="1", name="Mine").status_code == 404
    assert stored(console_app, sa.select(Category.name).where(Category.id == category.id)) == ["Theirs"]
