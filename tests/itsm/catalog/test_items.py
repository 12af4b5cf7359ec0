"""Items of a client's catalogue: who sees which, what a search finds, what withdrawing and changing leave alone."""

from typing import Any
from uuid import uuid4

import pytest

from msp.core.errors import Forbidden, Invalid, NotFound, StaleVersion
from msp.itsm.catalog import queries
from msp.itsm.catalog.services import categories, items, keeping, orders
from tenants.services import clients
from tenants.services import people as people_services
from tests.support import world


def names(app: Any, company: Any, person: str = "requester", **asked: Any) -> list[str]:
    with world.acting(app, company.actor(person)) as by:
        return [entry.item.name for entry in queries.item_page(company.id, by=by, **asked).rows]


def test_a_client_sees_its_own_items_and_no_others(console_app: Any, acme: Any, birch: Any, item_at: Any) -> None:
    mine = item_at(acme, "Laptop")
    theirs = item_at(birch, "Forklift")
    assert names(console_app, acme) == ["Laptop"]
    assert names(console_app, birch) == ["Forklift"]
    with world.acting(console_app, acme.actor()) as by:
        assert queries.visible_item(mine.id, by=by).item.name == "Laptop"
        for unseen in (theirs.id, uuid4()):
            with pytest.raises(NotFound):
                queries.visible_item(unseen, by=by)
        with pytest.raises(NotFound):
            queries.item_page(birch.id, by=by)


def test_roles_and_sites_say_who_may_order(console_app: Any, acme: Any, item_at: Any) -> None:
    with world.as_staff(console_app) as by:
        leeds = clients.add_site(acme.id, world.unique("Leeds"), by=by)
        acme.people["there"] = people_services.add_contact(
            acme.id, "Theo There", e_mail=f"{world.unique('theo')}@acme.example", roles=["requester"], site_id=leeds.id, by=by
        )
    hers = item_at(acme, "Budget report", roles=["manager"])
    item_at(acme, "Leeds parking", site_ids=[leeds.id])
    item_at(acme, "Anybody’s")
    assert names(console_app, acme) == ["Anybody’s"]
    assert names(console_app, acme, "manager") == ["Anybody’s", "Budget report"]
    assert names(console_app, acme, "there") == ["Anybody’s", "Leeds parking"]
    with world.acting(console_app, acme.actor()) as by, pytest.raises(NotFound):
        orders.order(hers.id, number=1, by=by)


def test_a_search_finds_by_synonyms_summary_and_every_word(console_app: Any, acme: Any, item_at: Any) -> None:
    item_at(acme, "Laptop", summary="14 or 16 inch", synonyms=["Notebook", "Computer"])
    item_at(acme, "Printer", summary="For labels")
    assert names(console_app, acme, words="NOTE") == ["Laptop"]
    assert names(console_app, acme, words="16 computer") == ["Laptop"]
    assert names(console_app, acme, words="computer labels") == []
    assert names(console_app, acme, words="100%") == []


def test_categories_and_favourites_narrow_the_list(console_app: Any, acme: Any, birch: Any, item_at: Any) -> None:
    with world.as_staff(console_app) as by:
        shelf = categories.add_category(acme.id, "Equipment", icon="device-laptop", by=by)
        foreign = categories.add_category(birch.id, "Theirs", by=by)
        second = categories.add_category(acme.id, "People", by=by)
        categories.move_category(second.id, -1, by=by)
        assert [each.name for each in queries.categories(acme.id, by=by)] == ["People", "Equipment"]
    laptop = item_at(acme, "Laptop", category_id=shelf.id)
    item_at(acme, "Advice")
    with pytest.raises(Invalid, match="category"):
        item_at(acme, "Bad", category_id=foreign.id)
    assert names(console_app, acme, category_id=shelf.id) == ["Laptop"]
    for is_kept, found in ((True, ["Laptop"]), (True, ["Laptop"]), (False, [])):
        with world.acting(console_app, acme.actor()) as by:
            keeping.keep(laptop.id, is_kept, by=by)
        assert names(console_app, acme, only_favourites=True) == found
    assert names(console_app, acme, "manager", only_favourites=True) == []


def test_a_withdrawn_item_is_gone_for_clients_and_can_come_back(console_app: Any, acme: Any, item_at: Any) -> None:
    laptop = item_at(acme, "Laptop")
    with world.as_staff(console_app) as by:
        gone = items.show_item(laptop.id, False, version=1, by=by)
    assert names(console_app, acme) == []
    with world.acting(console_app, acme.actor()) as by, pytest.raises(NotFound):
        orders.order(laptop.id, number=1, by=by)
    with world.as_staff(console_app) as by:
        assert [entry.item.name for entry in queries.item_page(acme.id, by=by, visible=False).rows] == ["Laptop"]
        with pytest.raises(StaleVersion):
            items.show_item(laptop.id, True, version=1, by=by)
        items.show_item(laptop.id, True, version=gone.version, by=by)
    assert names(console_app, acme) == ["Laptop"]


def test_a_change_makes_a_version_only_where_the_content_changed(console_app: Any, acme: Any, item_at: Any) -> None:
    laptop = item_at(acme, "Laptop", price_once="980")
    with world.as_staff(console_app) as by:
        same = items.change_item(laptop.id, {"name": "Laptop", "price_once": "980.00"}, version=1, roles=["manager"], by=by)
        assert (same.number, same.roles) == (1, ["manager"])
        dearer = items.change_item(laptop.id, {"name": "Laptop", "price_once": "1080"}, version=same.version, by=by)
        assert dearer.number == 2
        assert [str(queries.version_of(dearer, number).price_once) for number in (1, 2)] == ["980.00", "1080.00"]


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        ({"name": " "}, "/name"), ({"name": "x" * 81}, "/name"), ({"price_once": "-1"}, "/price_once"),
        ({"price_monthly": "1.234"}, "/price_monthly"), ({"price_once": "NaN"}, "/price_once"), ({"currency": "pounds"}, "/currency"),
        ({"icon": "skull"}, "/icon"), ({"impact": 4}, "/impact"), ({"urgency": True}, "/urgency"), ({"colour": "red"}, "/colour"),
        ({"synonyms": ["x" * 41]}, "/synonyms"), ({"is_price_shown": "yes"}, "/is_price_shown"),
    ],
)  # fmt: skip
def test_bad_content_is_told(item_at: Any, acme: Any, content: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        item_at(acme, **{"name": "Laptop", **content})
    assert pointer in [error.pointer for error in refused.value.errors]


def test_only_who_manages_the_catalogue_changes_it(console_app: Any, acme: Any, birch: Any, item_at: Any) -> None:
    laptop = item_at(acme, "Laptop")
    _, plain = world.agent(console_app)
    with world.acting(console_app, plain), pytest.raises(Forbidden):
        items.show_item(laptop.id, False, version=1, by=plain)
    _, limited = world.agent(console_app, "lead", clients=[birch.id])
    with world.acting(console_app, limited):
        with pytest.raises(NotFound):
            items.show_item(laptop.id, False, version=1, by=limited)
        with pytest.raises(NotFound):
            items.add_item(acme.id, {"name": "x"}, by=limited)
