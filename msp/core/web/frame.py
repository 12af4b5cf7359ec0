"""What every answer has around it: the frame of a page, made when a template asks for it, and the headers."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, g, request

from msp.core import clock
from msp.core.web.headers import security_headers
from msp.core.web.shell import Brand, Shell
from msp.core.web.templating import equip

Builder = Callable[[], Shell]


class _LazyShell:
    """The frame is built on first use: a fragment never asks for it, and so never counts the navigation."""

    def __init__(self, build: Builder) -> None:
        self._build = build
        self._built: Shell | None = None

    def __getattr__(self, name: str) -> Any:
        if self._built is None:
            self._built = self._build()
        return getattr(self._built, name)


def bare_shell() -> Shell:
    """The frame before anybody is signed in, and of error pages: brand and language only."""
    host = g.get("host")
    if host is None:
        return Shell(Brand("Service platform", "SP"), clock.now(), ZoneInfo("UTC"), "UTC")
    return Shell(brand_of(host), clock.now(), ZoneInfo(host.time_zone), host.time_zone, lang=host.language)


def brand_of(host: Any) -> Brand:
    """How whoever answers on this host is shown. The logo is a picture in the page, where an SVG can do nothing."""
    stylesheet = f"/brand/{host.colour.lstrip('#')}.css" if host.colour else ""
    logo = f"data:image/svg+xml;base64,{b64encode(host.logo_svg.encode()).decode()}" if host.logo_svg else ""
    return Brand(host.display_name, host.mark, "/", stylesheet, logo)


def set_shell(app: Flask, build: Builder) -> None:
    """Name the function that builds the frame of this surface's pages."""
    app.extensions["msp.shell"] = build


def init_app(app: Flask) -> None:
    """Give every template its frame, and every answer its headers."""
    settings = app.settings  # type: ignore[attr-defined]  # set on the application by create_app
    equip(app.jinja_env, max_file_bytes=settings.max_file_bytes, max_files=settings.max_files_per_message)

    @app.context_processor
    def frame() -> dict[str, Any]:
        build = app.extensions.get("msp.shell", bare_shell) if g.get("actor") else bare_shell
        return {"shell": _LazyShell(build), "actor": g.get("actor"), "site": g.get("host")}

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
