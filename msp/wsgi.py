"""Composition root: the features of the product in the order of the ladder. Nobody below imports it.

The console and the portals are two applications with two logins; the host name of a request picks one before
anything else is looked at.
"""

from collections.abc import Callable, Iterable
from typing import Any

from msp.core.app import MspFlask, Surface, create_app
from msp.core.config import Settings

FEATURES: tuple[str, ...] = (
    "msp.core.health",
    "msp.core.outbox",
    "msp.core.live",
    "msp.core.mail",
    "msp.core.notify",
    "msp.core.api.replay",
    "tenants",
    "tenants.availability",
    "msp.itsm.sla",
    "msp.itsm.announcements",
    "msp.itsm.approvals",
    "msp.itsm.knowledge",
    "msp.itsm.tickets",
    "msp.itsm.tickets.custom",
    "msp.itsm.tickets.views",
    "msp.itsm.tasks",
    "msp.itsm.macros",
    "msp.itsm.recurring",
    "msp.itsm.csat",
    "msp.itsm.catalog",
    "msp.itsm.automation",
    "portal",
    "agent_console",
)

Start = Callable[..., Any]


def app_of(surface: Surface, settings: Settings | None = None) -> MspFlask:
    """One surface's application."""
    return create_app(surface, settings or Settings.from_env(), FEATURES)


class HostDispatcher:
    """Hands a request to the console's application on the console's host, to the portal's on any other."""

    def __init__(self, console: MspFlask, portal: MspFlask) -> None:
        self.console, self.portal = console, portal
        self.console_host = console.settings.console_host.partition(":")[0]

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        name = str(environ.get("HTTP_HOST", "")).partition(":")[0].lower()
        app = self.console if name == self.console_host else self.portal
        return app(environ, start_response)


def portal() -> MspFlask:
    """Factory of a process that serves portals only and holds only their login."""
    return app_of("portal")


def console() -> MspFlask:
    """Factory of a process that serves the console only."""
    return app_of("console")


def both() -> HostDispatcher:
    """Factory of a process that serves everything."""
    settings = Settings.from_env()
    return HostDispatcher(app_of("console", settings), app_of("portal", settings))
