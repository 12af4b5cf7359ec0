"""A ticket's replies, notes, timeline, files and followers over the API: every row is reached, page by page, by whom it is for."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from msp.core import clock
from msp.core.db import db
from msp.core.ids import new_id
from msp.itsm.tickets import queries, ticket_lists
from msp.itsm.tickets.models import Message, TimelineEntry
from msp.itsm.tickets.services import conversation, opening, triage
from msp.itsm.tickets.states import STATES
from msp.itsm.tickets.told import for_client
from tenants.services import people
from tests.support import world
from tests.support.caller import Caller
from tests.support.statements import counted

MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
LISTS = ("replies", "notes", "timeline", "attachments", "followers")


def everything(caller: Caller, path: str, limit: int) -> list[Any]:
    """Every row, by following `next`; each page but the last is full."""
    rows: list[Any] = []
    cursor = ""
    while True:
        answer = caller("GET", f"{path}?limit={limit}{cursor}")
        assert answer.status_code == 200, answer.json
        rows += answer.json["data"]
        if answer.json["next"] is None:
            return rows
        assert len(answer.json["data"]) == limit
        cursor = f"&cursor={answer.json['next']}"


def grow(console_app: Any, acme: Any, ticket: Any, number: int) -> None:
    """More of everything, all of it of one instant and of one name."""
    by = world.agent(console_app)[1]
    with clock.at(MONDAY + timedelta(hours=1)), world.acting(console_app, by):
        for each in range(number):
            conversation.reply(ticket.id, f"Reply {each}", by=by)
            conversation.add_note(ticket.id, f"zebrafinch {each}", by=by)
    with world.as_staff(console_app) as staff:
        for _ in range(number):
            colleague = people.add_contact(acme.id, "Sam Same", by=staff)
            watcher = people.add_agent("Zebrafinch Watcher", f"{world.unique('w')}@provider.example", roles=("agent",), by=staff)
            for one in ({"contact_id": colleague.id}, {"agent_id": watcher.id}):
                triage.add_follower(ticket.id, by=staff, **one)


def send_files(agent: Caller, acme: Any, ticket: Any, number: int) -> None:
    """As many files on a reply as on a note."""
    for path, name in (("replies", "plan.txt"), ("notes", "zebrafinch.txt")):
        ids = [
            agent("POST", f"/attachments?tenant_id={acme.id}", data={"file": (io.BytesIO(b"x" * 10), name)}).json["id"]
            for _ in range(number)
        ]
        answer = agent("POST", f"/tickets/{ticket.ref}/{path}", json={"body": "See.", "attachment_ids": ids})
        assert answer.status_code == 201, answer.json


@pytest.fixture
def ticket(console_app: Any, acme: Any) -> Any:
    requester = acme.actor()
    with clock.at(MONDAY), world.acting(console_app, requester):
        return opening.open_ticket(acme.id, "No mail", body="Since noon.", by=requester)


@pytest.fixture
def long(console_app: Any, acme: Any, agent: Caller, ticket: Any) -> Any:
    grow(console_app, acme, ticket, 4)
    send_files(agent, acme, ticket, 3)
    return ticket


def test_every_row_is_reached_and_none_twice(agent: Caller, long: Any) -> None:
    wanted = {"replies": 6, "notes": 5, "attachments": 6, "followers": 8}
    for part in LISTS:
        whole = agent("GET", f"/tickets/{long.ref}/{part}?limit=200").json
        assert whole["next"] is None
        assert len(whole["data"]) == wanted.get(part, len(whole["data"]))
        assert len(whole["data"]) > 4
        for limit in (1, 2, 3, 4):
            assert everything(agent, f"/tickets/{long.ref}/{part}", limit) == whole["data"], (part, limit)
    told = agent("GET", f"/tickets/{long.ref}/timeline?limit=200").json["data"]
    assert [row["kind"] for row in told].count("noted") == 5
    assert [row["at"] for row in told] == sorted(row["at"] for row in told)


def test_what_is_older_than_the_last_two_hundred_is_there(console_app: Any, agent: Caller, contact: Caller, ticket: Any) -> None:
    """Notes do not take the place of replies, nor new ones of old ones."""
    with world.as_staff(console_app):
        db.session.add_all(
            Message(
                tenant_id=ticket.tenant_id, id=new_id(), ticket_id=ticket.id, is_internal=number % 3 != 0, author_kind="agent",
                author_name="Robin", body=f"Number {number}", via="api", sent_at=MONDAY + timedelta(minutes=number),
            )
            for number in range(1, 661)
        )  # fmt: skip
    said = ["Since noon.", *(f"Number {number}" for number in range(3, 661, 3))]
    assert [row["body"] for row in everything(contact, f"/tickets/{ticket.ref}/replies", 200)] == said
    assert [row["body"] for row in everything(agent, f"/tickets/{ticket.ref}/replies", 50)] == said
    assert len(everything(agent, f"/tickets/{ticket.ref}/notes", 200)) == 440


def test_a_row_that_comes_meanwhile_moves_nothing(console_app: Any, agent: Caller, acme: Any, long: Any) -> None:
    first = agent("GET", f"/tickets/{long.ref}/replies?limit=3").json
    grow(console_app, acme, long, 1)
    later = agent("GET", f"/tickets/{long.ref}/replies?limit=200&cursor={first['next']}").json["data"]
    ids = [row["id"] for row in first["data"] + later]
    assert len(set(ids)) == len(ids) == 7


def test_a_contact_never_gets_what_is_internal(contact: Caller, long: Any) -> None:
    assert contact("GET", f"/tickets/{long.ref}/notes").status_code == 403
    for part, number in (("replies", 6), ("attachments", 3), ("followers", 4), ("timeline", None)):
        for limit in (1, 3, 200):
            rows = everything(contact, f"/tickets/{long.ref}/{part}", limit)
            assert number is None or len(rows) == number
            assert "zebrafinch" not in str(rows).lower(), part
            assert not any(row.get("is_internal") or row.get("agent_id") for row in rows)


def test_the_lists_of_a_contact_read_no_notes(console_app: Any, acme: Any, long: Any) -> None:
    """Even where the route's gate should be open and the policies shut no row out."""
    by = acme.actor()
    with world.as_staff(console_app):
        for read in (ticket_lists.notes, ticket_lists.attachments, ticket_lists.followers, ticket_lists.timeline):
            rows = read(long, by=by, cursor=None, limit=200).rows  # type: ignore[operator]
            assert not any(getattr(row, "is_internal", False) or getattr(row, "agent_id", None) for row in rows), read
        assert ticket_lists.notes(long, by=by, cursor=None, limit=200).rows == []


