"""An order answered anew on its ticket, in the client's place: shown, refused with what was typed, saved, asked about anew."""

import io
import re
from typing import Any

import pytest

from msp.core import clock
from msp.itsm.catalog.services import items
from msp.itsm.tickets.services import opening
from tests.agent_console.test_catalogue import post  # noqa: F401  # a fixture
from tests.itsm.catalog import on_its_way as way
from tests.support import world


@pytest.fixture
def agent(console_app: Any) -> Any:
    return world.agent(console_app)[1]


@pytest.fixture
def laptop(console_app: Any, acme: Any) -> Any:
    with world.as_staff(console_app) as by:
        return items.add_item(acme.id, {"name": "Laptop", **way.LAPTOP, "is_price_shown": False}, by=by)


def at(app: Any, placed: Any) -> str:
    return f"/tickets/{way.ticket_of(app, placed).ref}"


def test_a_declined_order_is_corrected_and_sent_again(
    console_app: Any, acme: Any, agent: Any, laptop: Any, post: Any, console_of: Any  # noqa: F811
) -> None:
    placed = way.order(console_app, acme, laptop)
    way.answer(console_app, acme, placed, "manager", False, "There are two on the shelf.")
    path, browser = at(console_app, placed), console_of(agent)
    assert f'href="{path}/order"' in browser.get(path).text
    page = browser.get(f"{path}/order").text
    assert "Correct and send again" in page
    assert 'value="She starts on Monday"' in page
    assert re.search(r'value="small" checked', page)
    assert "£180" in page, "agents see prices that the client does not"
    version = str(way.now(console_app, placed).version)
    wrong = post(agent, f"{path}/order", version=version, act="save", note="Soon", **{"q-why": "", "q-size": "large"})
    assert wrong.status_code == 422
    assert re.search(r'href="#f-q-why"[^>]*>[^<]*Fill in “What for”', wrong.text), wrong.text
    assert re.search(r'value="large" checked', wrong.text)
    assert re.search(r'name="note"[^>]*>\s*Soon</textarea>', wrong.text)
    assert way.states(console_app, placed) == ("declined", "waiting_for_client")
    fields = {"q-why": "Those are broken", "q-size": "large"}
    with clock.at(way.MONDAY):
        sent = browser.post(f"{path}/order", data={"csrf_token": world.csrf(browser), "version": version, "act": "save", **fields})
    assert sent.status_code == 303, sent.text
    assert sent.headers["Location"].endswith(path)
    assert way.states(console_app, placed) == ("asking", "waiting_for_approval")
    approval = way.approval_of(console_app, placed)
    assert approval.shown["lines"][:2] == [["What for", "Those are broken"], ["Size", "16 inch"]]
    assert str(way.now(console_app, placed).price_once) == "1160.00"
    shown = browser.get(path).text
    assert "Sent again. Whoever approves it is asked." in shown
    assert f"/approvals/{approval.id}" in shown
    assert re.search(rf"{agent.name}\s+changed the order", re.sub("<[^>]+>", "", shown))
    way.answer(console_app, acme, placed, "manager")
    way.answer(console_app, acme, placed, "admin")
    assert way.states(console_app, placed) == ("placed", "open")
    assert "Correct it for the client" not in browser.get(path).text
    gone = browser.get(f"{path}/order").text
    assert "can no longer be changed" in gone
    late = post(agent, f"{path}/order", version=str(way.now(console_app, placed).version), act="save", **fields)
    assert late.status_code == 409
    assert "can no longer be changed" in late.text


def test_a_waiting_order_is_asked_about_anew(
    console_app: Any, acme: Any, agent: Any, laptop: Any, post: Any  # noqa: F811
) -> None:
    placed = way.order(console_app, acme, laptop)
    first, path, version = way.approval_of(console_app, placed), at(console_app, placed), str(placed.version)
    looked = post(agent, f"{path}/order", version=version, act="look", **{"q-why": "Later", "q-size": "large"})
    assert looked.status_code == 200
    assert 'value="Later"' in looked.text
    assert way.approval_of(console_app, placed).id == first.id
    stale = post(agent, f"{path}/order", version=str(placed.version + 5), act="save", **{"q-why": "Later", "q-size": "small"})
    assert stale.status_code == 412
    assert 'value="Later"' in stale.text
    with clock.at(way.MONDAY):
        assert post(agent, f"{path}/order", version=version, act="save", **{"q-why": "Later", "q-size": "small"}).status_code == 303
    second = way.approval_of(console_app, placed)
    assert (second.replaces_id, second.is_waiting, second.requester_name) == (first.id, True, acme.people["requester"].name)


def test_a_file_of_ours_goes_along(console_app: Any, acme: Any, agent: Any, console_of: Any) -> None:
    why, offer = ({"name": name, "kind": kind, "label": name.title()} for name, kind in (("why", "text"), ("offer", "file")))
    form = {"parts": [{**why, "required": True}, offer]}
    with world.as_staff(console_app) as by:
        item = items.add_item(acme.id, {"name": "Van", "form": form, "chain": {"stages": [way.MANAGER]}}, by=by)
    placed = way.order(console_app, acme, item, answers={"why": "Moving"})
    path, browser = f"{at(console_app, placed)}/order", console_of(agent)

    def send(**fields: Any) -> Any:
        data = {"csrf_token": world.csrf(browser), "version": str(way.now(console_app, placed).version), "act": "save", **fields}
        return browser.post(path, data=data, content_type="multipart/form-data")

    wrong = send(**{"q-why": "", "q-offer": (io.BytesIO(b"dear"), "offer.txt")})
    assert wrong.status_code == 422
    assert "offer.txt" in wrong.text
    [kept] = re.findall(r'name="q-offer" value="([^"]+)" checked', wrong.text)
    assert send(**{"q-why": "Moving house", "q-offer": kept}).status_code == 303
    assert way.now(console_app, placed).answers == {"why": "Moving house", "offer": [kept]}
    again = browser.get(path).text
    assert re.findall(r'name="q-offer" value="([^"]+)" checked', again) == [kept]


def test_who_may_not_and_what_is_not_there(
    console_app: Any, acme: Any, birch: Any, agent: Any, laptop: Any, post: Any, console_of: Any  # noqa: F811
) -> None:
    placed = way.order(console_app, acme, laptop)
    path = f"{at(console_app, placed)}/order"
    reader, elsewhere = world.agent(console_app, "read_only")[1], world.agent(console_app, "agent", clients=[birch.id])[1]
    assert console_of(reader).get(path).status_code == 403
    assert post(reader, path, version="1", act="save").status_code == 403
    assert "Correct it for the client" not in console_of(reader).get(at(console_app, placed)).text
    assert console_of(elsewhere).get(path).status_code == 404
    assert post(elsewhere, path, version="1", act="save").status_code == 404
    with clock.at(way.MONDAY), world.acting(console_app, acme.actor()) as by:
        plain = opening.open_ticket(acme.id, "No order", body="x", by=by)
    assert console_of(agent).get(f"/tickets/{plain.ref}/order").status_code == 404
