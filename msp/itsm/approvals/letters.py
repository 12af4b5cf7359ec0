"""Mails about approvals: the question to whoever is asked, and the outcome to whoever asked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msp.core import clock
from msp.core.app import settings
from msp.core.db import db
from msp.core.mail import services as mail
from msp.core.mail.services import Letter
from msp.core.notify.services import wants_mail
from msp.core.web.formats import when_words
from msp.itsm.approvals.models import Approval, Seat
from msp.itsm.approvals.shown import money
from tenants import hosts
from tenants.models import Agent, Contact, Tenant

FINE = "Opening the page decides nothing. The link is yours alone, works for one decision and ends on {until}."
FINE_SIGN_IN = "Opening the page decides nothing. You sign in first."
OUTCOMES = {"approved": "approved", "rejected": "declined", "expired": "not decided in time", "voided": "no longer asked"}


def ask_contact(
    approval: Approval, seat: Seat, seats: Sequence[Seat], contact: Contact, url: str, *, has_link: bool, is_reminder: bool
) -> None:
    """The question by mail, with the address of the page that decides."""
    zone = _zone(approval.tenant_id)
    fine = FINE.format(until=_until(approval, zone)) if has_link else FINE_SIGN_IN
    context = {
        **_question(approval, seat, seats, zone, is_reminder=is_reminder),
        "action": {"label": "Look and decide", "url": mail.sealed(url) if has_link else url},
        "fine": fine,
        "reason": "You get this because you are asked to approve it.",
    }
    mail.send_many("notice", [_letter(approval, seat, contact.e_mail, contact.name, context)], tenant_id=approval.tenant_id)


def ask_agent(approval: Approval, seat: Seat, seats: Sequence[Seat], agent: Agent, *, provider_id: UUID, is_reminder: bool) -> None:
    """The same to one of us, in the provider's name; he signs in."""
    if agent.e_mail is None or not wants_mail(agent.preferences, "approval"):
        return
    question = _question(approval, seat, seats, ZoneInfo(agent.time_zone), is_reminder=is_reminder)
    client = {"label": "Client", "value": db.session.get_one(Tenant, approval.tenant_id).name}
    context = {
        **question, "facts": [client, *question["facts"]],
        "action": {"label": "Look and decide", "url": settings().console_url(f"/approvals/{approval.id}")},
    }  # fmt: skip
    mail.send_many("notice", [_letter(approval, seat, agent.e_mail, agent.name, context)], tenant_id=provider_id)


def tell_outcome(approval: Approval, seats: Sequence[Seat], requester: Contact) -> None:
    """What became of it, to whoever asked."""
    word = OUTCOMES.get(approval.state, approval.state)
    said = [f"{seat.holder_name}: “{seat.reason}”" for seat in seats if seat.reason]
    who = [{"label": "Decided by", "value": _answers(seats, _zone(approval.tenant_id))}] if any(seat.decision for seat in seats) else []
    context = {
        "heading": f"{approval.title}: {word}", "sentences": said, "facts": who, "reference": approval.reference,
        "subject": f"{word.capitalize()}: {approval.title}", "reason": "You get this because you asked for it.",
        "action": {"label": "Open the page", "url": hosts.url_of(approval.tenant_id, f"/approvals/{approval.id}")},
    }  # fmt: skip
    letter = Letter(requester.e_mail or "", context, requester.name, f"{approval.id}.{requester.id}")
    mail.send_many("notice", [letter], tenant_id=approval.tenant_id)


def cost(approval: Approval) -> tuple[str, str]:
    """What it costs: the amount that stands out, and what is said beside it."""
    shown = approval.shown
    once, monthly = (money(shown.get(name), shown.get("currency")) for name in ("once", "monthly"))
    if once:
        return once, f"once, then {monthly} a month" if monthly else "once"
    return (monthly, "a month") if monthly else ("", "")


def _question(approval: Approval, seat: Seat, seats: Sequence[Seat], zone: ZoneInfo, *, is_reminder: bool) -> dict[str, Any]:
    amount, note = cost(approval)
    until = f"Waiting for your decision until {_until(approval, zone)}"
    facts = [{"label": label, "value": text} for label, text in approval.shown.get("lines", [])]
    asked = f"Asked by {approval.requester_name} {when_words(approval.created_at, clock.now(), zone)}"
    facts.append({"label": "Who", "value": f"{asked}. {answered}." if (answered := _answers(seats, zone)) else asked})
    facts.append({"label": "You", "value": _place(seat, seats), "is_now": True})
    subject = f"Your decision: {approval.title}{', ' + amount if amount else ''}"
    return {
        "over": until, "heading": approval.title, "sentences": [], "amount": amount, "amount_note": note, "facts": facts,
        "reference": approval.reference, "subject": f"Reminder: {subject[0].lower()}{subject[1:]}" if is_reminder else subject,
    }  # fmt: skip


def _answers(seats: Sequence[Seat], zone: ZoneInfo) -> str:
    """`Tom Fairley approved today 10:31`."""
    return ", ".join(
        f"{seat.holder_name} {'approved' if seat.decision == 'approved' else 'declined'} {when_words(seat.decided_at, clock.now(), zone)}"
        for seat in seats
        if seat.decision and seat.decided_at
    )


def _place(seat: Seat, seats: Sequence[Seat]) -> str:
    """Beside whom one is asked, and in whose place."""
    others = [each.holder_name for each in seats if each.stage == seat.stage and each.id != seat.id]
    said = f"You are asked beside {', '.join(others)}" if others else "You alone are asked now"
    return f"{said}, in place of {seat.person_name}" if seat.is_passed_on else said


def _letter(approval: Approval, seat: Seat, e_mail: str | None, name: str, context: dict[str, Any]) -> Letter:
    return Letter(e_mail or "", context, name, f"{approval.id}.{seat.id}")


def _until(approval: Approval, zone: ZoneInfo) -> str:
    return when_words(approval.due_at, clock.now(), zone) if isinstance(approval.due_at, datetime) else ""


def _zone(tenant_id: UUID) -> ZoneInfo:
    return ZoneInfo(db.session.get_one(Tenant, tenant_id).time_zone)
