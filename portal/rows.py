"""A request as one line of a list."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from flask import g, url_for

from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.words import StatusWords
from portal import waiting, words

_DUE = {"response": "we answer by", "update": "news by", "resolution": "done by"}


@dataclass(frozen=True)
class Row:
    href: str
    title: str
    meta: str
    status: StatusWords


def rows(
    tickets: Iterable[Ticket], *, now: datetime, tz: tzinfo, sites: Mapping[UUID, str] | None = None
) -> list[Row]:
    """Lines for these tickets; with `sites` each says whose it is and where, as a manager reads it."""
    return [
        Row(
            url_for("ticket.page", ref=ticket.ref), ticket.subject, ", ".join(_meta(ticket, now, tz, sites)),
            waiting.status_of(ticket, me=g.actor.id),
        )
        for ticket in tickets
    ]  # fmt: skip


def _meta(ticket: Ticket, now: datetime, tz: tzinfo, sites: Mapping[UUID, str] | None) -> Iterable[Any]:
    yield ticket.ref
    if sites is not None:
        yield ticket.requester_name
        if ticket.site_id is not None and ticket.site_id in sites:
            yield sites[ticket.site_id]
    yield _standing(ticket, now, tz)


def _standing(ticket: Ticket, now: datetime, tz: tzinfo) -> str:
    """What there is to say next about it: why it waits, what is promised, when it ended."""
    if not ticket.is_open:
        ended = ticket.resolved_at or ticket.closed_at or ticket.updated_at
        return words.by_words(ended, now, tz)
    if ticket.waiting_reason:
        return ticket.waiting_reason
    who = ticket.assignee_name or ticket.team_name
    if ticket.sla_standing == "running" and ticket.sla_due_at is not None:
        is_fix = (ticket.sla_clock, ticket.kind) == ("resolution", "incident")
        promise = "fixed by" if is_fix else _DUE.get(ticket.sla_clock or "", "due")
        is_late = ticket.sla_breaches_at is not None and ticket.sla_breaches_at < now
        said = "we are late" if is_late else f"{promise} {words.by_words(ticket.sla_due_at, now, tz)}"
        return f"{who} is on it, {said}" if who else said
    return f"with {who}" if who else f"sent {words.by_words(ticket.opened_at, now, tz)}"
