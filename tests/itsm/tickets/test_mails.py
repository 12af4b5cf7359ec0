"""Who hears of what happens to a ticket, read from every message that an SMTP server got; notes are in none of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db
from msp.core.notify import queries as notifications
from msp.core.notify import services as notify
from msp.core.outbox import services as outbox
from msp.core.outbox import worker
from msp.core.outbox.models import Outbox
from msp.core.paging import Cursors
from msp.itsm.tickets.services import conversation, letters, moves, requester, triage
from tenants.models import Agent, Contact
from tenants.services import people
from tests.conftest import SECRET
from tests.itsm.sla import passing
from tests.itsm.sla.passing import MINUTE, at, incident
from tests.support import post, world
from tests.support.post import Post, text_of

NINE = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
SECRET_WORD = "they-set-it-on-fire-themselves"


@pytest.fixture
def office(console_app: Any) -> Iterator[Post]:
    with post.office(console_app) as made:
        yield made


@pytest.fixture
def agent(console_app: Any) -> Any:
    return world.agent(console_app)[1]


def address(app: Any, actor: Any) -> str:
    with world.as_staff(app):
        return str(db.session.get_one(Agent, actor.id).e_mail)


def test_every_mail_of_a_tickets_life_and_a_note_in_none(console_app: Any, acme: Any, office: Post, agent: Any) -> None:
    asker, manager = acme.people["requester"], acme.people["manager"]
    passing.promise(console_app, acme, passing.step(50, passing.notify(), {"kind": "note", "to": SECRET_WORD}))
    ticket = incident(console_app, acme, NINE)
    with at(console_app, NINE, agent):
        triage.assign(ticket.id, by=agent, assignee_id=agent.id)
        triage.add_follower(ticket.id, by=agent, contact_id=manager.id)
    passing.work(console_app, NINE, mail=True)
    [confirmation] = office.to(asker.e_mail)
    assert confirmation["Subject"] == f"[{ticket.ref}] Printer on fire"
    assert confirmation["Auto-Submitted"] == "auto-replied"
    assert f"http://{acme.host}/tickets/{ticket.ref}" in text_of(confirmation)
    assert f"A fix by today {NINE + 100 * MINUTE:%H:%M}" in text_of(confirmation)
    assert office.to(address(console_app, agent)) == [], "he took it himself"

    with at(console_app, NINE + 20 * MINUTE, agent):
        conversation.add_note(ticket.id, f"Between us: {SECRET_WORD}", by=agent)
    passing.pass_time(console_app, NINE + 50 * MINUTE)
    with at(console_app, NINE + 55 * MINUTE, agent):
        conversation.reply(
            ticket.id, "Please send a picture.", by=agent, then="waiting_for_client", reason="Asked for a picture"
        )
    contact = acme.actor()
    with at(console_app, NINE + 56 * MINUTE, contact):
        conversation.reply(ticket.id, "It is gone by now.", by=contact)
    with at(console_app, NINE + 60 * MINUTE, agent):
        moves.move(ticket.id, "resolved", by=agent)
    passing.work(console_app, NINE + 61 * MINUTE, mail=True)

    subjects = [mail["Subject"] for mail in office.to(address(console_app, agent))]
    assert subjects == [f"[{ticket.ref}] 50 % of the resolution time is used"]
    own, others = office.to(asker.e_mail), office.to(manager.e_mail)
    assert ["Please send a picture." in text_of(mail) for mail in own] == [False, True, False]
    assert "is fixed" in text_of(own[2])
    assert ["It is gone by now." in text_of(mail) for mail in others] == [False, True]
    assert own[1]["Auto-Submitted"] is None, "a person wrote it"
    assert len({mail["References"] for mail in own}) == 1
    assert own[0]["References"] != others[0]["References"], "a thread for each reader"
    assert len([mail for mail in office.mails if ticket.ref in mail["Subject"]]) == 6, "nobody else got any"
    for mail in office.mails:
        assert SECRET_WORD not in text_of(mail)
        assert SECRET_WORD not in mail.as_string()


def test_a_note_cannot_be_passed_on_even_if_asked(console_app: Any, acme: Any, office: Post, agent: Any) -> None:
    ticket = incident(console_app, acme, NINE)
    with at(console_app, NINE, agent):
        note = conversation.add_note(ticket.id, SECRET_WORD, by=agent)
        with pytest.raises(ValueError, match="never mailed"):
            letters.pass_on(ticket, note)
    with world.as_staff(console_app):
        id = outbox.enqueue(
            "tickets.replied", {"ticket_id": str(ticket.id), "message_id": str(note.id)}, tenant_id=acme.id
        )
    with console_app.app_context():
        assert worker.do(id) == "parked"
    assert office.mails == []


def test_what_our_people_are_told_and_what_they_have_read(console_app: Any, acme: Any, agent: Any) -> None:
    _, lead = world.agent(console_app, "lead")
    with world.as_staff(console_app) as by:
        team = people.add_team(world.unique("Team "), by=by)
        people.set_members(team.id, {agent.id: False}, by=by)
    ticket = incident(console_app, acme, NINE)
    with at(console_app, NINE + MINUTE, lead):
        triage.assign(ticket.id, by=lead, team_id=team.id)
    with at(console_app, NINE + 2 * MINUTE, lead):
        triage.assign(ticket.id, by=lead, team_id=team.id, assignee_id=agent.id)
    contact = acme.actor()
    with at(console_app, NINE + 3 * MINUTE, contact):
        conversation.reply(ticket.id, "Any news?", by=contact)
    passing.work(console_app, NINE + 4 * MINUTE)
    kinds = [(id, kind) for id, kind, _ in passing.told(console_app, ticket)]
    assert kinds == [(agent.id, "assignment"), (agent.id, "assignment"), (agent.id, "reply")]
    with world.acting(console_app, agent):
        assert notifications.unread_count(by=agent) == 3
        first = notifications.notifications(by=agent, cursors=Cursors([SECRET]), limit=2)
        second = notifications.notifications(by=agent, cursors=Cursors([SECRET]), limit=2, cursor=first.next)
        assert [row.kind for row in (*first.rows, *second.rows)][-1] == "assignment"
        assert len(first.rows) + len(second.rows) == 3
        assert notify.mark_read(by=agent, id=first.rows[0].id) == 1
        assert notify.mark_read(by=agent, subject_id=ticket.id) == 2
        assert (notifications.unread_count(by=agent), notify.mark_read(by=agent)) == (0, 0)
    with world.acting(console_app, lead):
        assert notifications.unread_count(by=lead) == 0
        assert notify.mark_read(by=lead, id=first.rows[0].id) == 0, "another's notification is not his to read"


def test_an_agent_who_no_longer_sees_the_client_reads_nothing_of_it(
    console_app: Any, acme: Any, birch: Any, agent: Any
) -> None:
    with world.as_staff(console_app):
        notify.tell([notify.News(acme.id, agent.id, "reply", "ticket", acme.id, "X-1", "Words of Acme")])
    _, limited = world.agent(console_app, clients=[birch.id])
    narrowed = replace(agent, tenant_ids=limited.tenant_ids)
    with world.acting(console_app, narrowed):
        assert notifications.unread_count(by=narrowed) == 0
        assert notifications.notifications(by=narrowed, cursors=Cursors([SECRET])).rows == []
    with world.acting(console_app, acme.actor()):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            db.session.execute(sa.text("SELECT 1 FROM notification"))
        db.session.rollback()


def test_a_reply_that_resolves_says_so_once(console_app: Any, acme: Any, office: Post, agent: Any) -> None:
    ticket = incident(console_app, acme, NINE)
    with at(console_app, NINE + MINUTE, agent):
        conversation.reply(ticket.id, "A new one is on its way.", by=agent, then="resolved")
    passing.work(console_app, NINE + 2 * MINUTE, mail=True)
    mails = office.to(acme.people["requester"].e_mail)
    assert len(mails) == 2, "the confirmation and the reply"
    assert "Fixed" in text_of(mails[1])


def test_a_resolution_entered_as_earlier_than_the_last_reply_is_told(console_app: Any, acme: Any, office: Post) -> None:
    _, lead = world.agent(console_app, "lead")
    ticket = incident(console_app, acme, NINE)
    with at(console_app, NINE + 60 * MINUTE, lead):
        conversation.reply(ticket.id, "We look.", by=lead)
    with at(console_app, NINE + 120 * MINUTE, lead):
        moves.move(ticket.id, "resolved", by=lead, occurred_at=NINE + 45 * MINUTE, reason="It was a loose plug")
    passing.work(console_app, NINE + 121 * MINUTE, mail=True)
    assert "is fixed" in text_of(office.to(acme.people["requester"].e_mail)[-1])


def test_agents_choose_what_is_mailed(console_app: Any, acme: Any, office: Post, agent: Any) -> None:
    assert notify.wants_mail({}, "escalation")
    assert not notify.wants_mail({}, "reply")
    assert notify.wants_mail({"mail": {"reply": True}}, "reply")
    with world.as_staff(console_app):
        db.session.get_one(Agent, agent.id).preferences = {"mail": {"assignment": False, "reply": True}}
    _, lead = world.agent(console_app, "lead")
    ticket = incident(console_app, acme, NINE)
    with at(console_app, NINE, lead):
        triage.assign(ticket.id, by=lead, assignee_id=agent.id)
    contact = acme.actor()
    with at(console_app, NINE + timedelta(minutes=1), contact):
        conversation.reply(ticket.id, "Hello?", by=contact)
    passing.work(console_app, NINE + 2 * MINUTE, mail=True)
    [mail] = office.to(address(console_app, agent))
    assert "replied: Printer on fire" in text_of(mail)


def test_a_reply_is_mailed_to_those_it_was_written_to(console_app: Any, acme: Any, office: Post, agent: Any) -> None:
    asked, other, follower = (acme.people[name] for name in ("requester", "manager", "admin"))
    ticket = incident(console_app, acme, NINE)
    with at(console_app, NINE, agent):
        follows = triage.add_follower(ticket.id, by=agent, contact_id=follower.id)
    passing.work(console_app, NINE, mail=True)
    office.envelopes.clear()
    with at(console_app, NINE + MINUTE, agent):
        conversation.reply(ticket.id, "It is in your drawer.", by=agent)
    with at(console_app, NINE + 2 * MINUTE, agent):  # the workers are behind
        requester.change_requester(ticket.id, other.id, by=agent)
    passing.work(console_app, NINE + 3 * MINUTE, mail=True)
    assert [len(office.to(each.e_mail)) for each in (asked, other, follower)] == [1, 0, 1]
    assert "because you asked for it" in text_of(office.to(asked.e_mail)[0])
    office.envelopes.clear()
    with at(console_app, NINE + 4 * MINUTE, agent):
        conversation.reply(ticket.id, "And in yours.", by=agent)
    with at(console_app, NINE + 5 * MINUTE, agent):
        triage.remove_follower(ticket.id, follows.id, by=agent)
        triage.add_follower(ticket.id, by=agent, contact_id=asked.id)
    with world.as_staff(console_app) as staff:
        version = db.session.get_one(Contact, (acme.id, other.id)).version
        people.change_contact(other.id, version=version, is_active=False, by=staff)
    passing.work(console_app, NINE + 6 * MINUTE, mail=True)
    assert [len(office.to(each.e_mail)) for each in (asked, other, follower)] == [0, 0, 0], "left, taken off, or came later"


def test_a_job_of_before_names_no_readers(console_app: Any, acme: Any, office: Post, agent: Any) -> None:
    ticket = incident(console_app, acme, NINE)
    passing.work(console_app, NINE, mail=True)
    office.envelopes.clear()
    with at(console_app, NINE, agent):
        message = conversation.reply(ticket.id, "Is it out?", by=agent)
    passing.work(console_app, NINE)
    with world.as_staff(console_app):
        db.session.execute(sa.delete(Outbox).where(Outbox.done_at.is_(None)))
        args = {"ticket_id": str(ticket.id), "message_id": str(message.id)}
        outbox.enqueue("tickets.replied", args, tenant_id=acme.id)
    passing.work(console_app, clock.now(), mail=True)
    [mail] = office.to(acme.people["requester"].e_mail)
    assert "Is it out?" in text_of(mail)
