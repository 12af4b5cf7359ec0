"""Files and days of an order: what was sent stays while the order is put right and hangs on its ticket; days leave us time."""

import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from msp.core import clock
from msp.core.db import db
from msp.itsm.catalog.models import BasketLine, Order
from msp.itsm.catalog.notice import earliest_for
from msp.itsm.catalog.services import items
from msp.itsm.tickets.models import Attachment
from msp.itsm.tickets.services import files
from tests.support import world

FORM: dict[str, Any] = {
    "parts": [
        {"name": "name", "kind": "text", "label": "Full name", "required": True},
        {"name": "first_day", "kind": "date", "label": "First day", "minimum": 3},
        {"name": "contract", "kind": "file", "label": "Signed contract", "required": True, "maximum": 2},
    ]
}
CONTRACT = (b"signed", "contract.txt")


@pytest.fixture
def joiner(console_app: Any, acme: Any) -> Any:
    with world.as_staff(console_app) as by:
        return items.add_item(acme.id, {"name": "New colleague", "form": FORM}, by=by)


def post(browser: Any, path: str, *sent: tuple[bytes, str], **fields: Any) -> Any:
    data = {"csrf_token": world.csrf(browser), "number": "1", **fields}
    data["q-contract"] = [*fields.get("q-contract", []), *((io.BytesIO(content), name) for content, name in sent)]
    return browser.post(path, data=data, content_type="multipart/form-data")


def kept(page: str) -> list[str]:
    return re.findall(r'name="q-contract" value="([^"]+)" checked', page)


def bound(acme: Any) -> list[Attachment]:
    order = db.session.query(Order).filter_by(tenant_id=acme.id).order_by(Order.created_at.desc()).first()
    return db.session.query(Attachment).filter_by(tenant_id=acme.id, ticket_id=order.ticket_id, state="bound").all()


def test_a_file_waits_while_the_order_is_put_right_and_goes_with_it(
    console_app: Any, acme: Any, portal_of: Any, joiner: Any
) -> None:
    browser, path = portal_of(acme), f"/catalogue/items/{joiner.id}"
    missing = post(browser, path, **{"q-name": "Leonie"})
    assert missing.status_code == 422
    assert "Add a file to “Signed contract”" in missing.text
    refused = post(browser, path, CONTRACT)
    assert refused.status_code == 422
    assert "contract.txt" in refused.text
    [file_id] = kept(refused.text)
    looked = post(browser, path, **{"act": "look", "q-contract": [file_id]})
    assert kept(looked.text) == [file_id]
    placed = post(browser, path, **{"q-name": "Leonie", "q-contract": [file_id]})
    assert placed.status_code == 303, placed.text
    page = browser.get(placed.location).text
    assert re.search(r"What was ordered.*Signed contract.*contract.txt", page, re.DOTALL)
    assert f"/files/{file_id}" in page
    with world.as_staff(console_app):
        [row] = bound(acme)
        assert (str(row.id), row.name, row.is_internal) == (file_id, "contract.txt", False)
        assert db.session.query(Order).filter_by(tenant_id=acme.id).one().answers["contract"] == [file_id]


def test_what_is_no_file_of_ones_own_is_not_taken(acme: Any, birch: Any, portal_of: Any, joiner: Any) -> None:
    browser, path = portal_of(acme), f"/catalogue/items/{joiner.id}"
    [theirs] = kept(post(portal_of(acme, "manager"), path, CONTRACT).text)
    for odd in (theirs, "x", str(birch.id)):
        answer = post(browser, path, **{"q-name": "Leonie", "q-contract": [odd]})
        assert answer.status_code == 422
    many = post(browser, path, CONTRACT, CONTRACT, CONTRACT, **{"q-name": "Leonie"})
    assert "At most 2 files" in many.text
    assert len(kept(many.text)) == 3, "none of them was lost"
    empty = post(browser, path, CONTRACT, (b"", "empty.txt"), **{"q-name": "Leonie"})
    assert empty.status_code == 422
    assert "empty.txt: This file is empty." in empty.text
    assert len(kept(empty.text)) == 1


