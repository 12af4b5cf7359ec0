"""What was changed, and what was refused: read by whoever may, a limited agent his clients' part."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask import g, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, forms, named
from agent_console.places import settings as blueprint
from agent_console.shell import agent_zone
from msp.core import trails
from msp.core.errors import Invalid
from msp.core.paging import Page
from msp.core.web.gates import Gate, gated
from tenants import queries as tenants
from tenants.permissions import Permission

READ = Gate("agent", Permission.AUDIT_READ)
_NOBODY = UUID(int=0)
REASONS = {
    "wrong_password": "Wrong password or unknown account",
    "wrong_code": "Wrong code at the second step",
    "throttled": "Too many tries",
    "token": "Worthless API token",
    "forbidden": "Not allowed",
}


@blueprint.get("/audit")
@gated(READ)
def changes() -> ResponseReturnValue:
    sent = _sent("person", "client", "kind", "from", "to")
    subjects, error, found = trails.subjects(), None, _nothing()
    try:
        found = trails.changes(
            _span(sent), by=g.actor, actor_id=_id(sent, "person"), subject=_one_of(sent, "kind", subjects),
            cursor=request.args.get("cursor"),
        )  # fmt: skip
    except Invalid as wrong:
        error = wrong
    persons = {str(agent.id): agent.name for agent in tenants.agents(active_only=False)}
    persons |= {str(row["actor_id"]): row["actor_name"] for row in found.rows if row["actor_id"]}
    return _page(
        "console/settings/audit.html", "settings.changes", error, found, sent,
        persons=sorted(persons.items(), key=lambda person: person[1].casefold()),
        subjects=[(name, subject_words(name)) for name in subjects],
    )  # fmt: skip


@blueprint.get("/refusals")
@gated(READ)
def refusals() -> ResponseReturnValue:
    sent = _sent("client", "reason", "from", "to")
    error, found = None, _nothing()
    try:
        found = trails.refusals(
            _span(sent), by=g.actor, reason=_one_of(sent, "reason", REASONS), cursor=request.args.get("cursor")
        )
    except Invalid as wrong:
        error = wrong
    return _page("console/settings/refusals.html", "settings.refusals", error, found, sent, reasons=REASONS)


def subject_words(name: str) -> str:
    """A kind of record as people read it: `sla_clock` is an SLA clock."""
    words = name.replace("_", " ").replace("sla", "SLA").replace("api", "API").replace("csat", "CSAT")
    return words[0].upper() + words[1:]


def _page(
    template: str, endpoint: str, error: Invalid | None, found: Page[trails.Row], sent: forms.Form, **context: Any
) -> ResponseReturnValue:
    clients = tenants.clients(by=g.actor)
    called = named.names_of(named.ids_in(found.rows, "changes", "subject_id", "actor_id"), by=g.actor)
    kept: dict[str, Any] = {name: value for name, value in sent.items() if value}
    return answers.page(
        template, error, rows=found.rows, sent=sent, kept=kept, clients=[(client.id, client.name) for client in clients],
        names={client.id: client.name for client in clients}, is_limited=g.actor.tenant_ids is not None,
        subject_words=subject_words, called=lambda value: called.get(named.as_id(value) or _NOBODY, ""),
        next_url=url_for(endpoint, **kept, cursor=found.next) if found.next else "",
        previous_url=url_for(endpoint, **kept, cursor=found.previous) if found.previous else "", **context,
    )  # fmt: skip


def _nothing() -> Page[trails.Row]:
    return Page([], None, None)


def _sent(*names: str) -> forms.Form:
    return forms.Form({name: request.args.get(name, "").strip()[:100] for name in names})


def _span(sent: forms.Form) -> trails.Span:
    """The client and the days asked for, the last one whole, on the agent's own clock."""
    until = _midnight(sent, "to", timedelta(days=1))
    return trails.Span(_id(sent, "client"), _midnight(sent, "from"), until)


def _midnight(sent: forms.Form, name: str, later: timedelta = timedelta()) -> datetime | None:
    if not sent[name]:
        return None
    try:
        return datetime.combine(forms.day(sent, name) + later, time(), agent_zone())
    except OverflowError:
        raise Invalid.field(name, "This day is out of reach.", "range") from None


def _id(sent: forms.Form, name: str) -> UUID | None:
    if not sent[name]:
        return None
    try:
        return UUID(sent[name])
    except ValueError:
        raise Invalid.field(name, "Choose one of the list.", "choice") from None


def _one_of(sent: forms.Form, name: str, known: Any) -> str | None:
    if sent[name] and sent[name] not in known:
        raise Invalid.field(name, "Choose one of the list.", "choice")
    return sent[name] or None
