"""Changing an order that is not placed yet: while it is asked about, and after it was declined."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from msp.core.db import savepoint
from msp.core.errors import Conflict, Forbidden, Invalid, MspError, NotFound, StaleVersion
from msp.core.web.uploads import takes_files
from msp.itsm.catalog import anew, queries, underway
from msp.itsm.catalog.models import Order
from msp.itsm.catalog.services import correcting
from portal import forms
from portal.blueprint import portal_blueprint

blueprint = portal_blueprint("corrections")
_REFUSED = (Invalid, Conflict, Forbidden, StaleVersion)


@blueprint.get("/orders/<uuid:order_id>")
def page(order_id: UUID) -> ResponseReturnValue:
    """The form that it was ordered by, with its answers."""
    placed = _own(order_id)
    return _form(placed, placed.answers, placed.note)


@blueprint.post("/orders/<uuid:order_id>")
@takes_files()
def change(order_id: UUID) -> ResponseReturnValue:
    """Save it, and ask about it anew; or show the form again with what its answers ask."""
    placed = _own(order_id)
    (typed, wrong), note = forms.answers(underway.content_of(placed)["form"]), forms.text("note")
    refused = Invalid(errors=wrong) if wrong else None
    if refused or request.form.get("act") == "look":
        return _form(placed, typed, note, refused)
    is_again = placed.state == "declined"
    try:
        with savepoint():
            correcting.change_order(order_id, typed, note=note, version=forms.number("version"), by=g.actor)
    except _REFUSED as error:
        return _form(_own(order_id), typed, note, error)
    return redirect(url_for("ticket.page", ref=underway.ticket_of(placed).ref, said="sent" if is_again else "changed"), 303)


def _own(order_id: UUID) -> Order:
    placed = queries.visible_order(order_id, by=g.actor).order
    if placed.contact_id != g.actor.id:
        raise NotFound
    return placed


def _form(placed: Order, typed: Mapping[str, Any], note: str, error: MspError | None = None) -> ResponseReturnValue:
    shown = anew.anew(placed, typed, by=g.actor)
    html = render_template("portal/correction.html", it=shown, note=note, errors=forms.by_question(error), refusal=error)
    return make_response(html, error.status if error else 200)

