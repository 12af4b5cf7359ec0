"""The quote of an order, written on its ticket."""

from decimal import Decimal, InvalidOperation
from typing import Any

from flask import g
from flask.typing import ResponseReturnValue

from agent_console import forms
from agent_console.blueprint import console_blueprint
from agent_console.views.acts import do
from msp.core.errors import Invalid, NotFound
from msp.itsm.catalog import queries, underway
from msp.itsm.catalog.services import quoting
from msp.itsm.tickets import queries as tickets
from msp.itsm.tickets.queries import TicketKey
from tenants.permissions import Permission

blueprint = console_blueprint("orders", "/tickets/<ref>")


@blueprint.post("/quote")
def quote(ref: str) -> ResponseReturnValue:
    """Say what the order costs; its approval starts."""

    def act(key: TicketKey, form: forms.Form) -> Any:
        placed = queries.order_of(tickets.visible_ticket(key.id, by=g.actor))
        if placed is None:
            raise NotFound
        return quoting.quote_order(
            underway.own_order(placed.id, by=g.actor).id, once=_amount(form, "once"), monthly=_amount(form, "monthly"),
            words=forms.text(form, "words"), version=forms.number(form, "order_version") or 0, by=g.actor,
        )  # fmt: skip

    return do(ref, Permission.TICKET_TRIAGE, act)


def _amount(form: forms.Form, name: str) -> Decimal | None:
    text = forms.text(form, name).replace(",", "")
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        raise Invalid.field(name, "An amount such as 980 or 12.50, without a sign.", "range") from None
