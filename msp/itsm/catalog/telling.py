"""What a runbook is told of an order: answers, who gets it, who ordered it, as texts."""

from typing import Any
from uuid import UUID

from msp.core.db import db
from msp.itsm.catalog import plans, questions
from msp.itsm.catalog.models import Order
from tenants.models import Contact, Site


class OfOrder:
    """A `plans.Teller`. What was not answered is an empty text."""

    def __init__(self, placed: Order, form: questions.Json) -> None:
        self.placed, self.kinds = placed, questions.kinds(form)

    def __call__(self, source: str, value: str) -> str:
        match source:
            case plans.ANSWER:
                return self._answer(value)
            case plans.FIXED:
                return value
            case "order.item":
                return self.placed.item_name
            case "order.for_name":
                return self.placed.for_name
        whose = self.placed.for_contact_id if source == "order.for_e_mail" else self.placed.contact_id
        contact = db.session.get_one(Contact, (self.placed.tenant_id, whose))
        return contact.name if source == "requester.name" else contact.e_mail or ""

    def _answer(self, name: str) -> str:
        """People and sites by name, days as 2027-03-01, what was picked by its value, several with commas between them."""
        given = self.placed.answers.get(name)
        kind = self.kinds.get(name, "")
        return ", ".join(self._text(each, kind) for each in (given if isinstance(given, list) else [given]) if each is not None)

    def _text(self, answer: Any, kind: str) -> str:
        if kind not in ("person", "site"):
            return str(answer)
        key = (self.placed.tenant_id, UUID(str(answer)))
        found = db.session.get(Contact, key) if kind == "person" else db.session.get(Site, key)
        return found.name if found else ""
