"""Announcements: what clients are told on their portal; the list, and one that is written, looked at, changed, ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, forms, notices
from agent_console.places import announcements as blueprint
from agent_console.shell import agent_zone
from msp.core import clock
from msp.core.db import savepoint
from msp.core.errors import Forbidden, Invalid, MspError, NotFound
from msp.core.web.gates import Gate, gated
from msp.itsm.announcements import queries, services
from msp.itsm.announcements.models import Announcement
from tenants import queries as tenants
from tenants.permissions import Permission

MANAGE = Gate("agent", Permission.ANNOUNCE)
LEVELS = (
    ("news", "Information", "Stands among the news."),
    ("maintenance", "Maintenance", "Planned work; stands among the news."),
    ("disruption", "Disruption", "Takes the place of the status line on the home page."),
)
LEVEL_LOOK = {  # word, tone, icon
    "news": ("Information", "", "speakerphone"), "maintenance": ("Maintenance", "hold", "calendar"),
    "disruption": ("Disruption", "warn", "alert-triangle"),
}  # fmt: skip
TABS = (("current", "Current"), ("planned", "Planned"), ("past", "Past"))


@blueprint.get("")
def page() -> ResponseReturnValue:
    state = next((each for each in queries.STATES if each == request.args.get("state", "current")), None)
    if state is None:
        raise NotFound
    client_id = forms.one_id(request.args, "client")
    now = clock.now()
    found = queries.announcement_page(
        by=g.actor, now=now, state=state, client_id=client_id, cursor=request.args.get("cursor")
    )
    told = queries.clients_told([row.id for row in found.rows], by=g.actor)
    clients = _clients()
    tabs = [
        {"label": label, "href": url_for("announcements.page", state=name, client=client_id), "current": name == state}
        for name, label in TABS
    ]

    def url(cursor: str | None) -> str:
        return url_for("announcements.page", state=state, client=client_id, cursor=cursor) if cursor else ""

    return answers.page(
        "console/announcements/page.html", rows=found.rows, told=told, names={str(id): name for id, name in clients},
        tabs=tabs, state=state, client=client_id, clients=clients, levels=LEVEL_LOOK, now=now, next_url=url(found.next),
        previous_url=url(found.previous), may_edit=g.actor.may(Permission.ANNOUNCE),
    )  # fmt: skip


@blueprint.route("/new", methods=["GET", "POST"])
@gated(MANAGE)
def add() -> ResponseReturnValue:
    sent = request.form
    if request.method != "POST":
        return _form(None, typed=_blank())
    if "look" in sent:
        return _form(None, _wrong(None, sent), sent)
    try:
        with savepoint():
            made = services.announce(by=g.actor, client_ids=_audience(sent), **_said(None, sent))
    except answers.REFUSED as error:
        return _form(None, error, sent)
    notices.say("Clients read it now." if queries.state_of(made, clock.now()) == "current" else "It is planned.")
    return redirect(url_for("announcements.page", state=queries.state_of(made, clock.now())), 303)


@blueprint.get("/<uuid:announcement_id>")
def announcement(announcement_id: UUID) -> ResponseReturnValue:
    return _form(queries.visible_announcement(announcement_id, by=g.actor))


@blueprint.post("/<uuid:announcement_id>")
@gated(MANAGE)
def change(announcement_id: UUID) -> ResponseReturnValue:
    shown, sent = queries.visible_announcement(announcement_id, by=g.actor), request.form
    if "look" in sent:
        return _form(shown, _wrong(shown, sent), sent)
    try:
        with savepoint():
            version = forms.number(sent, "version") or 0
            services.change_announcement(announcement_id, version=version, by=g.actor, **_said(shown, sent))
    except answers.REFUSED as error:
        return _form(queries.visible_announcement(announcement_id, by=g.actor), error, sent)
    notices.say("Saved.")
    return redirect(url_for("announcements.announcement", announcement_id=announcement_id), 303)


@blueprint.post("/<uuid:announcement_id>/end")
@gated(MANAGE)
def end(announcement_id: UUID) -> ResponseReturnValue:
    """Let it be over now, or take it back altogether."""
    act = services.withdraw if request.form.get("act") == "withdraw" else services.end_now
    try:
        with savepoint():
            act(announcement_id, version=forms.number(request.form, "version") or 0, by=g.actor)
    except answers.REFUSED as error:
        return _form(queries.visible_announcement(announcement_id, by=g.actor), error)
    notices.say("No client reads it any more." if act is services.withdraw else "It is over; clients read it among what was.")
    return redirect(url_for("announcements.page", state="past"), 303)


# --- What a form says -------------------------------------------------------------------------------------------------


def _said(shown: Announcement | None, sent: forms.Form) -> dict[str, Any]:
    starts_at = _moment(sent, "starts_at", shown.starts_at if shown else None)
    if shown is not None and starts_at is None:
        raise Invalid.field("starts_at", "Say the day and the time.", "required")
    return {
        "title": forms.text(sent, "title"), "body": forms.text(sent, "body"), "level": sent.get("level", ""),
        "starts_at": starts_at, "ends_at": _moment(sent, "ends_at", shown.ends_at if shown else None),
    }  # fmt: skip


def _moment(sent: forms.Form, name: str, present: datetime | None) -> datetime | None:
    """The instant typed, if any; one that was not touched keeps its seconds."""
    typed = sent.get(name, "").strip()
    if not typed:
        return None
    return present if present is not None and typed == _local(present) else forms.moment(sent, name, agent_zone())


def _local(at: datetime) -> str:
    return at.astimezone(agent_zone()).strftime("%Y-%m-%dT%H:%M")


def _audience(sent: forms.Form) -> list[UUID] | None:
    match sent.get("audience"):
        case "all":
            return None
        case "chosen":
            return forms.ids(sent, "client_ids")
        case _:
            raise Invalid.field("audience", "Say whom it is for.", "required")


def _wrong(shown: Announcement | None, sent: forms.Form) -> MspError | None:
    """What saving would refuse, told beside the preview."""
    try:
        said = _said(shown, sent)
        wrong = services.check({**said, "starts_at": said["starts_at"] or clock.now()})
    except Invalid as error:
        return error
    return Invalid(errors=wrong) if wrong else None


# --- What is shown ----------------------------------------------------------------------------------------------------


def _blank() -> dict[str, Any]:
    return {"level": "news", "audience": "all" if g.actor.tenant_ids is None else "chosen"}


def _clients() -> list[tuple[UUID, str]]:
    return [(client.id, client.name) for client in tenants.clients(by=g.actor)]


def _form(shown: Announcement | None, error: MspError | None = None, typed: Mapping[str, Any] | None = None) -> ResponseReturnValue:
    chosen = [str(id) for id in queries.clients_told([shown.id], by=g.actor)[shown.id]] if shown else []
    if typed is None:
        typed = _fields(shown) if shown else _blank()
    if shown is None and hasattr(typed, "getlist"):
        chosen = typed.getlist("client_ids")
    clients, now = _clients(), clock.now()
    if error is not None and error.status == Forbidden.status:
        raise error
    return answers.page(
        "console/announcements/one.html", error, it=shown, typed=typed, chosen=chosen, clients=clients,
        levels=LEVELS, looks=LEVEL_LOOK, audiences=_audiences(), preview=_preview(typed, now), now=now,
        state=queries.state_of(shown, now) if shown else "", may_edit=g.actor.may(Permission.ANNOUNCE),
        longest=(services.TITLE_LENGTH, services.BODY_LENGTH), zone=str(agent_zone()),
    )  # fmt: skip


def _fields(shown: Announcement) -> dict[str, Any]:
    return {
        "title": shown.title, "body": shown.body, "level": shown.level, "starts_at": _local(shown.starts_at),
        "ends_at": _local(shown.ends_at) if shown.ends_at else "", "audience": shown.audience,
    }  # fmt: skip


def _audiences() -> list[tuple[str, str]]:
    """Only who sees every client can speak to all of them."""
    chosen = ("chosen", "The clients chosen here")
    return [("all", "All clients"), chosen] if g.actor.tenant_ids is None else [chosen]


def _preview(typed: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """What a client would read."""
    title = str(typed.get("title", "")).strip()
    if not title:
        return None
    read: dict[str, datetime | None] = {}
    for name in ("starts_at", "ends_at"):
        try:
            read[name] = datetime.fromisoformat(str(typed.get(name, "")).strip()).replace(tzinfo=agent_zone())
        except ValueError:
            read[name] = None
    level = typed.get("level") if typed.get("level") in LEVEL_LOOK else "news"
    return {
        "title": title, "body": str(typed.get("body", "")).strip(), "level": level,
        "starts_at": read["starts_at"] or now, "ends_at": read["ends_at"],
    }  # fmt: skip
