"""A client's recurring tickets: the list, and one with its next days and what has opened."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from uuid import UUID

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, forms, notices, people
from agent_console.client_frame import client_page
from agent_console.places import clients as blueprint
from agent_console.ticket_page import LEVELS
from msp.core import clock
from msp.core.db import savepoint
from msp.core.errors import Invalid, MspError, NotFound
from msp.core.web.gates import Gate, gated
from msp.itsm.recurring import queries, schedule, services
from msp.itsm.recurring.models import Recurring
from msp.itsm.recurring.schedule import Plan, Rule
from msp.itsm.tickets import queries as tickets
from tenants import queries as tenants
from tenants.models import Tenant
from tenants.permissions import Permission

READ, MANAGE = Gate("agent", Permission.TICKET_READ), Gate("agent", Permission.RECURRING_MANAGE)
ON_CLOSED = (
    ("later", "the next working day"), ("earlier", "the working day before"), ("skip", "not at all"), ("open", "all the same"),
)  # fmt: skip
POSITIONS = tuple((str(number), word) for number, word in schedule.POSITIONS.items())
BY = (("day", "A day of the month"), ("weekday", "A weekday, as the last Friday"))
ENDS = (("never", "Never"), ("count", "After a number of times"), ("until", "On a day"))


@blueprint.get("/<uuid:tenant_id>/recurring")
@gated(READ)
def recurring(tenant_id: UUID) -> ResponseReturnValue:
    client = tenants.visible_client(tenant_id, by=g.actor)
    page = queries.recurring_page(client.id, by=g.actor, cursor=request.args.get("after"))
    here = "clients.recurring"
    return client_page(
        "console/clients/recurring.html", client, "recurring", rows=page.rows, problems=queries.latest_problems(page.rows),
        words={row.id: schedule.words(queries.plan_of(row, client.time_zone)) for row in page.rows},
        zone=queries.zone_of(client.id, by=g.actor),
        next_url=url_for(here, tenant_id=client.id, after=page.next) if page.next else "",
        previous_url=url_for(here, tenant_id=client.id, after=page.previous) if page.previous else "",
        may_edit=g.actor.may(Permission.RECURRING_MANAGE),
    )  # fmt: skip


@blueprint.route("/<uuid:tenant_id>/recurring/new", methods=["GET", "POST"])
@gated(MANAGE)
def add_recurring(tenant_id: UUID) -> ResponseReturnValue:
    client, sent = tenants.visible_client(tenant_id, by=g.actor), request.form
    if request.method != "POST":
        return _form(client, None)
    if "look" in sent:
        return _form(client, None, None, sent)
    try:
        with savepoint():
            made = services.plan_recurring(client.id, services.Draft(**_said(client, sent)), by=g.actor)
    except answers.REFUSED as error:
        return _form(client, None, error, sent)
    notices.say(f"“{made.subject}” opens by itself from now on.")
    return redirect(url_for("clients.recurring", tenant_id=client.id), 303)


@blueprint.get("/<uuid:tenant_id>/recurring/<uuid:recurring_id>")
@gated(READ)
def one_recurring(tenant_id: UUID, recurring_id: UUID) -> ResponseReturnValue:
    return _form(tenants.visible_client(tenant_id, by=g.actor), _of(tenant_id, recurring_id))


@blueprint.post("/<uuid:tenant_id>/recurring/<uuid:recurring_id>")
@gated(MANAGE)
def change_recurring(tenant_id: UUID, recurring_id: UUID) -> ResponseReturnValue:
    """Save it, pause it, or let it go on."""
    client, row, sent = tenants.visible_client(tenant_id, by=g.actor), _of(tenant_id, recurring_id), request.form
    if "look" in sent:
        return _form(client, row, None, sent)
    try:
        with savepoint():
            version = forms.number(sent, "version") or 0
            if sent.get("act") in ("pause", "resume"):
                act = services.pause if sent["act"] == "pause" else services.resume
                act(recurring_id, version=version, by=g.actor)
            else:
                services.change_recurring(recurring_id, _said(client, sent), version=version, by=g.actor)
    except answers.REFUSED as error:
        return _form(client, _of(tenant_id, recurring_id), error, sent if "subject" in sent else None)
    notices.say({"pause": "It opens nothing until it goes on.", "resume": "It goes on."}.get(sent.get("act", ""), "Saved."))
    return redirect(url_for("clients.one_recurring", tenant_id=tenant_id, recurring_id=recurring_id), 303)


# --- What a form says -------------------------------------------------------------------------------------------------


def _said(client: Tenant, sent: forms.Form) -> dict[str, Any]:
    requester = people.named(client.id, sent.get("requester", ""), field="requester", by=g.actor)
    if requester is None:
        raise Invalid.field("requester", "Say for whom it opens.", "required")
    return {
        "subject": forms.text(sent, "subject"), "body": forms.text(sent, "body"), "kind": sent.get("kind", ""),
        "requester_id": requester.id, "site_id": forms.one_id(sent, "site"), "category_id": forms.one_id(sent, "category"),
        "team_id": forms.one_id(sent, "team"), "impact": forms.number(sent, "impact") or 0, "urgency": forms.number(sent, "urgency") or 0,
        "rule": schedule.text_of(_rule(sent)), "starts_on": forms.day(sent, "starts_on"), "at": _time(sent),
        "on_closed": sent.get("on_closed", ""),
    }  # fmt: skip


def _rule(sent: forms.Form) -> Rule:
    """The rule that the form's controls say; only those that go with its frequency are read."""
    frequency = sent.get("frequency", "")
    by, ends, is_monthly = sent.get("by", ""), sent.get("ends", ""), frequency in ("MONTHLY", "YEARLY")
    on_weekday = is_monthly and by == "weekday"
    days = sent.getlist("days") if frequency == "WEEKLY" or on_weekday else []
    if on_weekday and not days:
        raise Invalid.field("days", "Choose at least one weekday.", "required")
    parts = {
        "FREQ": frequency,
        "INTERVAL": sent.get("interval", "").strip() or "1",
        "BYDAY": ",".join(days),
        "BYSETPOS": sent.get("position", "") if on_weekday else "",
        "BYMONTHDAY": sent.get("month_day", "").strip() if is_monthly and by == "day" else "",
        "BYMONTH": sent.get("month", "") if frequency == "YEARLY" else "",
        "COUNT": sent.get("count", "").strip() if ends == "count" else "",
        "UNTIL": sent.get("until", "").replace("-", "") if ends == "until" else "",
    }
    if ends in ("count", "until") and not parts[ends.upper()]:
        raise Invalid.field(ends, "Say when it ends.", "required")
    return schedule.parse(";".join(f"{name}={value}" for name, value in parts.items() if value))


