"""The console's blueprints."""

from agent_console.views import acts, bulk, new_ticket, queue, refile, ticket

SURFACE = "console"
BLUEPRINTS = (
    queue.blueprint, bulk.blueprint, new_ticket.blueprint, ticket.blueprint, acts.blueprint, refile.blueprint,
)  # fmt: skip
