"""The agreement as sentences: what is promised for which urgency, and which hours count."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from flask import url_for

from msp.core.web import formats
from msp.itsm.sla import opening, pace
from msp.itsm.sla import queries as sla
from msp.itsm.sla.engine.calendar import Calendar
from msp.itsm.sla.engine.definition import Definitions, Policy, Target, in_force
from msp.itsm.sla.models import Clock
from msp.itsm.sla.words import SlaWords, sla_words
from msp.itsm.tickets.models import Ticket
from portal import words

_FACES = {"P1": "Critical", "P2": "High", "P3": "Normal", "P4": "Low"}
_MEANT = {
    "P1": "work has stopped for many",
    "P2": "work has stopped for some, or goes on with difficulty for many",
    "P3": "there is a way round it",
    "P4": "it can wait",
}
_KINDS = {"incident": "problems", "request": "requests"}
_CHANNELS = {"phone": "by phone", "mail": "by mail", "portal": "from the portal", "monitoring": "from monitoring"}
_PAUSES = {
    "waiting_for_client": "while we wait for you",
    "waiting_for_supplier": "while a supplier is at work",
    "waiting_for_approval": "until something is approved",
    "scheduled": "until a planned date",
}
_WHAT = {"response": "Answer", "update": "News"}
_LINE = 96.0  # per cent of the width that the target takes; the knot stands at its end


@dataclass(frozen=True)
class Line:
    """What is promised for one priority."""

    sentence: str
    priority: str
    meaning: str


@dataclass(frozen=True)
class Agreement:
    """One policy: whom it is for, its lines, and what stops its clocks."""

    name: str
    version: int
    scope: str
    lines: Sequence[Line]
    pauses: str


@dataclass(frozen=True)
class Hours:
    """A calendar in words; `closed` names the next holiday."""

    name: str
    words: str
    closed: str


@dataclass(frozen=True)
class Running:
    """A request whose clock runs or stands still. `used` and `target` are per cent of the line's width."""

    href: str
    subject: str
    detail: str
    words: SlaWords
    used: float
    is_paused: bool
    spoken: str


def agreements(definitions: Definitions, now: datetime) -> list[Agreement]:
    """Every policy in force, the general one first."""
    found = sorted(in_force(definitions.policies, now), key=lambda policy: policy.conditions.specificity)
    return [
        Agreement(policy.name, policy.version, _scope(policy), tuple(_lines(policy, definitions, now)), _pauses(policy))
        for policy in found
    ]


def opening_hours(definitions: Definitions, now: datetime, tz: tzinfo) -> list[Hours]:
    """The calendars that promises are counted by, each once."""
    ids = dict.fromkeys(
        target.calendar_id
        for policy in in_force(definitions.policies, now)
        for row in policy.targets.values()
        for target in row.values()
    )
    today = now.astimezone(tz).date()
    made = []
    for id in ids:
        version = definitions.calendar(id, now)
        closed = opening.next_holiday(version.calendar, today)
        when = formats.day_words(closed[0], long=True) if closed else ""
        told = f"Closed on {when}{f', {closed[1]}' if closed[1] else ''}." if closed else ""
        made.append(Hours(version.name, words.sentence_case(opening.hours_words(version.calendar)), told))
    return made


def running(tickets: Sequence[Ticket], now: datetime, tz: tzinfo) -> list[Running]:
    """How far each request's telling clock has run, with two statements for all of them."""
    if not tickets:
        return []
    stored = sla.clocks(tickets[0].tenant_id, [ticket.id for ticket in tickets])
    clocks = {(row.subject_id, row.kind): row for row in stored}
    calendars = pace.calendars(stored)
    made = []
    for ticket in tickets:
        row = clocks.get((ticket.id, ticket.sla_clock or ""))
        if row is not None:
            made.append(_running(ticket, row, calendars, now, tz))
    return made


def _running(ticket: Ticket, row: Clock, calendars: Mapping[UUID, Calendar], now: datetime, tz: tzinfo) -> Running:
    calendar = calendars.get(row.calendar_version_id) if row.calendar_version_id else None
    read = pace.pace(row, calendar, now=now)
    said = sla_words(
        read.state, read.due_at, read.breaches_at, read.stopped_at, None, now, tz, over_seconds=read.over_seconds,
        reason="waiting for you" if ticket.status == "waiting_for_client" else "not counted now",
    )  # fmt: skip
    said = said._replace(text=f"{_WHAT.get(read.kind, 'Fix')} {said.text[0].lower()}{said.text[1:]}")
    target = words.within_words(
        read.target_seconds, round_the_clock=calendar is not None and opening.is_round_the_clock(calendar)
    )
    used = f"{formats.duration_words(read.used_seconds)} of {target} used"
    who = ticket.assignee_name or ticket.team_name
    detail = f"{ticket.ref}, {ticket.requester_name}{f', with {who}' if who else ''}. {words.sentence_case(used)}."
    share = min(read.share or 0.0, 1.0)
    return Running(
        url_for("ticket.page", ref=ticket.ref), ticket.subject, detail, said, round(_LINE * share, 1),
        read.state == "paused", f"{used}, {said.text.lower()}",
    )  # fmt: skip


def _scope(policy: Policy) -> str:
    """`for problems reported by phone`; empty where it holds for everything."""
    conditions = policy.conditions
    said = [_KINDS.get(conditions.kind or "", conditions.kind or "")] if conditions.kind else []
    if conditions.service:
        said.append(f"about {conditions.service}")
    if conditions.ci_class:
        said.append(f"about a {conditions.ci_class}")
    if conditions.channel:
        said.append(_CHANNELS.get(conditions.channel, conditions.channel))
    return f"For {' '.join(said)}" if said else ""


def _lines(policy: Policy, definitions: Definitions, now: datetime) -> Iterator[Line]:
    for priority, row in policy.targets.items():
        said = [
            f"{act} {_within(row[kind], definitions, now)}"
            for kind, act in (("response", "answer within"), ("resolution", "fix within"))
            if kind in row
        ]
        if "update" in row:
            said.append(f"tell you more every {_within(row['update'], definitions, now)}")
        if said:
            sentence = f"We {', '.join(said[:-1])}{' and ' if len(said) > 1 else ''}{said[-1]}"
            yield Line(sentence, _FACES.get(priority, priority), _MEANT.get(priority, ""))


def _within(target: Target, definitions: Definitions, now: datetime) -> str:
    calendar = definitions.calendar(target.calendar_id, now).calendar
    return words.within_words(target.seconds, round_the_clock=opening.is_round_the_clock(calendar))


def _pauses(policy: Policy) -> str:
    said = [_PAUSES[state] for state in _PAUSES if state in policy.pause_states]
    if not said:
        return ""
    listed = f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else said[0]
    return f"Time does not count {listed}."
