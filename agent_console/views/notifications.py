"""An agent's notifications: the list, opening one, reading them all."""

from typing import Any
from uuid import UUID

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import notices, shell
from agent_console.blueprint import console_blueprint
from msp.core import clock
from msp.core.app import settings
from msp.core.errors import NotFound
from msp.core.notify import queries, services
from msp.core.paging import Cursors
from msp.core.web.formats import count_words
from tenants import queries as tenants

blueprint = console_blueprint("notifications", "/notifications")
ICONS = {
    "escalation": "alarm-snooze", "assignment": "user-check", "reply": "message", "opened": "ticket", "task": "list-check",
    "task_late": "alarm-snooze", "automation": "bolt", "approval": "circle-check",
}  # fmt: skip


@blueprint.get("")
def page() -> ResponseReturnValue:
    only_unread = request.args.get("show") == "unread"
    found = queries.notifications(
        by=g.actor, only_unread=only_unread, cursors=Cursors(settings().secret_keys), cursor=request.args.get("cursor")
    )
    show = "unread" if only_unread else None
    context: dict[str, Any] = {
        "rows": found.rows, "only_unread": only_unread, "unread": queries.unread_count(by=g.actor), "icons": ICONS,
        "clients": tenants.clients_by_id({row.tenant_id for row in found.rows}, by=g.actor), "now": clock.now(),
        "next_url": url_for("notifications.page", show=show, cursor=found.next) if found.next else "",
        "previous_url": url_for("notifications.page", show=show, cursor=found.previous) if found.previous else "",
        "here": url_for("notifications.page", show=show, cursor=request.args.get("cursor")),
    }  # fmt: skip
    return render_template("console/notifications/page.html", **context)


@blueprint.get("/bell")
def bell() -> ResponseReturnValue:
    """The bell alone, for a page that lives on."""
    return render_template("console/notifications/bell.html", bell=shell.bell())


@blueprint.post("/<uuid:notification_id>")
def open_one(notification_id: UUID) -> ResponseReturnValue:
    """Read one, and go to what it is about."""
    shown = queries.own_notification(notification_id, by=g.actor)
    services.mark_read(by=g.actor, id=shown.id)
    if shown.subject_kind == "approval":
        return redirect(url_for("approvals.one", approval_id=shown.subject_id), 303)
    if shown.subject_kind == "article":
        return redirect(url_for("articles.article", article_id=shown.subject_id), 303)
    if shown.subject_kind != "ticket":
        raise NotFound
    return redirect(url_for("ticket.page", ref=shown.ref), 303)


@blueprint.post("/read")
def read_all() -> ResponseReturnValue:
    number = services.mark_read(by=g.actor)
    notices.say(f"{count_words(number, 'notification')} marked as read." if number else "There was nothing unread.")
    return redirect(url_for("notifications.page"), 303)
