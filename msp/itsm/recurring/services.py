"""Recurring tickets: planned, changed, paused; and the openings that come due."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import db, savepoint
from msp.core.errors import Conflict, FieldError, Invalid, MspError, NotFound
from msp.core.ids import new_id
from msp.core.outbox import services as outbox
from msp.itsm.recurring import queries, schedule
from msp.itsm.recurring.models import Recurring, RecurringOpening
from msp.itsm.recurring.schedule import Plan
from msp.itsm.sla.agreed import working_days
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.services import opening, triage
from msp.itsm.tickets.states import KINDS
from tenants import queries as tenants
from tenants.permissions import Permission
from tenants.queries import check_version

OPEN, BATCH = "recurring.open", 200
PLANNED = ("rule", "starts_on", "at", "on_closed")
FIELDS = ("subject", "body", "kind", "requester_id", "site_id", "category_id", "team_id", "impact", "urgency", *PLANNED)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a recurring ticket shall be. `rule` as `schedule.parse` reads it; `at` on the client's clocks."""

    subject: str
    rule: str
    starts_on: date
    requester_id: UUID
    at: time = time(8)
    on_closed: str = "later"
    body: str = ""
    kind: str = "request"
    site_id: UUID | None = None
    category_id: UUID | None = None
    team_id: UUID | None = None
    impact: int = 3
    urgency: int = 3


def plan_recurring(tenant_id: UUID, draft: Draft, *, by: Actor) -> Recurring:
    """Let a ticket open by a rule from now on. One whose rule has no day to come is refused."""
    by.require(Permission.RECURRING_MANAGE)
    client = tenants.visible_client(tenant_id, by=by)
    row = Recurring(tenant_id=client.id, id=new_id(), created_by=by.name)
    _fill(row, {name: getattr(draft, name) for name in FIELDS}, client.time_zone, by=by)
    db.session.add(row)
    db.session.flush()
    return row


def change_recurring(recurring_id: UUID, changes: Mapping[str, Any], *, version: int, by: Actor) -> Recurring:
    """Change what opens or when; what has opened stays. `changes` by the names of `Draft`."""
    by.require(Permission.RECURRING_MANAGE)
    row = queries.visible_recurring(recurring_id, by=by, for_update=True)
    check_version(row, version)
    wanted = {name: changes.get(name, getattr(row, name)) for name in FIELDS}
    _fill(row, wanted, tenants.visible_client(row.tenant_id, by=by).time_zone, by=by)
    db.session.flush()
    return row


def pause(recurring_id: UUID, *, version: int, by: Actor) -> Recurring:
    """Open nothing until it is resumed."""
    by.require(Permission.RECURRING_MANAGE)
    row = queries.visible_recurring(recurring_id, by=by, for_update=True)
    check_version(row, version)
    row.paused_at = row.paused_at or clock.now()
    db.session.flush()
    return row


def resume(recurring_id: UUID, *, version: int, by: Actor) -> Recurring:
    """Open again, from the next day of the rule on; what was due while it was paused does not open any more."""
    by.require(Permission.RECURRING_MANAGE)
    row = queries.visible_recurring(recurring_id, by=by, for_update=True)
    check_version(row, version)
    now = clock.now()
    plan = queries.plan_of(row, queries.zone_of(row.tenant_id, by=by))
    next_at = schedule.next_after(plan, now, opens=working_days(row.tenant_id, now))
    if next_at is None:
        raise Conflict("Its rule has ended: give it a later end first.")
    row.next_at, row.paused_at = next_at, None
    db.session.flush()
    return row


def preview(tenant_id: UUID, draft: Plan, *, count: int = 6) -> list[datetime]:
    """The next instants of a plan at a client."""
    now, found = clock.now(), []
    for at in schedule.occurrences(draft, after=now, opens=working_days(tenant_id, now)):
        found.append(at)
        if len(found) == count:
            break
    return found


