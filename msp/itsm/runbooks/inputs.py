"""The values of a run's inputs, from the ticket, what was ordered with it, and the task."""

from collections.abc import Callable, Mapping
from typing import Any

from msp.core.db import db
from msp.core.errors import FieldError, Invalid
from msp.itsm.catalog import queries as catalog
from msp.itsm.catalog.models import Order
from msp.itsm.runbooks.content import Content
from msp.itsm.tasks.models import Task
from msp.itsm.tickets.models import Ticket
from tenants.models import Contact, Site, Tenant

_MOST_SENT = 5000


class InputMissing(Invalid):
    """What the runbook needs is not there."""

    code, title = "runbook_input_missing", "The runbook needs something that is not there"


def fill(content: Content, ticket: Ticket, task: Task | None, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """A text for each input; what was typed goes before what is mapped. InputMissing, under `/inputs/…`, where one is needed and empty."""
    typed = dict(given or {})
    wrong = [FieldError(f"/inputs/{name}", "unknown", f"There is no input “{name}”.") for name in typed if name not in _names(content)]
    long = [name for name, text in typed.items() if len(text) > _MOST_SENT]
    wrong += [FieldError(f"/inputs/{name}", "length", f"At most {_MOST_SENT} characters.") for name in long]
    if wrong:
        raise Invalid(wrong[0].message, errors=wrong)
    known = _known(ticket, task)
    order = catalog.order_of(ticket)
    found: dict[str, str] = {}
    for each in content.inputs:
        mapped = _order_value(order, each.source, each.value) if each.source.startswith("order.") else known(each.source, each.value)
        found[each.name] = (typed.get(each.name) or mapped).strip()[:_MOST_SENT]
    missing = [each.name for each in content.inputs if each.is_required and not found[each.name]]
    if missing:
        errors = [FieldError(f"/inputs/{name}", "required", f"The runbook needs “{name}”.") for name in missing]
        named = ", ".join(f"“{name}”" for name in missing)
        raise InputMissing(f"The runbook needs {named}, which this ticket does not say.", errors=errors)
    return found


def _names(content: Content) -> set[str]:
    return {each.name for each in content.inputs}


def _known(ticket: Ticket, task: Task | None) -> Callable[[str, str], str]:
    """What a source that is none of the order's says of this ticket."""
    client = db.session.get_one(Tenant, ticket.tenant_id)
    requester = db.session.get_one(Contact, (ticket.tenant_id, ticket.requester_id))
    site = db.session.get(Site, (ticket.tenant_id, ticket.site_id)) if ticket.site_id else None
    values = {
        "ticket.ref": ticket.ref, "ticket.subject": ticket.subject, "ticket.kind": ticket.kind, "ticket.priority": f"P{ticket.priority}",
        "requester.name": requester.name, "requester.e_mail": requester.e_mail or "", "client.key": client.key, "client.name": client.name,
        "site.name": site.name if site else "", "task.title": task.title if task else "", "task.detail": task.detail if task else "",
    }  # fmt: skip

    def value(source: str, named: str) -> str:
        if source == "fixed":
            return named
        return _text(ticket.custom.get(named)) if source == "custom" else values[source]

    return value


def _order_value(order: Order | None, source: str, named: str) -> str:
    if order is None:
        return ""
    if source == "order.item":
        return order.item_name
    if source == "order.for_name":
        return order.for_name
    if source == "order.for_e_mail":
        contact = db.session.get(Contact, (order.tenant_id, order.for_contact_id))
        return (contact.e_mail if contact else None) or ""
    return _text(order.answers.get(named))


def _text(value: Any) -> str:
    """An answer or a custom field as text; several choices with commas between them."""
    if value is None or value is False:
        return ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "yes" if value is True else str(value)
