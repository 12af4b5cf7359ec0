"""Hosts are trusted by look-up; what was found is remembered for seconds: other processes are not told of a change."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import current_app

from msp.core.app import this_app
from msp.core.db import apart, call
from msp.core.errors import NotFound
from msp.core.scope import Scope
from msp.core.web.brand import monogram

REMEMBER_SECONDS = 5


@dataclass(frozen=True)
class SiteHost:
    """The tenant that answers on a host, and how it looks."""

    id: UUID
    kind: str
    key: str
    name: str
    status: str
    time_zone: str
    language: str
    hue: int
    provider_id: UUID
    provider_name: str
    environment: str
    display_name: str
    colour: str
    logo_svg: str | None
    support_phone: str | None
    welcome: str | None

    @property
    def mark(self) -> str:
        return monogram(self.display_name)


def site_host(name: str) -> SiteHost | None:
    """The tenant of a portal's host name, None where nobody answers there."""
    return _remembered(f"host:{name}", lambda: call("tenant_of_host", p_host=name))


def console() -> SiteHost | None:
    """The provider, as the console shows it; None before it is installed."""

    def look_up() -> list[dict[str, Any]]:
        return [
            row
            | {
                "kind": "provider", "status": "active", "time_zone": "UTC", "language": "en", "hue": 7,
                "provider_id": row["id"], "provider_name": row["name"], "display_name": row["name"],
                "colour": "", "logo_svg": None, "support_phone": None, "welcome": None,
            }
            for row in call("provider")
        ]  # fmt: skip

    return _remembered("console", look_up)


def url_on(host: str, path: str = "/") -> str:
    """An absolute address on a host of ours, with the scheme and port that the installation is reached by."""
    settings = this_app().settings
    port = settings.console_host.partition(":")[2]
    return f"{settings.scheme}://{host}{':' + port if port else ''}{path}"


def url_of(tenant_id: UUID, path: str = "/") -> str:
    """An address on a tenant's own host, as links in mails have it; NotFound where it has none in this scope."""
    host = host_of(tenant_id)
    if host is None:
        raise NotFound("This client has no host name.")
    return url_on(host, path)


def host_of(tenant_id: UUID) -> str | None:
    """The host name that a tenant's links lead to; None where it has none in this scope."""
    found: str | None = call("host_of", p_tenant=tenant_id)[0]["host_of"]
    return found


def forget() -> None:
    """Drop what is remembered: after a host, brand or client changed."""
    current_app.extensions.pop("msp.hosts", None)


def _remembered(key: str, look_up: Callable[[], list[dict[str, Any]]]) -> SiteHost | None:
    memory: dict[str, tuple[float, SiteHost]] = current_app.extensions.setdefault("msp.hosts", {})
    known = memory.get(key)
    if known is not None and known[0] > time.monotonic():
        return known[1]
    with apart(Scope.signin()):
        rows = look_up()
    found = SiteHost(**rows[0]) if rows else None
    if len(memory) > 10_000:
        memory.clear()
    if found is not None:
        memory[key] = (time.monotonic() + REMEMBER_SECONDS, found)
    return found
