"""What all pages of one client share: its head, and the way between them."""

from typing import Any

from flask import Response, g, url_for

from agent_console import answers
from msp.core.errors import MspError
from tenants.models import Tenant
from tenants.permissions import Permission

_TABS = (
    ("client", "Overview", Permission.CLIENT_READ),
    ("people", "People", Permission.CONTACT_READ),
    ("sites", "Sites", Permission.CLIENT_READ),
    ("service_levels", "Service levels", Permission.SLA_READ),
    ("catalogue", "Catalogue", Permission.CLIENT_READ),
    ("categories", "Categories", Permission.CLIENT_READ),
    ("fields", "Fields", Permission.CLIENT_READ),
    ("recurring", "Recurring", Permission.TICKET_READ),
    ("portal", "Portal", Permission.CLIENT_READ),
    ("settings", "Settings", Permission.CLIENT_READ),
)


def client_page(template: str, client: Tenant, tab: str, error: MspError | None = None, **context: Any) -> Response:
    """A page of one client with the tabs that this agent may open."""
    tabs = [
        {"label": label, "href": url_for(f"clients.{name}", tenant_id=client.id), "current": name == tab}
        for name, label, permission in _TABS
        if g.actor.may(permission)
    ]
    return answers.page(template, error, client=client, tabs=tabs, **context)
