"""The portal's blueprints."""

from portal.views import approval_link, approvals, help, home, levels, news, people, report, requests, ticket

SURFACE = "portal"
BLUEPRINTS = tuple(
    view.blueprint for view in (home, report, requests, approvals, approval_link, ticket, help, news, levels, people)
)
