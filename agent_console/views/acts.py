"""What an agent does to one ticket. Each act is one service; what it refuses comes back with all that was typed.

With script an act answers with the regions that it changed, so that a reply being written stays as it is; without, it
leads back to the page.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, g, make_response, redirect, request
from flask.typing import ResponseReturnValue

from agent_console import forms, notices, people
from agent_console.attachments import Attachments
from agent_console.blueprint import console_blueprint
from agent_console.shell import agent_zone
from agent_console.ticket_page import TicketPage
from agent_console.views.ticket import regions, ticket_page, whole_page
from msp.core.db import savepoint
from msp.core.errors import Conflict, Invalid, MspError, StaleVersion
from msp.core.web.formats import count_words
from msp.core.web.uploads import takes_files
from msp.itsm.tickets import queries
from msp.itsm.tickets.custom import queries as custom_fields
from msp.itsm.tickets.custom import values
from msp.itsm.tickets.queries import TicketKey
from msp.itsm.tickets.services import conversation, exemptions, moves, requester, triage
from tenants.permissions import Permission

blueprint = console_blueprint("acts", "/tickets/<ref>")

_WORDS = {
    "assignee": "Assignee", "team": "Team", "impact": "Impact", "urgency": "Urgency", "priority": "Priority",
    "category": "Category", "site": "Site", "kind": "Kind", "subject": "Subject", "tags": "Tags", "status": "Status",
}  # fmt: skip


# --- Writing ---------------------------------------------------------------------------------------------------------


@blueprint.post("/reply")
@takes_files()
def reply(ref: str) -> ResponseReturnValue:
    g.actor.require(Permission.TICKET_REPLY)
    key, form = queries.visible_ticket_key(ref, by=g.actor), request.form
    sent = Attachments(key.tenant_id, by=g.actor)
    try:
        sent.require_whole()
        with savepoint():
            conversation.reply(
                key.id, forms.text(form, "body"), by=g.actor, then=form.get("then") or None,
                reason=forms.text(form, "reason") or None, attachment_ids=sent.ids,
                seen_messages=forms.number(form, "seen_messages"), seen_requester=forms.one_id(form, "seen_requester"),
            )  # fmt: skip
    except (Conflict, Invalid) as error:
        return _unsent(ref, "public", error, sent)
    shown = ticket_page(ref)
    notices.say(f"Sent to {count_words(len(shown.recipients), 'person', 'people')}.")
    return redirect(shown.href(sent="public"), 303)


@blueprint.post("/note")
@takes_files()
def note(ref: str) -> ResponseReturnValue:
    g.actor.require(Permission.NOTE_WRITE)
    key = queries.visible_ticket_key(ref, by=g.actor)
    sent = Attachments(key.tenant_id, by=g.actor)
    try:
        sent.require_whole()
        with savepoint():
            conversation.add_note(key.id, forms.text(request.form, "body"), by=g.actor, attachment_ids=sent.ids)
    except (Conflict, Invalid) as error:
        return _unsent(ref, "note", error, sent)
    notices.say("Note added.")
    return redirect(ticket_page(ref).href(compose="note", sent="note"), 303)


def _unsent(ref: str, mode: str, error: MspError, sent: Attachments) -> Response:
    """The page again with text and files; new messages count as seen, for now they stand above the text."""
    errors = forms.by_field(error)
    if not errors.keys() & {"body", "reason"}:
        errors["compose"] = error.message
    page = whole_page(
        ticket_page(ref), typed=request.form, errors={**errors, "form": mode}, mode=mode, files=sent.kept()
    )
    return make_response(page, error.status)


# --- Acts that save themselves ---------------------------------------------------------------------------------------


@blueprint.post("/status")
def move(ref: str) -> ResponseReturnValue:
    def act(key: TicketKey, form: forms.Form) -> None:
        moves.move(
            key.id, form.get("status", ""), by=g.actor, version=forms.number(form, "version"),
            reason=forms.text(form, "reason") or None, occurred_at=_occurred_at(form),
        )  # fmt: skip

    return do(ref, Permission.TICKET_MOVE, act)


@blueprint.post("/acknowledge")
def acknowledge(ref: str) -> ResponseReturnValue:
    def act(key: TicketKey, form: forms.Form) -> None:
        moves.acknowledge(key.id, by=g.actor, occurred_at=_occurred_at(form), reason=forms.text(form, "reason") or None)

    return do(ref, Permission.TICKET_MOVE, act)


@blueprint.post("/exempt")
def exempt(ref: str) -> ResponseReturnValue:
    def act(key: TicketKey, form: forms.Form) -> None:
        exemptions.exempt(
            key.id, forms.text(form, "reason"), by=g.actor, clock=form.get("of") or None, version=forms.number(form, "version")
        )

    return do(ref, Permission.SLA_EXEMPT, act)


@blueprint.post("/assign")
def assign(ref: str) -> ResponseReturnValue:
    def act(key: TicketKey, form: forms.Form) -> None:
        triage.assign(
            key.id, by=g.actor, version=forms.number(form, "version"), assignee_id=forms.one_id(form, "assignee"),
            team_id=forms.one_id(form, "team"),
        )  # fmt: skip

    return do(ref, Permission.TICKET_ASSIGN, act)


@blueprint.post("/classify")
def classify(ref: str) -> ResponseReturnValue:
    def act(key: TicketKey, form: forms.Form) -> None:
        triage.classify(key.id, _changes(key, form), by=g.actor, version=forms.number(form, "version"))

    return do(ref, Permission.TICKET_TRIAGE, act)


@blueprint.post("/requester")
def change_requester(ref: str) -> ResponseReturnValue:
    def act(key: TicketKey, form: forms.Form) -> None:
        contact = people.named(key.tenant_id, form.get("requester", ""), field="requester", by=g.actor)
        if contact is None:
            raise Invalid.field("requester", "Say who needs help.", "required")
        requester.change_requester(key.id, contact.id, by=g.actor, version=forms.number(form, "version"))

    return do(ref, Permission.TICKET_TRIAGE, act, is_readdressed=True)


@blueprint.post("/tags")
def tag(ref: str) -> ResponseReturnValue:
    def act(key: TicketKey, form: forms.Form) -> None:
        triage.set_tags(key.id, forms.text(form, "tags").replace(",", " ").split(), by=g.actor)

    return do(ref, Permission.TICKET_TRIAGE, act)


@blueprint.post("/followers")
def follow(ref: str) -> ResponseReturnValue:
    def act(key: TicketKey, form: forms.Form) -> None:
        contact = people.named(key.tenant_id, form.get("contact", ""), field="contact", by=g.actor)
        triage.add_follower(
            key.id, by=g.actor, contact_id=contact.id if contact else None, agent_id=forms.one_id(form, "agent")
        )

    return do(ref, Permission.TICKET_REPLY, act)


@blueprint.post("/followers/<uuid:follower_id>/remove")
def unfollow(ref: str, follower_id: UUID) -> ResponseReturnValue:
    return do(ref, Permission.TICKET_REPLY, lambda key, form: triage.remove_follower(key.id, follower_id, by=g.actor))


def _occurred_at(form: forms.Form) -> datetime | None:
    """When it happened, on the agent's clocks; None for now."""
    return forms.moment(form, "occurred_at", agent_zone()) if form.get("occurred_at", "").strip() else None


