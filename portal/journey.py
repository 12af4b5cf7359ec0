"""Where a request is, in plain words: a few steps, one of them now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.states import WAITING
from portal import waiting, words
from portal.promise import Clocks

Stand = Literal["done", "now", ""]
_WITHDRAWN = ("cancelled", "misfiled")
_ENDED = ("resolved", "closed")


@dataclass(frozen=True)
class Step:
    """`small` is what else there is to say: when, who, what for."""

    label: str
    small: str = ""
    state: Stand = ""
    icon: str = "dial-half"


def steps(ticket: Ticket, clocks: Clocks, *, me: UUID | None, is_declined: bool = False) -> list[Step]:
    """Submitted, answered (a request: approved, where that applies), in progress, fixed (a request: done).

    `is_declined`: what was asked for was not approved, though it no longer waits for that.
    """
    stand: Stand = "now" if ticket.status == "new" else "done"
    submitted = Step("Submitted", _at(ticket.opened_at, clocks), stand, "circle-dashed")
    if ticket.status in _WITHDRAWN:
        ended = ticket.closed_at or ticket.updated_at
        return [submitted, Step("Withdrawn", _at(ended, clocks), "done")]
    middle = _answered(ticket, clocks) if ticket.kind == "incident" else _approved(ticket, clocks, is_declined)
    return [submitted, *middle, _progress(ticket, me), _end(ticket, clocks)]


def _answered(ticket: Ticket, clocks: Clocks) -> Iterator[Step]:
    if ticket.answered_at is not None:
        took = (ticket.answered_at - ticket.opened_at).total_seconds()
        yield Step("We answered", f"after {words.after_words(took)}" if took >= 60 else "at once", "done")
    elif ticket.status not in _ENDED:
        yield Step("We answer", _promised(clocks.due("response"), clocks))


def _approved(ticket: Ticket, clocks: Clocks, is_declined: bool) -> Iterator[Step]:
    if ticket.status == "waiting_for_approval":
        yield Step("Waiting for approval", ticket.waiting_reason or "", "now", "circle-dashed")
    elif clocks.was_approved and not is_declined:
        yield Step("Approved", "", "done")


def _progress(ticket: Ticket, me: UUID | None) -> Step:
    if ticket.status in _ENDED:
        return Step("In progress", _who(ticket), "done")
    if ticket.status == "open":
        return Step("In progress", f"{_who(ticket)} is working on it" if _who(ticket) else "", "now")
    if ticket.status in WAITING and ticket.status != "waiting_for_approval":
        said = waiting.status_of(ticket, me=me)
        return Step(said.word, ticket.waiting_reason or "", "now", said.icon)
    return Step("In progress")


def _end(ticket: Ticket, clocks: Clocks) -> Step:
    label = "Fixed" if ticket.kind == "incident" else "Done"
    if ticket.status in _ENDED:
        ended = ticket.resolved_at or ticket.closed_at or ticket.updated_at
        return Step(label, _at(ended, clocks), "done")
    return Step(label, _promised(clocks.due("resolution"), clocks))


def _promised(due: datetime | None, clocks: Clocks) -> str:
    """`by today 11:50`, or `was due today 11:50`."""
    if due is None:
        return ""
    return f"{'by' if due >= clocks.now else 'was due'} {words.by_words(due, clocks.now, clocks.tz)}"


def _who(ticket: Ticket) -> str:
    return ticket.assignee_name or ticket.team_name or ""


def _at(instant: datetime, clocks: Clocks) -> str:
    return words.sentence_case(words.promise_words(instant, clocks.now, clocks.tz))
