"""Approvals for tests: started through the service about a made-up kind of subject, and the jobs that follow."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from msp.core import clock
from msp.core.db import db
from msp.core.ids import new_id
from msp.itsm.approvals import book, queries
from msp.itsm.approvals.models import Approval, Entry, Seat
from msp.itsm.approvals.services import asking, timing
from msp.itsm.approvals.shown import Shown
from tests.itsm.approvals.chains import MONDAY
from tests.itsm.sla import passing
from tests.support import world
from tests.support.post import office, text_of

KIND = "purchase"
TITLE = "Laptop for Nina Kovac"


def shown(**changes: Any) -> Shown:
    content: dict[str, Any] = {
        "title": TITLE,
        "lines": (("What", "Laptop “Surgery”, 14 inch"), ("Why", "She starts on Monday <in room 9>."), ("Then", "Ordered today")),
        "once": Decimal("1140"), "monthly": Decimal("46"), "currency": "GBP", "reference": "NWD-1049", "link": "/requests/NWD-1049",
    }  # fmt: skip
    return Shown(**{**content, **changes})


def chain(*stages: Any) -> dict[str, Any]:
    """Stages as dicts, or as lists of contacts who must all approve."""
    return {
        "stages": [
            {"name": f"Stage {number}", **(each if isinstance(each, dict) else {"approvers": [{"contact": str(one.id)} for one in each]})}
            for number, each in enumerate(stages, 1)
        ]
    }


def start(app: Any, company: Any, *stages: Any, person: str = "requester", at: datetime = MONDAY, **changes: Any) -> Approval:
    """An approval that this person of the company asked for."""
    with clock.at(at), world.acting(app, company.actor(person)) as by:
        return asking.start(company.id, KIND, new_id(), shown(**changes), chain(*stages), by=by)


def sweep(app: Any, at: datetime) -> None:
    """Let time be `at`, and what is due happen."""
    with clock.at(at), world.as_staff(app):
        timing.sweep(at)


def mails(app: Any, at: datetime, *companies: Any) -> list[tuple[str, Any]]:
    """Do everything that was asked for, and send the mails: address and mail of each to people of the companies, or to all."""
    wanted = {person.e_mail for company in companies for person in company.people.values()}
    with office(app) as post:
        passing.work(app, at, mail=True)
        found = list(zip([envelope.rcpt_tos[0] for envelope in post.envelopes], post.mails, strict=True))
    return [(address, mail) for address, mail in found if not companies or address in wanted]


def read(app: Any, approval: Any) -> Approval:
    """The approval as it is now."""
    with world.as_staff(app):
        return db.session.get_one(Approval, (approval.tenant_id, approval.id))


def seats(app: Any, approval: Any) -> list[Seat]:
    with world.as_staff(app):
        return list(book.seats_of(approval))


def history(app: Any, approval: Any) -> list[Entry]:
    with world.as_staff(app):
        return list(queries.history(approval))


def open_names(app: Any, approval: Any) -> set[str]:
    """Who may decide now, by the first word of the name."""
    return {seat.holder_name.split(" ")[0] for seat in seats(app, approval) if seat.is_open}


def link_in(mail: Any) -> str:
    """The path of the link that a mail carries."""
    found = re.search(r"https?://[^/\s]+(/decide/\S+?)(?=[\"\s<])", text_of(mail))
    assert found, text_of(mail)
    return found.group(1)


def mail_to(found: list[tuple[str, Any]], person: Any) -> Any:
    """The last mail to a contact."""
    return [mail for address, mail in found if address == person.e_mail][-1]