def _changes(key: TicketKey, form: forms.Form) -> dict[str, Any]:
    """The fields that the form names; each control sends its own."""
    numbers = ("impact", "urgency", "priority")
    changes: dict[str, Any] = {name: forms.number(form, name) for name in numbers if name in form}
    changes |= {f"{name}_id": forms.one_id(form, name) for name in ("category", "site") if name in form}
    changes |= {name: forms.text(form, name) for name in ("subject", "kind") if name in form}
    if form.get("dialog") == "custom":
        kind = queries.visible_ticket(key.id, by=g.actor, for_update=True).kind
        changes["custom"] = values.read_form(form, custom_fields.fields(key.tenant_id, kind, by=g.actor))
    return changes


def do(
    ref: str, permission: str, act: Callable[[TicketKey, forms.Form], object], *, is_readdressed: bool = False
) -> ResponseReturnValue:
    """One act on the ticket: saved, or refused in words with nothing changed.

    `is_readdressed`: a reply goes to others now, so the composer is told whom.
    """
    g.actor.require(permission)
    key = queries.visible_ticket_key(ref, by=g.actor)
    try:
        with savepoint():
            act(key, request.form)
    except (Conflict, Invalid) as error:
        return _refused(ref, error)
    shown = ticket_page(ref)
    if request.headers.get("HX-Request"):
        return regions(shown, is_readdressed=is_readdressed)
    return redirect(shown.href(), 303)


def _refused(ref: str, error: MspError) -> Response:
    """What stood in the way, beside the control or in its dialog, which opens again with what was typed."""
    shown, dialog = ticket_page(ref), request.form.get("dialog", "")
    errors = forms.by_field(error)
    if dialog in shown.dialogs:
        errors |= {"dialog": dialog, "message": "" if errors else error.message}
    else:
        errors["side"] = _unsaved(shown, error)
    render = regions if request.headers.get("HX-Request") else whole_page
    return make_response(render(shown, typed=request.form, errors=errors), error.status)


def _unsaved(shown: TicketPage, error: MspError) -> str:
    """Why, and which choice was not saved, so that it can be made again over what the page shows now."""
    if not isinstance(error, StaleVersion):
        return error.message
    lost = [
        f"{label} {shown.option_words(name, request.form[name])}"
        for name, label in _WORDS.items()
        if name in request.form and not shown.has_value(name, request.form[name])
    ]
    what = f" Not saved: {', '.join(lost)}." if lost else ""
    return f"{error.title}; this page now shows what they saved.{what}"
