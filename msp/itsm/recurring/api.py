"""Recurring tickets over JSON, for agents."""

from typing import Any
from uuid import UUID

from flask import g, url_for

from msp.core.api.blueprint import Resource
from msp.core.api.conditional import expected_version
from msp.core.api.schemas import PageQuery, listed
from msp.itsm.recurring import queries, services
from msp.itsm.recurring.schemas import OpeningOut, RecurringChange, RecurringIn, RecurringOut
from tenants.permissions import Permission as P

recurring = Resource("recurring", __name__, "Tickets that open themselves again and again")
BLUEPRINTS = (recurring,)
OF_CLIENT = "/tenants/<uuid:tenant_id>/recurring-tickets"
ONE = "/recurring-tickets/<uuid:recurring_id>"


@recurring.operation("GET", OF_CLIENT, listed(RecurringOut), needs=P.TICKET_READ, who="agent", query=PageQuery)
def list_recurring(asked: dict[str, Any], tenant_id: UUID) -> Any:
    """A client's recurring tickets, by subject."""
    page = queries.recurring_page(tenant_id, by=g.actor, **asked)
    return {"data": page.rows, "next": page.next}


@recurring.operation("POST", OF_CLIENT, RecurringOut, needs=P.RECURRING_MANAGE, who="agent", takes=RecurringIn, status=201)
def plan_recurring(given: dict[str, Any], tenant_id: UUID) -> Any:
    """Let a ticket open by a rule."""
    made = services.plan_recurring(tenant_id, services.Draft(**given), by=g.actor)
    return made, 201, {"Location": url_for("api_recurring.show_recurring", recurring_id=made.id)}


@recurring.operation("GET", ONE, RecurringOut, needs=P.TICKET_READ, who="agent")
def show_recurring(recurring_id: UUID) -> Any:
    """One recurring ticket."""
    return queries.visible_recurring(recurring_id, by=g.actor)


@recurring.operation("PATCH", ONE, RecurringOut, needs=P.RECURRING_MANAGE, who="agent", takes=RecurringChange, changes=True)
def change_recurring(changes: dict[str, Any], recurring_id: UUID) -> Any:
    """Change what opens or when; pause it, or let it go on."""
    row = queries.visible_recurring(recurring_id, by=g.actor, for_update=True)
    version, is_paused = expected_version(row.version), changes.pop("is_paused", None)
    if changes:
        version = services.change_recurring(recurring_id, changes, version=version, by=g.actor).version
    if is_paused is not None:
        act = services.pause if is_paused else services.resume
        row = act(recurring_id, version=version, by=g.actor)
    return row


@recurring.operation("GET", f"{ONE}/openings", listed(OpeningOut), needs=P.TICKET_READ, who="agent", query=PageQuery)
def list_openings(asked: dict[str, Any], recurring_id: UUID) -> Any:
    """When it was due, the newest first: the ticket that opened, or why none could."""
    page = queries.openings(queries.visible_recurring(recurring_id, by=g.actor), by=g.actor, **asked)
    return {"data": page.rows, "next": page.next}
