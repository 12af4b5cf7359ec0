"""The portal's blueprints."""

from portal.views import catalogue, home, levels, news, ordering, people, report, requests, ticket

SURFACE = "portal"
BLUEPRINTS = tuple(view.blueprint for view in (home, report, requests, ticket, catalogue, ordering, news, levels, people))
