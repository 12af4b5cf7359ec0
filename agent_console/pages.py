"""The console's blueprints."""

from agent_console import places
from agent_console.views import (
    acts,
    agents,
    announcements,
    approvals,
    article_pictures,
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
    orders,
    queue,
    recurring,
    refile,
    rules,
    runbooks,
    runs,
    service_levels,
    settings,
    sla_client,
    sla_editor,
    tasks,
    teams,
    ticket,
    ticket_articles,
    trails,
    views,
)

SURFACE = "console"
BLUEPRINTS = (
    queue.blueprint, bulk.blueprint, views.blueprint, new_ticket.blueprint, ticket.blueprint, ticket_articles.blueprint, acts.blueprint,
    refile.blueprint, tasks.blueprint, runs.blueprint, orders.blueprint, notifications.blueprint, places.announcements, places.approvals,
    places.articles, places.automation, places.runbooks, places.clients, places.service_levels, places.agents, places.teams,
    places.settings,
)  # fmt: skip
# Importing a module registers its routes on the places.
ROUTES = (
    agents, announcements, approvals, article_pictures, articles, catalogue, catalogue_orders, catalogue_templates, client_fields,
    client_settings, clients, contacts, macros, recurring, rules, runbooks, service_levels, settings, sla_client, sla_editor, teams, trails,
)  # fmt: skip
