"""The console's blueprints."""

from agent_console import places
from agent_console.views import (
    acts,
    agents,
    announcements,
    approvals,
    articles,
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
    recurring,
    refile,
    rules,
    service_levels,
    settings,
    sla_client,
    sla_editor,
    tasks,
    teams,
    ticket,
    trails,
    views,
)

SURFACE = "console"
BLUEPRINTS = (
    queue.blueprint, bulk.blueprint, views.blueprint, new_ticket.blueprint, ticket.blueprint, acts.blueprint, refile.blueprint,
    tasks.blueprint, notifications.blueprint, places.announcements, places.approvals, places.articles, places.automation, places.clients,
    places.service_levels, places.agents, places.teams, places.settings,
)  # fmt: skip
# Importing a module registers its routes on the places.
ROUTES = (
    agents, announcements, approvals, articles, catalogue, catalogue_orders, catalogue_templates, client_fields, client_settings, clients,
    contacts, macros, recurring, rules, service_levels, settings, sla_client, sla_editor, teams, trails,
)  # fmt: skip
