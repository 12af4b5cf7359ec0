"""An order on its ticket: quoted, and answered anew in the client's place."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, forms, notices, order_answers
from agent_console.blueprint import console_blueprint
from agent_console.views.acts import do
from msp.core.db import savepoint
from msp.core.errors import Invalid, MspError, NotFound, StaleVersion
from msp.core.web.gates import Gate, gated
from msp.core.web.uploads import takes_files
from msp.itsm.catalog import anew, queries, underway
from msp.itsm.catalog.models import Order
from msp.itsm.catalog.services import correcting, quoting
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.queries import TicketKey
from tenants import queries as tenants
from tenants.permissions import Permission

blueprint = console_blueprint("orders", "/tickets/<ref>")
CORRECT = Gate("agent", Permission.TICKET_OPEN)
_SAID = {
    "asking": "Changed. Whoever approves it is asked anew.", "declined": "Sent again. Whoever approves it is asked.",
    "quoting": "Changed. It waits for our quote.",
}  # fmt: skip


@blueprint.post("/quote")
def quote(ref: str) -> ResponseReturnValue:
    """Say what the order costs; its approval starts."""

    def act(key: TicketKey, form: forms.Form) -> Any:
        return quoting.quote_order(
            underway.own_order(_order(ref).id, by=g.actor).id, once=_amount(form, "once"), monthly=_amount(form, "monthly"),
            words=forms.text(form, "words"), version=forms.number(form, "order_version") or 0, by=g.actor,
        )  # fmt: skip

    return do(ref, Permission.TICKET_TRIAGE, act)


@blueprint.get("/order")
@gated(CORRECT)
def correct(ref: str) -> ResponseReturnValue:
    """The form that it was ordered by, with its answers."""
    placed = _order(ref)
    return _form(placed, placed.answers, placed.note)


@blueprint.post("/order")
@gated(CORRECT)
@takes_files()
def change(ref: str) -> ResponseReturnValue:
    """Save it, and ask about it anew; or show the form again with what its answers ask."""
    placed, note = _order(ref), forms.text(request.form, "note")
    answered = order_answers.answered(placed.tenant_id, underway.content_of(placed)["form"])
    said = _SAID.get(placed.state, "")
    try:
        with savepoint():
            answered.require_files()
            if request.form.get("act") == "look":
                return _form(placed, answered.typed, note)
            correcting.change_order(
                placed.id, answered.typed, note=note, version=forms.number(request.form, "version") or 0, by=g.actor
            )
    except (*answers.REFUSED, StaleVersion) as error:
        return _form(_order(ref), answered.typed, note, error)
    notices.say(said)
    return redirect(url_for("ticket.page", ref=ref), 303)


def _order(ref: str) -> Order:
    placed = queries.order_of(tickets.visible_ticket(tickets.visible_ticket_key(ref, by=g.actor).id, by=g.actor))
    if placed is None:
        raise NotFound
    return placed


def _form(placed: Order, typed: Mapping[str, Any], note: str, error: MspError | None = None) -> ResponseReturnValue:
    shown = anew.anew(placed, typed, by=g.actor)
    client = tenants.visible_client(placed.tenant_id, by=g.actor)
    return answers.page("console/ticket/correction.html", order_answers.placed(error), it=shown, client=client, note=note)


def _amount(form: forms.Form, name: str) -> Decimal | None:
    text = forms.text(form, name).replace(",", "")
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        raise Invalid.field(name, "An amount such as 980 or 12.50, without a sign.", "range") from None
