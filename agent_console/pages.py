"""The console's blueprints."""

from agent_console import places
from agent_console.views import (
    acts,
    agents,
    announcements,
    bulk,
    catalogue,
    catalogue_orders,
    catalogue_templates,
    client_fields,
    client_settings,
    clients,
    contacts,
    macros,
    new_ticket,
    notifications,
    queue,
    refile,
    service_levels,
    settings,
    sla_client,
    sla_editor,
    teams,
    ticket,
    trails,
    views,
)

SURFACE = "console"
BLUEPRINTS = (
    queue.blueprint, bulk.blueprint, views.blueprint, new_ticket.blueprint, ticket.blueprint, acts.blueprint, refile.blueprint,
    notifications.blueprint, places.announcements, places.clients, places.service_levels, places.agents, places.teams, places.settings,
)  # fmt: skip
# Importing a module registers its routes on the places.
ROUTES = (
    agents, announcements, catalogue, catalogue_orders, catalogue_templates, client_fields, client_settings, clients,
    contacts, macros, service_levels, settings, sla_client, sla_editor, teams, trails,
)  # fmt: skip