def _time(sent: forms.Form) -> time:
    try:
        return time.fromisoformat(sent.get("time", "").strip()).replace(tzinfo=None)
    except ValueError:
        raise Invalid.field("time", "Write the time as 08:00.", "format") from None


def _typed(row: Recurring) -> dict[str, Any]:
    """The controls as a stored rule sets them."""
    rule = schedule.parse(row.rule)
    requester = tenants.visible_contact(row.requester_id, by=g.actor)
    return {
        **{name: getattr(row, name) for name in ("subject", "body", "kind", "impact", "urgency", "on_closed")},
        "requester": people.label(requester), "site": row.site_id, "category": row.category_id, "team": row.team_id,
        "starts_on": row.starts_on.isoformat(), "time": f"{row.at:%H:%M}", "frequency": rule.frequency, "interval": rule.interval,
        "days": rule.days, "by": "weekday" if rule.position else "day", "position": str(rule.position or ""),
        "month_day": ",".join(map(str, rule.month_days)), "month": ",".join(map(str, rule.months)),
        "ends": "count" if rule.count else "until" if rule.until else "never", "count": rule.count or "",
        "until": rule.until.isoformat() if rule.until else "",
    }  # fmt: skip


def _blank(now: datetime) -> dict[str, Any]:
    return {
        "kind": "request", "impact": 3, "urgency": 3, "frequency": "MONTHLY", "interval": 1, "by": "weekday", "position": "1",
        "days": ("MO",), "time": "08:00", "on_closed": "later", "ends": "never",
        "starts_on": now.date().isoformat(),
    }  # fmt: skip


# --- What is shown ----------------------------------------------------------------------------------------------------


def _of(tenant_id: UUID, recurring_id: UUID) -> Recurring:
    found = queries.visible_recurring(recurring_id, by=g.actor)
    if found.tenant_id != tenant_id:
        raise NotFound
    return found


def _form(client: Tenant, row: Recurring | None, error: MspError | None = None, sent: forms.Form | None = None) -> ResponseReturnValue:
    zone = queries.zone_of(client.id, by=g.actor)
    typed: Mapping[str, Any] = sent or (_typed(row) if row else _blank(clock.now().astimezone(zone)))
    days = sent.getlist("days") if sent else typed["days"]
    plan, wrong = _plan(client, sent) if sent else (queries.plan_of(row, zone) if row else None, None)
    opened = queries.openings(row, by=g.actor, cursor=request.args.get("after"), limit=20) if row else None
    return client_page(
        "console/clients/recurring_one.html", client, "recurring", error or wrong, it=row, typed=typed, days=days, zone=zone,
        plan_words=schedule.words(plan) if plan else "", coming=services.preview(client.id, plan) if plan else (),
        opened=opened, refs=queries.refs(opened.rows) if opened else {}, may_edit=g.actor.may(Permission.RECURRING_MANAGE),
        sites=[(site.id, site.name) for site in tenants.sites(client.id, by=g.actor)],
        categories=[(each.id, each.path) for each in tickets.categories(client.id, by=g.actor)],
        teams=[(team.id, team.name) for team in tenants.teams()], levels=LEVELS, on_closed=ON_CLOSED, positions=POSITIONS,
        weekdays=list(schedule.DAYS.items()), months=list(enumerate(schedule.MONTHS, 1)), by_words=BY, ends_words=ENDS,
        frequencies=[(name, f"{word}s") for name, word in schedule.FREQUENCIES.items()],
    )  # fmt: skip


def _plan(client: Tenant, sent: forms.Form) -> tuple[Plan | None, MspError | None]:
    """What the form says about days, as far as it can be read."""
    try:
        return Plan(_rule(sent), forms.day(sent, "starts_on"), _time(sent), client.time_zone, sent.get("on_closed", "later")), None
    except Invalid as error:
        return None, error