def sweep(now: datetime) -> int:
    """Ask for what is due, each once, and set when it is due next; how many. Runs as the provider, over all clients.

    Of what was missed while nothing ran, the newest opens and the others do not.
    """
    found = queries.due(now, BATCH)
    zones = tenants.time_zones({row.tenant_id for row in found})
    asks = []
    for row in found:
        plan, opens = queries.plan_of(row, zones[row.tenant_id]), working_days(row.tenant_id, now)
        due = schedule.last_until(plan, row.next_at or now, now, opens=opens)
        row.next_at = schedule.next_after(plan, max(due, now), opens=opens)
        asks.append(outbox.Ask({"recurring_id": str(row.id), "due_at": due.isoformat()}, row.tenant_id))
    db.session.flush()
    outbox.enqueue_each(OPEN, asks)
    return len(found)


def open_due(recurring_id: UUID, due_at: datetime, *, by: Actor) -> RecurringOpening:
    """Open the ticket of one due instant, or note why that is not possible: its people and teams may have left."""
    by.require(Permission.TICKET_OPEN)
    row = queries.visible_recurring(recurring_id, by=by)
    made = RecurringOpening(tenant_id=row.tenant_id, id=new_id(), recurring_id=row.id, due_at=due_at)
    try:
        with savepoint():
            made.ticket_id = _open(row, by=by).id
    except MspError as error:
        made.problem = error.errors[0].message if error.errors else error.message
    db.session.add(made)
    db.session.flush()
    return made


def _open(row: Recurring, *, by: Actor) -> Any:
    ticket = opening.open_ticket(
        row.tenant_id, row.subject, by=by, kind=row.kind, body=row.body, source="console", requester_id=row.requester_id,
        site_id=row.site_id, category_id=row.category_id, impact=row.impact, urgency=row.urgency,
    )  # fmt: skip
    return triage.assign(ticket.id, by=by, team_id=row.team_id) if row.team_id else ticket


def _fill(row: Recurring, fields: dict[str, Any], time_zone: str, *, by: Actor) -> None:
    fields["subject"], fields["body"] = opening.one_line(fields["subject"]), fields["body"].strip()
    _check(row.tenant_id, fields, by=by)
    rule, now = schedule.parse(fields["rule"]), clock.now()
    plan = Plan(rule, fields["starts_on"], fields["at"], time_zone, fields["on_closed"])
    next_at = schedule.next_after(plan, now, opens=working_days(row.tenant_id, now))
    if next_at is None:
        raise Invalid.field("rule", "No day of this rule is still to come.", "over")
    for name, value in {**fields, "rule": schedule.text_of(rule), "next_at": next_at}.items():
        setattr(row, name, value)


def _check(tenant_id: UUID, fields: Mapping[str, Any], *, by: Actor) -> None:
    wrong = []
    if not 1 <= len(fields["subject"]) <= opening.SUBJECT_LENGTH:
        wrong.append(FieldError("/subject", "length", f"Say it in 1 to {opening.SUBJECT_LENGTH} characters."))
    if len(fields["body"]) > opening.BODY_LENGTH:
        wrong.append(FieldError("/body", "length", f"At most {opening.BODY_LENGTH} characters."))
    if fields["kind"] not in KINDS:
        wrong.append(FieldError("/kind", "unknown", f"One of {', '.join(KINDS)}."))
    if fields["on_closed"] not in schedule.ON_CLOSED:
        wrong.append(FieldError("/on_closed", "unknown", f"One of {', '.join(schedule.ON_CLOSED)}."))
    wrong += [
        FieldError(f"/{name}", "range", "A number from 1 to 3.") for name in ("impact", "urgency") if fields[name] not in (1, 2, 3)
    ]
    for check in (lambda: schedule.parse(fields["rule"]), lambda: _check_names(tenant_id, fields, by=by)):
        try:
            check()
        except Invalid as error:
            wrong += error.errors
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else None, errors=wrong)


def _check_names(tenant_id: UUID, fields: Mapping[str, Any], *, by: Actor) -> None:
    """Everybody and everything named belongs to the client, or is ours."""
    tenants.contact_in(tenant_id, fields["requester_id"])
    if fields["team_id"]:
        tenants.active_team(fields["team_id"])
    if fields["category_id"]:
        tickets.category_in(tenant_id, fields["category_id"])
    if fields["site_id"]:
        try:
            tenants.visible_site(tenant_id, fields["site_id"], by=by)
        except NotFound:
            raise Invalid.field("site_id", "There is no such site at this client.", "unknown") from None
