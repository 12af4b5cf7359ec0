"""The portal's blueprints."""

from portal.views import approval_link, approvals, catalogue, help, home, levels, news, ordering, people, report, requests, ticket

SURFACE = "portal"
BLUEPRINTS = tuple(
    view.blueprint
    for view in (home, report, requests, approvals, approval_link, ticket, catalogue, ordering, help, news, levels, people)
)
