"""Another of the client's people takes the requester's place: by our side alone, told, kept, and never a foreign one."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from msp.core import clock, events
from msp.core.errors import Forbidden, Invalid, StaleVersion
from msp.itsm.tickets import queries
from msp.itsm.tickets.events import TicketRequesterChanged
from msp.itsm.tickets.services import conversation, opening, requester
from tenants.permissions import Permission
from tenants.services import people
from tests.itsm.sla import passing
from tests.support import identity, post, world
from tests.support.caller import Caller
from tests.support.servers import Servers

MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def ticket(console_app: Any, acme: Any) -> Any:
    by = acme.actor()
    with clock.at(MONDAY), world.acting(console_app, by):
        return opening.open_ticket(acme.id, "No mail", body="Since noon.", by=by)


@pytest.fixture
def colleague(console_app: Any, acme: Any) -> Any:
    """Another who reads his own tickets only."""
    with world.as_staff(console_app) as by:
        acme.people["colleague"] = people.add_contact(
            acme.id, "Colin Colleague", e_mail=f"{world.unique('colin')}@acme.example", roles=("requester",), by=by
        )
    return acme.people["colleague"]


def test_another_takes_the_place(
    console_app: Any, servers: Servers, acme: Any, ticket: Any, colleague: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Any] = []
    monkeypatch.setitem(events._handlers, TicketRequesterChanged, [heard.append])
    by, before = world.agent(console_app)[1], acme.people["requester"]
    with clock.at(MONDAY.replace(hour=10)), world.acting(console_app, by):
        changed = requester.change_requester(ticket.id, colleague.id, by=by, version=1)
        assert (changed.requester_id, changed.requester_name, changed.version) == (colleague.id, "Colin Colleague", 2)
        entry = queries.timeline(changed, by=by)[-1]
        assert (entry.kind, entry.data, entry.is_internal) == (
            "requester_changed", {"from": before.name, "to": "Colin Colleague"}, False,
        )  # fmt: skip
        assert entry.actor_id == by.id
        assert changed.updated_at == clock.now()
        assert [message.author_name for message in queries.messages(changed, by=by)] == [before.name], "what was said stays his"
        again = requester.change_requester(ticket.id, colleague.id, by=by, version=2)
        assert (again.version, len(queries.timeline(changed, by=by))) == (2, 2), "nothing changed, nothing told"
    assert heard == [TicketRequesterChanged(acme.id, ticket.id, before.id, colleague.id)]
    [kept] = identity.rows(servers, "SELECT * FROM audit_entry WHERE subject_id = %s AND action = 'changed'", ticket.id)
    assert (kept["actor_id"], kept["actor_kind"]) == (by.id, "agent")
    assert str(colleague.id) in str(kept)


def test_the_new_one_reads_it_and_is_told_in_the_portals_words(
    console_app: Any, portal_app: Any, portal_of: Any, acme: Any, ticket: Any, colleague: Any
) -> None:
    new, old = (Caller(portal_app, acme.host, acme.actor(name)) for name in ("colleague", "requester"))
    by, one = world.agent(console_app)[1], f"/tickets/{ticket.ref}"
    assert (new("GET", one).status_code, old("GET", one).status_code) == (404, 200)
    with world.acting(console_app, by):
        requester.change_requester(ticket.id, colleague.id, by=by)
    assert (new("GET", one).status_code, old("GET", one).status_code) == (200, 404)
    said = f"{by.name} made Colin Colleague the requester in place of {acme.people['requester'].name}"
    assert said in [row["text"] for row in new("GET", f"{one}/timeline").json["data"]]
    assert said in portal_of(acme, "colleague").get(f"/requests/{ticket.ref}").text
    assert portal_of(acme).get(f"/requests/{ticket.ref}").status_code == 404
    assert new("GET", "/tickets?q=no+mail").json["data"][0]["requester_name"] == "Colin Colleague"


def test_mail_goes_to_the_new_one(console_app: Any, acme: Any, ticket: Any, colleague: Any) -> None:
    by = world.agent(console_app)[1]
    with post.office(console_app) as office:
        passing.work(console_app, MONDAY, mail=True)
        office.envelopes.clear()
        with passing.at(console_app, MONDAY, by):
            requester.change_requester(ticket.id, colleague.id, by=by)
            conversation.reply(ticket.id, "Which mailbox?", by=by)
        passing.work(console_app, MONDAY, mail=True)
        assert [len(office.to(acme.people[name].e_mail)) for name in ("colleague", "requester")] == [1, 0]


def test_who_may_not(console_app: Any, acme: Any, birch: Any, ticket: Any, colleague: Any) -> None:
    reader = world.agent(console_app, "read_only")[1]
    contact = acme.actor("admin")
    bold = replace(contact, permissions=contact.permissions | {Permission.TICKET_TRIAGE})
    for by in (reader, contact, bold):
        with pytest.raises(Forbidden), world.acting(console_app, by):
            requester.change_requester(ticket.id, colleague.id, by=by)
    with world.acting(console_app, reader):
        unchanged = queries.visible_ticket(ticket.id, by=reader)
        assert (unchanged.requester_name, unchanged.version) == (acme.people["requester"].name, 1)
        assert [entry.kind for entry in queries.timeline(unchanged, by=reader)] == ["opened"]


def test_only_an_active_contact_of_the_client(console_app: Any, acme: Any, birch: Any, ticket: Any, colleague: Any) -> None:
    by = world.agent(console_app, "lead")[1]
    with world.as_staff(console_app) as staff:
        people.change_contact(colleague.id, version=colleague.version, is_active=False, by=staff)
    for wrong in (birch.people["requester"].id, colleague.id, by.id, uuid4()):
        with pytest.raises(Invalid) as refused, world.acting(console_app, by):
            requester.change_requester(ticket.id, wrong, by=by, version=1)
        assert [error.pointer for error in refused.value.errors] == ["/requester_id"]
    with pytest.raises(StaleVersion), world.acting(console_app, by):
        requester.change_requester(ticket.id, acme.people["admin"].id, by=by, version=7)


# --- Over the API -----------------------------------------------------------------------------------------------------


def test_a_patch_changes_it_with_the_rest_or_not_at_all(agent: Caller, acme: Any, birch: Any, ticket: Any, colleague: Any) -> None:
    one = f"/tickets/{ticket.ref}"
    tag = {"If-Match": agent("GET", one).headers["ETag"]}
    foreign = agent("PATCH", one, tag, json={"requester_id": str(birch.people["admin"].id), "impact": 1})
    assert (foreign.status_code, foreign.json["errors"][0]["pointer"]) == (422, "/requester_id")
    assert foreign.json["errors"][0]["message"] == "There is no such contact at this client."
    no_category = agent("PATCH", one, tag, json={"requester_id": str(colleague.id), "category_id": str(uuid4())})
    assert (no_category.status_code, no_category.json["errors"][0]["pointer"]) == (422, "/category_id")
    assert agent("GET", one).headers["ETag"] == tag["If-Match"], "half of it was not saved"
    for value in (None, "", "nobody", 7, []):
        bad = agent("PATCH", one, tag, json={"requester_id": value})
        assert (bad.status_code, bad.json["errors"][0]["pointer"]) == (422, "/requester_id"), value
    assert agent("PATCH", one, json={"requester_id": str(colleague.id)}).status_code == 428
    saved = agent("PATCH", one, tag, json={"requester_id": str(colleague.id), "impact": 1})
    assert (saved.status_code, saved.json["requester_name"], saved.json["impact"]) == (200, "Colin Colleague", 1)
    assert saved.json["requester_id"] == str(colleague.id)
    kinds = [row["kind"] for row in agent("GET", f"{one}/timeline").json["data"]]
    assert sorted(kinds) == ["classified", "opened", "requester_changed"]
    stale = agent("PATCH", one, tag, json={"requester_id": str(acme.people["admin"].id)})
    assert stale.status_code == 412
    assert agent("PATCH", one, {"If-Match": saved.headers["ETag"]}, json={"requester_id": str(acme.people["admin"].id)}).status_code == 200


def test_others_cannot_over_the_api(console_app: Any, contact: Caller, acme: Any, birch: Any, ticket: Any, colleague: Any) -> None:
    one, body = f"/tickets/{ticket.ref}", {"requester_id": str(colleague.id)}
    assert contact("PATCH", one, {"If-Match": "*"}, json=body).status_code == 403
    limited = Caller(console_app, "console.localhost", world.agent(console_app, clients=[birch.id])[1])
    assert limited("PATCH", one, {"If-Match": "*"}, json=body).status_code == 404
    reader = Caller(console_app, "console.localhost", world.agent(console_app, "agent")[1], "tickets:read")
    assert reader("PATCH", one, {"If-Match": "*"}, json=body).status_code == 403
