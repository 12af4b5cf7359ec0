"""The frame of the portal's pages: the client's brand, the places this person may enter, who helps."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from flask import g, request, url_for

from msp.core import clock
from msp.core.live.pages import stream
from msp.core.web.brand import hue_of
from msp.core.web.frame import brand_of
from msp.core.web.shell import NavGroup, NavItem, Shell, User
from msp.itsm.approvals import queries as approvals
from msp.itsm.knowledge import queries as knowledge
from portal import rights
from tenants.permissions import Permission

# Which other pages belong to a place.
_WITHIN = (
    ("people.page", "people."), ("catalogue.page", "catalogue."), ("catalogue.page", "ordering."), ("approvals.page", "approvals."),
    ("help.page", "help."),
)  # fmt: skip


def build() -> Shell:
    """The frame for the contact of this request."""
    theme = request.cookies.get("theme", g.session.preferences.get("theme", "system"))
    return Shell(
        brand=brand_of(g.host),
        now=clock.now(),
        tz=zone(),
        tz_name=g.host.time_zone,
        user=_user(),
        nav=(NavGroup(tuple(_places())),),
        live=stream(),
        footer=tuple(_footer()),
        notice="This is a demonstration: everything in it is made up." if g.host.environment == "demo" else "",
        theme=theme if theme in ("light", "dark") else "system",
        lang=g.host.language,
    )


def zone() -> ZoneInfo:
    """The client's time zone, in which the portal speaks."""
    return ZoneInfo(g.host.time_zone)


def _places() -> Iterator[NavItem]:
    yield _place("Home", "home.page")
    yield _place("My requests", "requests.mine")
    if rights.sees_company(g.actor):
        yield _place("Company", "requests.company")
    yield _place("Catalogue", "catalogue.page")
    waiting = approvals.waiting_count(by=g.actor)
    if waiting or g.actor.may(Permission.APPROVE) or (request.endpoint or "").startswith("approvals."):
        yield _place("Approvals", "approvals.page", waiting)
    if knowledge.reads_any(g.host.id, by=g.actor):
        yield _place("Help articles", "help.page")
    yield _place("Service levels", "levels.page")
    if rights.manages_people(g.actor):
        yield _place("People", "people.page")


def _place(label: str, endpoint: str, count: int = 0) -> NavItem:
    here = request.endpoint or ""
    is_current = here == endpoint or any(endpoint == place and here.startswith(prefix) for place, prefix in _WITHIN)
    if here.startswith("ticket."):
        is_current = endpoint == g.get("list_of_request", "requests.mine")  # where the page's own way back leads
    return NavItem(label, url_for(endpoint), count=str(count) if count else None, is_current=is_current)


def _user() -> User:
    companies = NavItem("Your companies", url_for("auth.companies"), "building")
    asked = NavItem("Your approvals", url_for("approvals.page"), "circle-check")
    return User(
        g.actor.name, hue_of(g.actor.id), url_for("account.overview"), url_for("auth.sign_out"), links=(asked, companies)
    )


def _footer() -> Iterator[NavItem]:
    yield NavItem(f"IT support by {g.host.provider_name}", "")
    yield NavItem("Status and news", url_for("news.page"))
    if g.host.support_phone:
        number = "".join(character for character in g.host.support_phone if character in "+0123456789")
        yield NavItem(g.host.support_phone, f"tel:{number}")
