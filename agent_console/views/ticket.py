"""The page of one ticket, and its regions as the live page fetches them."""

from typing import Any
from uuid import UUID

from flask import g, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from agent_console.blueprint import console_blueprint
from agent_console.shell import agent_zone
from agent_console.ticket_page import TicketPage
from msp.core import clock
from msp.itsm.macros import queries as macros
from msp.itsm.tickets import queries
from msp.itsm.tickets.services import conversation

REGIONS = ("acts", "facts", "clocks", "conversation", "side")

blueprint = console_blueprint("ticket", "/tickets")


@blueprint.get("/<ref>")
def page(ref: str) -> ResponseReturnValue:
    shown = ticket_page(ref)
    part = request.headers.get("HX-Target", "")
    if part in REGIONS:
        if part == "conversation":
            _mark_read(shown)
        return render_template(f"console/ticket/{part}.html", it=shown, errors={})
    _mark_read(shown)
    return whole_page(shown)


@blueprint.get("/<ref>/macros/<uuid:macro_id>")
def macro(ref: str, macro_id: UUID) -> ResponseReturnValue:
    """A canned reply filled in for this ticket, and what it suggests to do then."""
    ticket = queries.visible_ticket_by_ref(ref, by=g.actor)
    chosen = macros.visible_macro(macro_id, by=g.actor)
    text = macros.text_for(chosen, ticket, by=g.actor, now=clock.now(), provider_name=g.host.name)
    return jsonify(text=text, then=chosen.then_status)


def ticket_page(ref: str) -> TicketPage:
    """The ticket of a reference, as this request's agent may see it."""
    ticket = queries.visible_ticket_by_ref(ref, by=g.actor)
    return TicketPage(ticket, by=g.actor, tz=agent_zone(), args=request.args)


def whole_page(shown: TicketPage, **context: Any) -> str:
    """The page; `typed` and `errors` keep what a refused form sent."""
    state = {"typed": {}, "errors": {}, "mode": shown.composer_mode, "sent": request.args.get("sent", ""), "files": ()}
    return render_template("console/ticket/page.html", it=shown, **{**state, **context})


def regions(shown: TicketPage, **context: Any) -> str:
    """Everything but the composer, for an act that leaves what is being written alone."""
    return render_template("console/ticket/regions.html", it=shown, **{"typed": {}, "errors": {}, **context})


def _mark_read(shown: TicketPage) -> None:
    """Read it, after remembering since when things are new."""
    _ = shown.read_at
    if shown.cursor is None:  # of an earlier page nobody can say that the newest was seen
        conversation.mark_read(shown.ticket, by=g.actor)
