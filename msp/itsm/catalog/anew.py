"""An order to be answered anew, as a page shows it: the form that it was ordered by, with what is answered so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msp.core import clock
from msp.core.actor import Actor
from msp.itsm.catalog import questions, underway
from msp.itsm.catalog.choices import OfClient
from msp.itsm.catalog.models import Order
from msp.itsm.catalog.notice import earliest_for
from msp.itsm.catalog.services.fulfilling import WAITS
from msp.itsm.tickets.models import Ticket


@dataclass(frozen=True)
class Anew:
    """`asked` is what the form asks as the answers stand."""

    placed: Order
    ticket: Ticket
    asked: questions.Asked
    may_update: bool

    @property
    def may_change(self) -> bool:
        """Whether it waits for something still."""
        return self.placed.state in WAITS

    @property
    def is_again(self) -> bool:
        """Whether it was declined, so that it is sent again."""
        return self.placed.state == "declined"


def anew(placed: Order, typed: Mapping[str, Any], *, by: Actor) -> Anew:
    """The order with these answers, right or wrong; agents are shown prices always."""
    content, ticket = underway.content_of(placed), underway.ticket_of(placed)
    shown = content if by.is_contact else {**content, "is_price_shown": True}
    named = OfClient(placed.tenant_id, by=by, file_ids=questions.file_ids(content["form"], typed), ticket=ticket)
    asked = questions.asked(shown, typed, named, earliest_for(placed.tenant_id, clock.now(), by=by))
    return Anew(placed, ticket, asked, questions.has_conditions(content["form"]))
