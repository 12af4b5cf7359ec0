"""Re-filing into the right client, and one act on several tickets."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from msp.core import clock
from msp.core.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion
from msp.core.ids import new_id
from msp.itsm.sla import queries as sla
from msp.itsm.tickets import queries
from msp.itsm.tickets.services import bulk, conversation, moves, opening, refiling, triage
from tests.support import world

MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
LATER = MONDAY + timedelta(hours=2)


def opened(app: Any, company: Any, subject: str = "Printer on fire", **options: Any) -> Any:
    requester = company.actor()
    with clock.at(MONDAY), world.acting(app, requester):
        return opening.open_ticket(company.id, subject, body="It smells.", by=requester, **options)


@pytest.fixture
def agent(console_app: Any, acme: Any, birch: Any) -> Any:
    return world.agent(console_app, clients=[acme.id, birch.id])[1]


@pytest.fixture
def ticket(console_app: Any, acme: Any, agent: Any) -> Any:
    """A ticket at the wrong client with its description, a reply and a note."""
    made = opened(console_app, acme, impact=1)
    with clock.at(MONDAY + timedelta(hours=1)), world.acting(console_app, agent):
        conversation.reply(made.id, "Which one?", by=agent)
        conversation.add_note(made.id, "They belong to Birch.", by=agent)
    return made


def refiled(app: Any, ticket: Any, to: Any, by: Any, **options: Any) -> Any:
    with clock.at(LATER), world.acting(app, by):
        return refiling.refile(ticket.id, to=to.id, requester_id=to.people["requester"].id, by=by, **options)


def test_the_ticket_goes_on_in_the_right_client(
    console_app: Any, acme: Any, birch: Any, agent: Any, ticket: Any
) -> None:
    with world.acting(console_app, agent):
        public = [m.id for m in queries.messages(ticket, by=agent) if not m.is_internal]
    made = refiled(console_app, ticket, birch, agent, message_ids=public)
    assert (made.tenant_id, made.opened_at, made.ref) == (birch.id, MONDAY, f"{birch.tenant.key}-1")
    assert (made.subject, made.impact, made.message_count) == ("Printer on fire", 1, 2)
    with world.acting(console_app, agent):
        [due] = [row.due_at for row in sla.clocks(birch.id, [made.id]) if row.kind == "response"]
        assert due == MONDAY + timedelta(hours=1), "P2 is answered within an hour of the original opening"
        first, reply = queries.messages(made, by=agent)
        assert (first.author_name, first.author_id) == (birch.people["requester"].name, birch.people["requester"].id)
        assert (reply.author_name, reply.body) == (agent.name, "Which one?")
        old = queries.visible_ticket(ticket.id, by=agent)
        assert (old.status, old.is_open, old.closed_at) == ("misfiled", False, LATER)
        assert {row.standing for row in sla.clocks(acme.id, [ticket.id])} == {"stopped"}
        assert [(r.direction, r.other_ref) for r in queries.refilings(old)] == [("to", made.ref)]
        assert [(r.direction, r.other_ref) for r in queries.refilings(made)] == [("from", ticket.ref)]


def test_neither_client_learns_of_the_other(console_app: Any, acme: Any, birch: Any, agent: Any, ticket: Any) -> None:
    with world.acting(console_app, agent):
        public = [m.id for m in queries.messages(ticket, by=agent) if not m.is_internal]
    made = refiled(console_app, ticket, birch, agent, message_ids=public)
    for company, foreign, seen in ((acme, birch, ticket), (birch, acme, made)):
        admin = company.actor("admin")
        with world.acting(console_app, admin):
            own = queries.visible_ticket(seen.id, by=admin)
            told = [entry.data for entry in queries.timeline(own, by=admin)]
            said = [(m.author_name, m.body) for m in queries.messages(own, by=admin)]
            assert said, "the control"
            text = f"{told} {said} {own.waiting_reason}"
            assert foreign.tenant.key not in text
            assert foreign.tenant.name not in text
            assert "They belong" not in text


def test_old_messages_go_along(console_app: Any, birch: Any, agent: Any, ticket: Any) -> None:
    """Also one that more came after than a page shows, in the order in which they were written."""
    with clock.at(LATER), world.acting(console_app, agent):
        first = queries.messages(ticket, by=agent)[0]
        wrote = [conversation.reply(ticket.id, f"Reply {number}", by=agent) for number in range(201)]
        assert first.id not in [message.id for message in queries.messages(ticket, by=agent)]
    made = refiled(console_app, ticket, birch, agent, message_ids=[wrote[3].id, first.id])
    with world.acting(console_app, agent):
        assert [message.body for message in queries.messages(made, by=agent)] == [first.body, "Reply 3"]


def test_notes_never_go_along(console_app: Any, birch: Any, agent: Any, ticket: Any) -> None:
    with world.acting(console_app, agent):
        [note] = [m.id for m in queries.messages(ticket, by=agent) if m.is_internal]
    with pytest.raises(Invalid, match="public"):
        refiled(console_app, ticket, birch, agent, message_ids=[note])


def test_refiling_is_refused(console_app: Any, acme: Any, birch: Any, agent: Any, ticket: Any) -> None:
    with pytest.raises(Forbidden):
        refiled(console_app, ticket, birch, world.agent(console_app, "read_only")[1])
    with pytest.raises(NotFound):
        refiled(console_app, ticket, birch, world.agent(console_app, clients=[acme.id])[1])
    with pytest.raises(NotFound):
        refiled(console_app, ticket, birch, world.agent(console_app, clients=[birch.id])[1])
    with pytest.raises(Invalid, match="already"):
        refiled(console_app, ticket, acme, agent)
    with pytest.raises(StaleVersion):
        refiled(console_app, ticket, birch, agent, version=ticket.version - 1)
    with pytest.raises(Invalid, match="contact"), world.acting(console_app, agent):
        refiling.refile(ticket.id, to=birch.id, requester_id=acme.people["requester"].id, by=agent)
    refiled(console_app, ticket, birch, agent)
    with pytest.raises(Conflict):
        refiled(console_app, ticket, birch, agent)


def test_one_act_on_several_tickets_fails_ticket_by_ticket(console_app: Any, acme: Any, agent: Any) -> None:
    one, two, three = (opened(console_app, acme, f"Number {number}") for number in range(3))
    with world.acting(console_app, agent):
        moves.move(two.id, "cancelled", by=agent)
    with world.acting(console_app, agent):
        results = bulk.apply(
            [three.id, two.id, one.id, new_id()], lambda id: moves.move(id, "resolved", by=agent), by=agent
        )
    assert [result.ref for result in results] == [three.ref, two.ref, one.ref, "–"]
    assert [bool(result.problem) for result in results] == [False, True, False, True]
    with world.acting(console_app, agent):
        assert [queries.visible_ticket(t.id, by=agent).status for t in (one, two, three)] == [
            "resolved", "cancelled", "resolved",
        ]  # fmt: skip


def test_copies_of_a_refiling_that_fails_are_swept(
    console_app: Any, acme: Any, birch: Any, agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from io import BytesIO

    import sqlalchemy as sa
    from PIL import Image

    from msp.core.db import db
    from msp.core.files import here
    from msp.core.files.storage import FileMissing, file_key
    from msp.itsm.tickets.models import Attachment
    from msp.itsm.tickets.services import files

    picture = BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    made = opened(console_app, acme)
    with clock.at(MONDAY), world.acting(console_app, agent):
        sent = [files.upload(acme.id, "red.png", BytesIO(picture.getvalue()), by=agent).id]
        message = conversation.reply(made.id, "See this.", by=agent, attachment_ids=sent)

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("the database has gone away")

    with monkeypatch.context() as patched:
        patched.setattr(refiling.moves, "follow", fails)
        with pytest.raises(RuntimeError, match="gone away"):
            refiled(console_app, made, birch, agent, message_ids=[message.id], attachment_ids=sent)
    with world.as_staff(console_app):
        [left] = db.session.scalars(sa.select(Attachment).where(Attachment.tenant_id == birch.id)).all()
        keys = [left.storage_key, file_key(birch.id, left.id, "png")]
        assert (left.state, left.ticket_id, left.is_internal) == ("pending", None, True)
        assert all(b"".join(here.storage().get(key)) for key in keys), "the bytes are there"
    with clock.at(LATER + timedelta(hours=25)), world.as_staff(console_app):
        files.sweep()
    with world.as_staff(console_app):
        for key in keys:
            with pytest.raises(FileMissing):
                b"".join(here.storage().get(key))
        assert db.session.scalars(sa.select(Attachment.state).where(Attachment.tenant_id == birch.id)).all() == ["swept"]
        assert db.session.scalars(sa.select(Attachment.state).where(Attachment.tenant_id == acme.id)).all() == ["bound"]


def test_an_act_that_failed_halfway_leaves_nothing(console_app: Any, acme: Any, agent: Any) -> None:
    ticket = opened(console_app, acme)

    def half(id: Any) -> None:
        triage.set_tags(id, ["paper"], by=agent)
        moves.move(id, "waiting_for_client", by=agent)

    with world.acting(console_app, agent):
        [result] = bulk.apply([ticket.id], half, by=agent)
        assert "waits for" in (result.problem or "")
    with world.acting(console_app, agent):
        assert queries.tags(ticket) == []


def test_a_right_that_is_lacking_stops_all(console_app: Any, acme: Any) -> None:
    ticket = opened(console_app, acme)
    reader = world.agent(console_app, "read_only")[1]
    with pytest.raises(Forbidden), world.acting(console_app, reader):
        bulk.apply([ticket.id], lambda id: moves.move(id, "resolved", by=reader), by=reader)
    with pytest.raises(Invalid, match="Choose"), world.acting(console_app, reader):
        bulk.apply([], lambda id: None, by=reader)


def test_the_files_that_are_picked_go_along_as_copies(console_app: Any, acme: Any, birch: Any, agent: Any) -> None:
    from io import BytesIO

    from msp.core.files import here
    from msp.itsm.tickets.services import files

    made = opened(console_app, acme)
    with clock.at(MONDAY), world.acting(console_app, agent):
        sent = [files.upload(acme.id, f"{name}.txt", BytesIO(name.encode() * 9), by=agent).id for name in ("wanted", "left")]
        hidden = files.upload(acme.id, "hidden.txt", BytesIO(b"secret plan"), by=agent).id
        conversation.reply(made.id, "See these.", by=agent, attachment_ids=sent)
        conversation.add_note(made.id, "And this.", by=agent, attachment_ids=[hidden])
    with world.acting(console_app, agent):
        public = [m.id for m in queries.messages(made, by=agent) if not m.is_internal]
        originals = {file.name: file for file in queries.attachments(made, by=agent)}
    for wrong in (hidden, new_id()):
        with pytest.raises(Invalid, match="Only files of messages"):
            refiled(console_app, made, birch, agent, message_ids=public, attachment_ids=[wrong])
    with pytest.raises(Invalid, match="Only files of messages"):
        refiled(console_app, made, birch, agent, attachment_ids=[originals["wanted.txt"].id])
    there = refiled(console_app, made, birch, agent, message_ids=public, attachment_ids=[originals["wanted.txt"].id])
    requester = birch.actor()
    with world.acting(console_app, requester):
        [copy] = queries.attachments(queries.visible_ticket(there.id, by=requester), by=requester)
        assert (copy.name, copy.tenant_id, copy.state, copy.is_internal) == ("wanted.txt", birch.id, "bound", False)
        assert b"".join(here.storage().get(copy.storage_key)) == b"wanted" * 9
    assert copy.storage_key != originals["wanted.txt"].storage_key
    with world.acting(console_app, agent):
        assert len(queries.attachments(queries.visible_ticket(made.id, by=agent), by=agent)) == 3
