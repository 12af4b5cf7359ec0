"""Announcements over JSON, for agents."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import g, url_for

from msp.core import clock
from msp.core.api.blueprint import Resource
from msp.core.api.conditional import expected_version
from msp.core.api.schemas import listed
from msp.itsm.announcements import queries, services
from msp.itsm.announcements.models import Announcement
from msp.itsm.announcements.schemas import AnnouncementChange, AnnouncementIn, AnnouncementOut, AnnouncementQuery
from tenants.permissions import Permission as P

announcements = Resource("announcements", __name__, "What clients are told on their portal")
BLUEPRINTS = (announcements,)
ONE = "/announcements/<uuid:announcement_id>"


@announcements.operation("GET", "/announcements", listed(AnnouncementOut), needs=P.CLIENT_READ, who="agent", query=AnnouncementQuery)
def list_announcements(asked: dict[str, Any]) -> Any:
    """Announcements, newest first."""
    page = queries.announcement_page(by=g.actor, now=clock.now(), **asked)
    return {"data": _shown(page.rows), "next": page.next}


@announcements.operation("POST", "/announcements", AnnouncementOut, needs=P.ANNOUNCE, who="agent", takes=AnnouncementIn, status=201)
def announce(given: dict[str, Any]) -> Any:
    """Tell all clients, or chosen ones."""
    made = services.announce(given.pop("title"), by=g.actor, **given)
    shown = _shown([made])[0]
    return shown, 201, {"Location": url_for("api_announcements.show_announcement", announcement_id=made.id)}


@announcements.operation("GET", ONE, AnnouncementOut, needs=P.CLIENT_READ, who="agent")
def show_announcement(announcement_id: UUID) -> Any:
    """One announcement."""
    return _shown([queries.visible_announcement(announcement_id, by=g.actor)])[0]


@announcements.operation("PATCH", ONE, AnnouncementOut, needs=P.ANNOUNCE, who="agent", takes=AnnouncementChange, changes=True)
def change_announcement(changes: dict[str, Any], announcement_id: UUID) -> Any:
    """Change what is said, or when."""
    version = _expected(announcement_id)
    return _shown([services.change_announcement(announcement_id, version=version, by=g.actor, **changes)])[0]


@announcements.operation("POST", f"{ONE}/end", AnnouncementOut, needs=P.ANNOUNCE, who="agent", changes=True)
def end_announcement(announcement_id: UUID) -> Any:
    """Let it be over now; one that has not begun is never shown."""
    return _shown([services.end_now(announcement_id, version=_expected(announcement_id), by=g.actor)])[0]


@announcements.operation("DELETE", ONE, AnnouncementOut, needs=P.ANNOUNCE, who="agent", changes=True)
def withdraw_announcement(announcement_id: UUID) -> Any:
    """Show it nowhere any more, not even among what was."""
    return _shown([services.withdraw(announcement_id, version=_expected(announcement_id), by=g.actor)])[0]


def _expected(announcement_id: UUID) -> int:
    return expected_version(queries.visible_announcement(announcement_id, by=g.actor, for_update=True).version)


def _shown(rows: Sequence[Announcement]) -> list[dict[str, Any]]:
    """Each with its clients and its state now."""
    told, now = queries.clients_told([row.id for row in rows], by=g.actor), clock.now()
    names = ("id", "audience", "level", "title", "body", "starts_at", "ends_at", "withdrawn_at", "author_name", "created_at", "version")
    return [
        {**{name: getattr(row, name) for name in names}, "client_ids": told[row.id], "state": queries.state_of(row, now)}
        for row in rows
    ]
