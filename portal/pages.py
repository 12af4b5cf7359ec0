"""The portal's blueprints."""

from portal.views import help, home, levels, news, people, report, requests, ticket

SURFACE = "portal"
BLUEPRINTS = tuple(view.blueprint for view in (home, report, requests, ticket, help, news, levels, people))
