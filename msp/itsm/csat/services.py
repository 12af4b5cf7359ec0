"""Asking and answering the one question."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock, events
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db
from msp.core.errors import Conflict, Invalid
from msp.core.ids import new_id
from msp.core.mail import services as mail
from msp.core.outbox import services as outbox
from msp.core.secrets import Keyring
from msp.itsm.csat import links, queries
from msp.itsm.csat.events import SurveyAnswered
from msp.itsm.csat.models import Survey
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import timeline
from tenants import hosts
from tenants.models import Contact
from tenants.permissions import Permission

SEND = "csat.send"
SCORES = {5: "Excellent", 4: "Good", 3: "Fair", 2: "Poor", 1: "Bad"}
ASK_AFTER = timedelta(hours=1)  # time to say that it does not work after all
OPEN_FOR = timedelta(days=14)
COMMENT_LENGTH = 2000


class SurveyClosed(Conflict):
    """Answered already, too old, or the ticket was taken up again."""

    code, title = "survey_closed", "This question is closed"


def ask(ticket: Ticket) -> None:
    """Put the question to the requester, if there is a way to reach him; the mail follows later."""
    requester = db.session.get(Contact, (ticket.tenant_id, ticket.requester_id))
    if requester is None or requester.person_id is None or not requester.is_active:
        return
    now = clock.now()
    survey = Survey(
        tenant_id=ticket.tenant_id, id=new_id(), ticket_id=ticket.id, contact_id=requester.id, asked_at=now,
        expires_at=now + OPEN_FOR,
    )  # fmt: skip
    db.session.add(survey)
    db.session.flush()
    outbox.enqueue(SEND, {"survey_id": str(survey.id)}, tenant_id=ticket.tenant_id, run_after=now + ASK_AFTER)


def ask_successor(ticket: Ticket) -> None:
    """Another took the requester's place: the open question is withdrawn, and put to him where the ticket is still resolved.

    What was answered about this resolving stays, and nobody is asked about it again.
    """
    withdraw(ticket.tenant_id, ticket.id)
    if ticket.status != "resolved" or ticket.resolved_at is None:
        return
    answered = sa.select(sa.exists().where(
        Survey.tenant_id == ticket.tenant_id, Survey.ticket_id == ticket.id, Survey.answered_at >= ticket.resolved_at,
    ))  # fmt: skip
    if not db.session.scalar(answered):
        ask(ticket)


def withdraw(tenant_id: UUID, ticket_id: UUID) -> None:
    """Take back what is unanswered: the ticket is being worked on again, or is somebody else's."""
    statement = sa.select(Survey).where(
        Survey.tenant_id == tenant_id, Survey.ticket_id == ticket_id, Survey.answered_at.is_(None),
        Survey.withdrawn_at.is_(None),
    )  # fmt: skip
    for survey in db.session.scalars(statement):
        survey.withdrawn_at = clock.now()
    db.session.flush()


def send(tenant_id: UUID, survey_id: UUID) -> None:
    """Mail the question, unless it has been answered or withdrawn meanwhile; the work of the job."""
    survey = db.session.get(Survey, (tenant_id, survey_id))
    if survey is None or not survey.is_open(clock.now()):
        return
    contact = db.session.get(Contact, (tenant_id, survey.contact_id))
    ticket = db.session.get(Ticket, (tenant_id, survey.ticket_id))
    if contact is None or ticket is None or not contact.is_active or contact.e_mail is None:
        return
    keys = Keyring(settings().secret_keys)
    token = links.token_of(survey.id, contact.id, tenant_id=tenant_id, keys=keys)
    context = {
        "heading": "How was it?",
        "sentences": [f"“{ticket.subject}” is done. How well did we help you?"],
        "choices": [
            {"label": word, "url": mail.sealed(hosts.url_of(tenant_id, f"/rate/{token}?score={score}"))}
            for score, word in SCORES.items()
        ],
        "reference": ticket.ref,
        "reason": "You get this mail because you asked us for help.",
        "subject": f"[{ticket.ref}] How was it?",
    }
    mail.send("question", to=contact.e_mail, context=context, tenant_id=tenant_id)


def answer(survey_id: UUID, score: int, *, by: Actor, comment: str = "") -> Survey:
    """Record the answer, once."""
    by.require(Permission.TICKET_REPLY)
    survey = queries.visible_survey(survey_id, by=by, for_update=True)
    if survey.answered_at is not None:
        raise SurveyClosed("You have answered this already. Thank you.")
    if not survey.is_open(clock.now()):
        raise SurveyClosed("This question is no longer open.")
    if score not in SCORES:
        raise Invalid.field("score", "Choose one of the five.", "required")
    text = comment.strip()
    if len(text) > COMMENT_LENGTH:
        raise Invalid.field("comment", f"At most {COMMENT_LENGTH} characters.", "too_long")
    survey.score, survey.comment, survey.answered_at = score, text or None, clock.now()
    db.session.flush()
    ticket = db.session.get_one(Ticket, (survey.tenant_id, survey.ticket_id))
    timeline.note(ticket, "rated", {"score": score}, by=by)
    events.record(SurveyAnswered(survey.tenant_id, ticket.id, survey.id))
    return survey
