"""The portal's blueprints."""

from portal.views import home, levels, news, people, report, requests, ticket

SURFACE = "portal"
BLUEPRINTS = tuple(view.blueprint for view in (home, report, requests, ticket, news, levels, people))
