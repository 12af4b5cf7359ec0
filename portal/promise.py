"""What was promised for a request and how it stands: the same clocks that the agents see, in the client's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from markupsafe import Markup

from msp.core.web import formats
from msp.itsm.sla import for_client, opening
from msp.itsm.sla import queries as sla
from msp.itsm.sla.engine.clock import reading
from msp.itsm.sla.engine.reading import Cycle, Reading
from msp.itsm.sla.engine.rules import RULES
from msp.itsm.sla.thread.adapter import thread_view
from msp.itsm.sla.thread.drawing import thread_svg
from msp.itsm.sla.thread.receipt import Receipt, receipt
from msp.itsm.sla.thread.strip import day_strip
from msp.itsm.tickets.models import Ticket
from portal import words

SHOWN = ("response", "update", "resolution")
_WIDTH, _FOLD = 540, 1.9  # of the thread: its column is narrower than the console's
_WAITS = {
    "waiting_for_client": "The time stands still while we wait for you",
    "waiting_for_supplier": "The time stands still while we wait for a supplier",
    "waiting_for_approval": "The time stands still until this is approved",
    "scheduled": "The time stands still until the planned date",
}


@dataclass(frozen=True)
class Promise:
    """The promise as a sentence, how much of it is used, the thread and its receipt."""

    headline: str
    detail: str
    is_late: bool
    thread: Markup
    strip: Markup
    receipt: Receipt
    moved: tuple[str, ...]
    agreement: str


@dataclass(frozen=True)
class Clocks:
    """A request's clocks, read at one instant."""

    readings: Mapping[str, Reading]
    was_approved: bool
    now: datetime
    tz: tzinfo

    def cycle(self, kind: str) -> Cycle | None:
        """The last cycle of a clock, None where nothing is promised."""
        found = self.readings[kind].current
        return found if found is not None and found.target_seconds is not None and found.calendar is not None else None

    def due(self, kind: str) -> datetime | None:
        """When a running clock is due."""
        cycle = self.cycle(kind)
        return cycle.due_at if cycle is not None and cycle.stopped_at is None else None


def clocks_of(tenant_id: UUID, ticket_id: UUID, *, now: datetime, tz: tzinfo) -> Clocks:
    """Every clock that a client may see; one read of the facts serves all of them."""
    history = sla.history(tenant_id, ticket_id)
    readings = {kind: reading(history, RULES[kind], now=now) for kind in SHOWN}
    was_approved = any(fact.data.get("state") == "waiting_for_approval" for fact in history.facts)
    return Clocks(readings, was_approved, now, tz)


def promise(ticket: Ticket, clocks: Clocks) -> Promise | None:
    """The promise of the fix, else that of the answer; None where there is neither."""
    kind = next((kind for kind in ("resolution", "response") if clocks.cycle(kind)), None)
    cycle = clocks.cycle(kind) if kind else None
    if kind is None or cycle is None:
        return None
    view = thread_view(clocks.readings[kind], for_client=True)
    return Promise(
        headline=_headline(ticket, kind, cycle, clocks),
        detail=_detail(cycle),
        is_late=cycle.state in ("breached", "missed"),
        thread=thread_svg(view, width=_WIDTH, fold=_FOLD),
        strip=day_strip(view),
        receipt=receipt(clocks.readings[kind], for_client=True),
        moved=tuple(for_client.moved_words(clocks.readings[kind], cycle)),
        agreement=for_client.agreement_words(cycle),
    )


def answer_words(clocks: Clocks) -> str:
    """What is promised about our first answer, while it is outstanding."""
    cycle = clocks.cycle("response")
    if cycle is None or cycle.stopped_at is not None or cycle.due_at is None:
        return ""
    when = words.promise_words(cycle.due_at, clocks.now, clocks.tz)
    if cycle.state == "breached":
        return f"Our answer is late: it was promised by {when}."
    return f"We answer by {when}."


def received_words(ticket: Ticket, clocks: Clocks) -> str:
    """What is said right after sending: when an answer comes, when it is done."""
    act = "fix it" if ticket.kind == "incident" else "have it done"
    when = [
        f"{verb} by {words.promise_words(due, clocks.now, clocks.tz)}"
        for verb, due in (("answer", clocks.due("response")), (act, clocks.due("resolution")))
        if due is not None
    ]
    return f"We {' and '.join(when)}." if when else "We answer here as soon as we can."


def _headline(ticket: Ticket, kind: str, cycle: Cycle, clocks: Clocks) -> str:
    is_incident = ticket.kind == "incident"
    thing = "an answer" if kind == "response" else "a fix" if is_incident else "this"
    done = "Answered" if kind == "response" else "Fixed" if is_incident else "Done"
    if cycle.state == "met":
        return f"{done} within the time we promised"
    if cycle.state == "missed":
        return f"{done} later than we promised"
    if cycle.is_exempted:
        return "This does not count towards what we promised"
    if cycle.state == "stopped":
        gone = ticket.status in ("cancelled", "misfiled")
        return "Withdrawn: nothing is due any more" if gone else "The clock has stopped, without an outcome"
    if cycle.due_at is None:
        return _WAITS.get(ticket.status, "The time stands still")
    when = words.promise_words(cycle.due_at, clocks.now, clocks.tz)
    return f"We promised {thing} by {when}" + (" and are late" if cycle.state == "breached" else "")


def _detail(cycle: Cycle) -> str:
    if cycle.exemption is not None:
        return for_client.exempt_words(cycle.exemption)
    target, used = cycle.target_seconds or 0, cycle.elapsed_seconds
    said = f"{_target(cycle, target)}; {_unbroken(used)} used"
    if cycle.state in ("met", "missed", "stopped"):
        return said + "."
    whole = target - used + used % 60  # without the seconds that "used" leaves out, so that the two make the target
    return f"{said}, {_unbroken(abs(whole))} {'left' if used <= target else 'over'}."


def _unbroken(seconds: int) -> str:
    """A duration that stays on one line."""
    return formats.duration_words(seconds).replace(" ", "\N{NO-BREAK SPACE}")


def _target(cycle: Cycle, seconds: int) -> str:
    calendar = cycle.calendar.calendar if cycle.calendar else None
    return words.within_words(seconds, round_the_clock=calendar is not None and opening.is_round_the_clock(calendar))
