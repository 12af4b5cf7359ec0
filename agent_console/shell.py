"""The frame of the console's pages: navigation with live counts, who is signed in, where news come from."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from flask import current_app, g, request, url_for

from agent_console import notices, saved_views
from agent_console.navigation import PLACES, Place
from msp.core import clock
from msp.core.live.pages import stream
from msp.core.notify import queries as notify
from msp.core.web.frame import brand_of
from msp.core.web.shell import Bell, NavGroup, NavItem, Shell, User
from msp.itsm.tickets import listing


def build() -> Shell:
    """The frame for the agent of this request."""
    tz, chosen = agent_zone(), g.session.preferences
    theme = request.cookies.get("theme", chosen.get("theme", "system"))
    return Shell(
        brand=brand_of(g.host),
        now=clock.now(),
        tz=tz,
        tz_name=str(tz),
        user=_user(),
        nav=(_views(), *_places()),
        search_url=url_for("queue.page"),
        create_url=url_for("new_ticket.form") if g.actor.may("ticket.open") else "",
        live=stream(),
        bell=bell(),
        flashes=notices.flashes(),
        notice="This is a demonstration: everything in it is made up." if g.host.environment == "demo" else "",
        theme=theme if theme in ("light", "dark") else "system",
        density="comfortable" if chosen.get("density") == "comfortable" else "compact",
        has_keys=chosen.get("has_keys", True),
    )


def bell() -> Bell:
    """How much this agent has not read; the way leads to that, or to everything."""
    unread = notify.unread_count(by=g.actor)
    return Bell(url_for("notifications.page", show="unread" if unread else None), unread, url_for("notifications.bell"))


def agent_zone() -> ZoneInfo:
    """The time zone in which this agent reads."""
    return ZoneInfo(g.session.time_zone)


def _views() -> NavGroup:
    counts = saved_views.counts(by=g.actor, tz=agent_zone())
    default = saved_views.DEFAULT
    here = saved_views.view_of(request.args.get("q", default.query))
    in_queue = (request.endpoint or "").startswith(("queue.", "ticket.", "acts."))
    return NavGroup(
        tuple(
            NavItem(
                view.label, url_for("queue.page", q=view.query), view.icon, listing.in_words(counts[view.key]),
                view.tone if counts[view.key] else "", is_current=in_queue and view == here,
                is_minor=view not in (default, here), keys="g q" if view == default else "",
            )
            for view in saved_views.all_views()
        ),
        "Views",
    )  # fmt: skip


def _places() -> Iterator[NavGroup]:
    """Groups of the places that this application has and this agent may enter."""
    for label, places in PLACES.items():
        items = tuple(_item(place) for place in places if _is_open(place))
        if items:
            yield NavGroup(items, label)


def _is_open(place: Place) -> bool:
    return place.endpoint in current_app.view_functions and (place.permission is None or g.actor.may(place.permission))


def _item(place: Place) -> NavItem:
    is_here = (request.endpoint or "").partition(".")[0] == place.endpoint.partition(".")[0]
    return NavItem(place.label, url_for(place.endpoint), place.icon, is_current=is_here)


def _user() -> User:
    hours = NavItem("Your hours and absences", url_for("agents.hours", agent_id=g.actor.id), "calendar-time")
    done = NavItem("Your bulk acts", url_for("bulk.runs"), "list")
    return User(g.actor.name, g.session.hue, url_for("account.overview"), url_for("auth.sign_out"), links=(hours, done))
