"""Ordering something from a client's catalogue for one of its people."""

from typing import Any
from uuid import UUID

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from agent_console import answers, forms, notices, order_answers
from agent_console.client_frame import client_page
from agent_console.places import clients as blueprint
from agent_console.views.catalogue import ONE, entry_of
from msp.core import clock
from msp.core.db import savepoint
from msp.core.errors import Invalid, MspError
from msp.core.web.gates import Gate, gated
from msp.core.web.uploads import takes_files
from msp.itsm.catalog import questions
from msp.itsm.catalog.choices import OfClient
from msp.itsm.catalog.expectation import Promised
from msp.itsm.catalog.notice import earliest_for
from msp.itsm.catalog.prices import price_words
from msp.itsm.catalog.queries import Entry
from msp.itsm.catalog.services import orders
from msp.itsm.catalog.sums import sum_of
from msp.itsm.tickets import queries as tickets
from tenants import directory
from tenants import queries as tenants
from tenants.permissions import Permission

ORDER = Gate("agent", Permission.TICKET_OPEN)


@blueprint.get(f"{ONE}/order")
@gated(ORDER)
def order_form(tenant_id: UUID, item_id: UUID) -> ResponseReturnValue:
    contact_id = forms.one_id(request.args, "contact")
    contact = tenants.visible_contact(contact_id, by=g.actor) if contact_id else None
    e_mail = contact.e_mail if contact is not None and contact.tenant_id == tenant_id else ""
    return _form(tenant_id, item_id, {"contact": e_mail or ""}, {})


@blueprint.post(f"{ONE}/order")
@gated(ORDER)
@takes_files()
def place_order(tenant_id: UUID, item_id: UUID) -> ResponseReturnValue:
    entry, sent = entry_of(tenant_id, item_id), request.form
    answered = order_answers.answered(tenant_id, entry.content["form"])
    try:
        with savepoint():
            answered.require_files()
            if sent.get("act") == "look":
                return _form(tenant_id, item_id, sent, answered.typed)
            placed = orders.order(
                item_id, number=forms.number(sent, "number") or 0, answers=answered.typed, note=forms.text(sent, "note"),
                contact_id=_contact(tenant_id, "contact"), by=g.actor,
                for_contact_id=_contact(tenant_id, "for") if forms.text(sent, "for") else None,
            )  # fmt: skip
            ref = tickets.visible_ticket(placed.ticket_id, by=g.actor).ref
    except answers.REFUSED as error:
        return _form(tenant_id, item_id, sent, answered.typed, error)
    notices.say("It is ordered.")
    return redirect(url_for("ticket.page", ref=ref), 303)


def _contact(tenant_id: UUID, field: str) -> UUID:
    found = directory.colleague_at(tenant_id, forms.text(request.form, field))
    if found is None:
        raise Invalid.field(field, "Nobody at this client has this address.", "unknown")
    return found.id


def _form(
    tenant_id: UUID, item_id: UUID, typed: Any, answered: dict[str, Any], error: MspError | None = None
) -> ResponseReturnValue:
    entry, client = entry_of(tenant_id, item_id), tenants.visible_client(tenant_id, by=g.actor)
    error = order_answers.placed(error)
    form = entry.content["form"]
    named = OfClient(client.id, by=g.actor, file_ids=questions.file_ids(form, answered))
    shown = {**entry.content, "is_price_shown": True}  # to agents always
    asked = questions.asked(shown, answered, named, earliest_for(client.id, clock.now(), by=g.actor))
    return client_page(
        "console/catalogue/order.html", client, "catalogue", error, entry=entry, typed=typed,
        asked=asked, may_update=questions.has_conditions(form), sum=sum_of(entry, asked.answers, for_agent=True),
        expected=Promised(client.id, clock.now()).of(entry.content, "console"),
        price=_price(entry),
    )  # fmt: skip


def _price(entry: Entry) -> str:
    """What it costs without what is picked; nothing before a quote."""
    version = entry.version
    return "" if entry.content["is_quoted"] else price_words(version.price_once, version.price_monthly, version.currency)