def test_a_clients_page_of_the_timeline_holds_what_is_told(console_app: Any, contact: Caller, acme: Any, ticket: Any) -> None:
    """The condition that PostgreSQL reads by and the words that the portal has agree on every move there is."""
    kinds = ("assigned", "classified", "acknowledged", "follower_removed", "rated")
    moves = [("moved", {"from": before, "to": after}) for before in STATES for after in STATES if before != after]
    with world.as_staff(console_app):
        db.session.add_all(
            TimelineEntry(
                tenant_id=ticket.tenant_id, id=new_id(), ticket_id=ticket.id, at=MONDAY + timedelta(minutes=number), kind=kind,
                is_internal=is_internal, actor_kind="agent", actor_name="Robin", data=data,
            )
            for is_internal in (False, True)
            for number, (kind, data) in enumerate([*moves, *((kind, {}) for kind in kinds)], 1)
        )  # fmt: skip
        db.session.flush()
        entries = queries.timeline(ticket, by=world.system(), limit=10_000)
        told = for_client(entries, me=None, kind=ticket.kind, tz=UTC)
    assert 30 < len(told) < len(moves)
    found = everything(contact, f"/tickets/{ticket.ref}/timeline", 7)
    assert [row["id"] for row in found] == [str(row["id"]) for row in told]


@pytest.mark.parametrize("part", LISTS)
def test_bad_pages_are_refused(agent: Caller, long: Any, part: str) -> None:
    path = f"/tickets/{long.ref}/{part}"
    for query, status in (("limit=0", 422), ("limit=201", 422), ("limit=x", 422), ("page=2", 422), ("cursor=abc", 400)):
        answer = agent("GET", f"{path}?{query}")
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), query
    for other in LISTS:
        elsewhere = agent("GET", f"/tickets/{long.ref}/{other}?limit=1").json["next"]
        answer = agent("GET", f"{path}?cursor={elsewhere}")
        assert answer.status_code == (200 if other == part else 400), other
    assert agent("GET", f"{path}?cursor={elsewhere}x").json["code"] == "invalid_cursor"


def test_a_cursor_of_another_ticket_is_refused(agent: Caller, contact: Caller, long: Any) -> None:
    other = contact("POST", "/tickets", json={"subject": "No mail", "body": "Since noon."}).json["ref"]
    for part in LISTS:
        mine = agent("GET", f"/tickets/{long.ref}/{part}?limit=1").json["next"]
        answer = agent("GET", f"/tickets/{other}/{part}?cursor={mine}")
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize("part", LISTS)
def test_another_clients_ticket_is_not_there(
    console_app: Any, portal_app: Any, agent: Caller, acme: Any, birch: Any, long: Any, part: str
) -> None:
    mine = agent("GET", f"/tickets/{long.ref}/{part}?limit=1").json["next"]
    strangers = [Caller(console_app, "console.localhost", world.agent(console_app, clients=[birch.id])[1])]
    if part != "notes":  # whose gate is shut to contacts before it looks
        strangers += [Caller(portal_app, birch.host, birch.actor("manager"))]
    for stranger in strangers:
        for ref in (long.ref, str(long.id), str(uuid4())):
            for query in ("", f"?cursor={mine}"):
                assert stranger("GET", f"/tickets/{ref}/{part}{query}").status_code == 404


@pytest.mark.parametrize("side", ["agent", "contact"])
def test_longer_conversations_ask_no_more(
    request: pytest.FixtureRequest, console_app: Any, portal_app: Any, acme: Any, agent: Caller, long: Any, side: str
) -> None:
    caller: Caller = request.getfixturevalue(side)
    parts = LISTS if side == "agent" else tuple(part for part in LISTS if part != "notes")

    def asked() -> dict[str, int]:
        numbers = {}
        for part in parts:
            caller("GET", f"/tickets/{long.ref}/{part}?limit=200")
            with counted(console_app if side == "agent" else portal_app) as sent:
                assert len(caller("GET", f"/tickets/{long.ref}/{part}?limit=200").json["data"]) > 1
            numbers[part] = len(sent)
        return numbers

    few = asked()
    grow(console_app, acme, long, 3)
    send_files(agent, acme, long, 3)
    assert asked() == few
