"""The one question: asked once a resolving, answered once, by a link that opens nothing else."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db
from msp.core.outbox.models import Outbox
from msp.core.secrets import Keyring
from msp.itsm.csat import links, queries, services
from msp.itsm.csat.models import Survey
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import conversation, moves, opening, requester
from tenants import hosts
from tenants import queries as tenants
from tenants.services import clients
from tests.conftest import SECRET
from tests.support import world

KEYS = Keyring([SECRET])


@pytest.fixture
def ticket(console_app: Any, acme: Any) -> Ticket:
    """A ticket that an agent has resolved."""
    with world.acting(console_app, acme.actor()) as by:
        made = opening.open_ticket(acme.id, "Scanner is slow", body="x", by=by)
    _, agent = world.agent(console_app)
    with world.acting(console_app, agent):
        conversation.reply(made.id, "Done.", by=agent, then="resolved")
    return made


def surveys(app: Any, ticket: Ticket) -> list[Survey]:
    with world.as_staff(app):
        return list(db.session.query(Survey).filter_by(ticket_id=ticket.id).order_by(Survey.asked_at))


def link_of(app: Any, ticket: Ticket) -> str:
    survey = surveys(app, ticket)[-1]
    return f"/rate/{links.token_of(survey.id, survey.contact_id, tenant_id=survey.tenant_id, keys=KEYS)}"


def post(browser: Any, link: str, **fields: Any) -> Any:
    found = re.search(r'name="csrf-token" content="([^"]+)"', browser.get(link).text)
    assert found
    return browser.post(link, data={"csrf_token": found.group(1), **fields})


def mailed(app: Any, kind: str) -> list[dict[str, Any]]:
    with world.as_staff(app):
        return list(db.session.scalars(sa.select(Outbox.args).where(Outbox.kind == kind)))


def questions_to(app: Any, address: str | None) -> list[dict[str, Any]]:
    return [args for args in mailed(app, "mail.send") if args.get("template") == "question" and args["to"] == address]


def test_opening_the_link_records_nothing_and_sending_it_records_once(
    console_app: Any, acme: Any, portal_of: Any, ticket: Ticket
) -> None:
    stranger, link = portal_of(acme, None), link_of(console_app, ticket)
    shown = stranger.get(f"{link}?score=5")
    assert shown.status_code == 200
    assert re.search(r'value="5" required checked', shown.text)
    assert surveys(console_app, ticket)[0].answered_at is None
    answer = post(stranger, link, score="4", comment=" Quick. ")
    assert answer.status_code == 200
    assert "Thank you" in answer.text
    [survey] = surveys(console_app, ticket)
    assert (survey.score, survey.comment) == (4, "Quick.")
    again = stranger.get(link)
    assert "Thank you" in again.text
    assert "<textarea" not in again.text
    with world.as_staff(console_app) as by:
        entry = tickets.timeline(tickets.visible_ticket(ticket.id, by=by), by=by)[-1]
    assert (entry.kind, entry.data, entry.actor_name) == ("rated", {"score": 4}, acme.people["requester"].name)


def test_the_link_opens_nothing_else(console_app: Any, acme: Any, portal_of: Any, ticket: Ticket) -> None:
    stranger, link = portal_of(acme, None), link_of(console_app, ticket)
    post(stranger, link, score="4")
    assert stranger.get(f"/requests/{ticket.ref}").status_code == 302
    assert "/sign-in" in stranger.get("/").location


def test_a_link_that_we_did_not_sign_for_this_host_is_none(
    console_app: Any, acme: Any, birch: Any, portal_of: Any, ticket: Ticket
) -> None:
    link, survey = link_of(console_app, ticket), surveys(console_app, ticket)[0]
    altered = link[:-3] + ("aaa" if link[-3:] != "aaa" else "bbb")
    elsewhere = links.token_of(survey.id, survey.contact_id, tenant_id=birch.id, keys=KEYS)
    other_key = links.token_of(survey.id, survey.contact_id, tenant_id=acme.id, keys=Keyring(["k" * 40]))
    somebody = links.token_of(survey.id, acme.people["manager"].id, tenant_id=acme.id, keys=KEYS)
    nothing = links.token_of(uuid4(), survey.contact_id, tenant_id=acme.id, keys=KEYS)
    for company, path in [
        (acme, altered), (birch, link), (birch, f"/rate/{elsewhere}"), (acme, f"/rate/{other_key}"),
        (acme, f"/rate/{somebody}"), (acme, f"/rate/{nothing}"), (acme, "/rate/x"), (acme, "/rate/é.é"),
    ]:  # fmt: skip
        answer = portal_of(company, None).get(path)
        assert answer.status_code == 404, path
        assert ticket.subject not in answer.text


def test_an_answer_outside_the_five_is_refused_and_the_comment_kept(
    console_app: Any, acme: Any, portal_of: Any, ticket: Ticket
) -> None:
    link = link_of(console_app, ticket)
    for score in ("", "0", "6", "five", "4 "):
        refused = post(portal_of(acme, None), link, score=score, comment="I <mean> it")
        assert refused.status_code == 422
        assert "I &lt;mean&gt; it" in refused.text
    assert surveys(console_app, ticket)[0].score is None
    assert portal_of(acme, None).post(link, data={"score": "4"}).status_code == 400, "no form of ours"


def test_it_closes_after_two_weeks_and_when_the_ticket_is_taken_up_again(
    console_app: Any, acme: Any, portal_of: Any, ticket: Ticket
) -> None:
    stranger, link = portal_of(acme, None), link_of(console_app, ticket)
    with clock.at(clock.now() + timedelta(days=15)):
        assert "This question is closed" in stranger.get(link).text
    with world.acting(console_app, acme.actor()) as by:
        moves.move(ticket.id, "open", by=by, reason="Still slow")
    closed = post(stranger, link, score="5")
    assert "This question is closed" in closed.text
    assert surveys(console_app, ticket)[0].score is None
    _, agent = world.agent(console_app)
    with world.acting(console_app, agent):
        moves.move(ticket.id, "resolved", by=agent)
    assert [row.withdrawn_at is None for row in surveys(console_app, ticket)] == [False, True]


def test_the_mail_holds_five_links_and_is_not_sent_in_vain(console_app: Any, acme: Any, ticket: Ticket) -> None:
    [survey] = surveys(console_app, ticket)
    asked = [args for args in mailed(console_app, services.SEND) if args["survey_id"] == str(survey.id)]
    assert len(asked) == 1
    address = acme.people["requester"].e_mail
    with world.as_staff(console_app):
        services.send(acme.id, survey.id)
    [mail] = questions_to(console_app, address)
    assert [choice["label"] for choice in mail["context"]["choices"]] == ["Excellent", "Good", "Fair", "Poor", "Bad"]
    assert all(choice["url"].keys() == {"sealed"} for choice in mail["context"]["choices"])
    assert "/rate/" not in str(mail)
    with world.acting(console_app, acme.actor()) as by:
        services.answer(survey.id, 5, by=by)
    with world.as_staff(console_app):
        services.send(acme.id, survey.id)
    assert len(questions_to(console_app, address)) == 1


def test_agents_read_the_answer_and_other_contacts_do_not(console_app: Any, acme: Any, ticket: Ticket) -> None:
    [survey] = surveys(console_app, ticket)
    with world.acting(console_app, acme.actor()) as by:
        services.answer(survey.id, 2, by=by, comment="Slow")
    _, agent = world.agent(console_app)
    with world.acting(console_app, agent):
        seen = tickets.visible_ticket(ticket.id, by=agent)
        assert [(row.score, row.comment) for row in queries.answers(seen)] == [(2, "Slow")]
    with world.acting(console_app, acme.actor("manager")) as by:
        assert queries.latest_survey(tickets.visible_ticket(ticket.id, by=by), by=by) is None


def test_who_cannot_be_reached_is_not_asked(console_app: Any, acme: Any) -> None:
    from tenants.services import people

    _, agent = world.agent(console_app)
    with world.as_staff(console_app) as by:
        silent = people.add_contact(acme.id, "No Address", by=by)
    with world.acting(console_app, agent):
        made = opening.open_ticket(acme.id, "By phone", body="x", requester_id=silent.id, source="phone", by=agent)
        moves.move(made.id, "resolved", by=agent)
    assert surveys(console_app, made) == []


def test_a_suspended_client_is_asked_nothing(
    console_app: Any, portal_app: Any, acme: Any, portal_of: Any, ticket: Ticket
) -> None:
    link = link_of(console_app, ticket)
    with world.as_staff(console_app) as by:
        client = tenants.visible_client(acme.id, by=by)
        clients.change_client(acme.id, version=client.version, status="suspended", by=by)
    with portal_app.app_context():
        hosts.forget()
    assert portal_of(acme, None).get(link).status_code == 403


def to_the_manager(app: Any, acme: Any, ticket: Ticket) -> None:
    _, agent = world.agent(app)
    with world.acting(app, agent):
        requester.change_requester(ticket.id, acme.people["manager"].id, by=agent)


def test_who_takes_the_requesters_place_is_asked_instead(
    console_app: Any, acme: Any, portal_of: Any, ticket: Ticket
) -> None:
    stranger, link, [old] = portal_of(acme, None), link_of(console_app, ticket), surveys(console_app, ticket)
    to_the_manager(console_app, acme, ticket)
    assert "This question is closed" in post(stranger, link, score="1").text
    former, successor = surveys(console_app, ticket)
    assert (former.id, former.withdrawn_at is None, former.score) == (old.id, False, None)
    assert (successor.contact_id, successor.withdrawn_at) == (acme.people["manager"].id, None)
    with world.as_staff(console_app):
        services.send(acme.id, former.id)
        services.send(acme.id, successor.id)
    assert questions_to(console_app, acme.people["requester"].e_mail) == []
    assert len(questions_to(console_app, acme.people["manager"].e_mail)) == 1
    with world.acting(console_app, acme.actor("manager")) as by:
        assert services.answer(successor.id, 3, by=by).score == 3


def test_what_is_answered_or_not_resolved_is_not_asked_of_the_next(console_app: Any, acme: Any, ticket: Ticket) -> None:
    [survey] = surveys(console_app, ticket)
    with world.acting(console_app, acme.actor()) as by:
        services.answer(survey.id, 5, by=by)
        unresolved = opening.open_ticket(acme.id, "Still broken", body="x", by=by)
    for each in (ticket, unresolved):
        to_the_manager(console_app, acme, each)
    assert [(row.id, row.score, row.withdrawn_at) for row in surveys(console_app, ticket)] == [(survey.id, 5, None)]
    assert surveys(console_app, unresolved) == []
    _, agent = world.agent(console_app)
    with world.acting(console_app, agent):
        moves.move(unresolved.id, "resolved", by=agent)
    assert [row.contact_id for row in surveys(console_app, unresolved)] == [acme.people["manager"].id]