def test_files_wait_in_the_basket_for_a_day(console_app: Any, acme: Any, portal_of: Any, send: Any, joiner: Any) -> None:
    browser, path = portal_of(acme), f"/catalogue/items/{joiner.id}"

    def order_basket() -> Any:
        return send(browser, "/basket", **dict(re.findall(r'name="(line-[^"]+)" value="(\d+)"', browser.get("/basket").text)))

    assert post(browser, path, CONTRACT, **{"act": "basket", "q-name": "Leonie"}).status_code == 303
    assert "contract.txt" in browser.get("/basket").text
    assert order_basket().status_code == 303
    with world.as_staff(console_app):
        assert [row.name for row in bound(acme)] == ["contract.txt"]

    assert post(browser, path, CONTRACT, **{"act": "basket", "q-name": "Leonie"}).status_code == 303
    with world.as_staff(console_app):
        waiting = db.session.query(Attachment).filter_by(tenant_id=acme.id, state="pending").one()
        waiting.created_at -= timedelta(hours=25)
        db.session.flush()
        files.sweep()
        db.session.commit()
    late = order_basket()
    assert late.status_code == 422
    assert "Send this file again" in late.text
    with world.as_staff(console_app):
        assert db.session.query(BasketLine).filter_by(tenant_id=acme.id).count() == 1


def test_a_former_orders_files_are_asked_for_again(acme: Any, portal_of: Any, joiner: Any) -> None:
    browser = portal_of(acme)
    assert post(browser, f"/catalogue/items/{joiner.id}", CONTRACT, **{"q-name": "Leonie"}).status_code == 303
    again = re.search(r'href="(/catalogue/items/[^"]+again=[^"]+)"', browser.get("/orders").text)
    assert again
    page = browser.get(again[1].replace("&amp;", "&")).text
    assert 'value="Leonie"' in page
    assert kept(page) == []


def test_an_agent_sends_the_file(console_app: Any, acme: Any, console_of: Any, joiner: Any) -> None:
    _, agent = world.agent(console_app)
    browser, path = console_of(agent), f"/clients/{acme.id}/catalogue/items/{joiner.id}/order"
    refused = post(browser, path, CONTRACT, contact="nobody@nowhere.example", **{"q-name": "Leonie"})
    assert refused.status_code == 422
    [file_id] = kept(refused.text)
    placed = post(browser, path, contact=acme.people["requester"].e_mail, **{"q-name": "Leonie", "q-contract": [file_id]})
    assert placed.status_code == 303, placed.text
    with world.as_staff(console_app):
        [row] = bound(acme)
        assert (row.name, row.is_internal) == ("contract.txt", False)


def test_days_are_counted_in_working_days_of_the_client(console_app: Any, acme: Any) -> None:
    friday = datetime(2027, 3, 5, 16, 0, tzinfo=UTC)
    with world.as_staff(console_app) as by:
        earliest = earliest_for(acme.id, friday, by=by)
        assert [earliest(days) for days in (0, 1, 3)] == [date(2027, 3, 5), date(2027, 3, 8), date(2027, 3, 10)]


def test_a_day_too_early_is_told_the_first_that_will_do(console_app: Any, acme: Any, portal_of: Any, joiner: Any) -> None:
    browser, path = portal_of(acme), f"/catalogue/items/{joiner.id}"
    with world.as_staff(console_app) as by:
        first = earliest_for(acme.id, clock.now(), by=by)(3)
    assert f'min="{first}"' in browser.get(path).text
    early = post(browser, path, CONTRACT, **{"q-name": "Leonie", "q-first_day": str(first - timedelta(days=1))})
    assert early.status_code == 422
    assert re.search(rf"Choose \w+ {first.day} {first:%B} {first.year} or later: we need 3 working days", early.text)
    assert f'value="{first - timedelta(days=1)}"' in early.text
    good = post(browser, path, **{"q-name": "Leonie", "q-first_day": str(first), "q-contract": kept(early.text)})
    assert good.status_code == 303, good.text
