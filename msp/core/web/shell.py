"""What every page has around it: who is signed in, the brand, the navigation, the headers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g, request

from msp.core import clock
from msp.core.web.headers import security_headers


@dataclass(frozen=True)
class NavItem:
    """An entry of the navigation. `count` is asked for when the page is made."""

    label: str
    href: str
    icon: str
    group: str = ""
    count: int | None = None
    is_current: bool = False
    is_alarming: bool = False


NavSource = Callable[[], list[NavItem]]


def add_navigation(app: Flask, source: NavSource) -> None:
    """Let a feature add its entries; sources are asked in the order of the ladder."""
    app.extensions.setdefault("msp.navigation", []).append(source)


def init_app(app: Flask) -> None:
    """Put the shell into every template and the headers on every answer."""

    @app.context_processor
    def shell() -> dict[str, Any]:
        return {
            "actor": g.get("actor"),
            "site_host": g.get("host"),
            "surface": app.surface,  # type: ignore[attr-defined]  # set on the application by create_app
            "now": clock.now(),
            "navigation": lambda: [item for source in app.extensions.get("msp.navigation", ()) for item in source()],
        }

    @app.after_request
    def secure(response: Response) -> Response:
        settings = app.settings  # type: ignore[attr-defined]  # set on the application by create_app
        wanted = security_headers(
            app.surface,  # type: ignore[attr-defined]  # set on the application by create_app
            live_origin=settings.live_url or None,
            https=settings.is_https,
        )
        for name, value in wanted.items():
            response.headers.setdefault(name, value)
        if g.get("actor") is not None and request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response
