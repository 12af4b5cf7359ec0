"""What happens to tickets is told to the rules by a job: it runs as us whoever caused it, and on its own if it fails."""

from msp.core import clock, events
from msp.core.db import db
from msp.core.ids import new_id
from msp.core.outbox import services as outbox
from msp.itsm.automation import jobs
from msp.itsm.automation.events import chain, depth
from msp.itsm.csat.events import SurveyAnswered
from msp.itsm.csat.models import Survey
from msp.itsm.sla.events import StepsFired
from msp.itsm.tickets.events import (
    TicketAssigned,
    TicketClassified,
    TicketEvent,
    TicketMoved,
    TicketOpened,
    TicketReopened,
    TicketReplied,
)


@events.subscribe(TicketOpened)
def opened(event: TicketOpened) -> None:
    _tell("opened", event)


@events.subscribe(TicketReplied)
def replied(event: TicketReplied) -> None:
    """What a rule writes is no reply of a person."""
    if not chain():
        _tell("client_replied" if event.by_contact else "agent_replied", event)


@events.subscribe(TicketMoved)
def moved(event: TicketMoved) -> None:
    _tell("moved", event)


@events.subscribe(TicketReopened)
def reopened(event: TicketReopened) -> None:
    _tell("reopened", event)


@events.subscribe(TicketAssigned)
def assigned(event: TicketAssigned) -> None:
    _tell("assigned", event)


@events.subscribe(TicketClassified)
def classified(event: TicketClassified) -> None:
    if "priority" in event.fields:
        _tell("reprioritised", event)


@events.subscribe(SurveyAnswered)
def rated(event: SurveyAnswered) -> None:
    survey = db.session.get_one(Survey, (event.tenant_id, event.survey_id))
    _tell("rated", event, score=survey.score)


@events.subscribe(StepsFired)
def clocks(event: StepsFired) -> None:
    """Told under the staff's scope, of many clients at once: one job sorts them out."""
    if event.is_replay or outbox.is_suppressed():
        return
    steps, breached = ([str(id) for id in ids] for ids in (event.escalation_ids, event.breached_clock_ids))
    outbox.enqueue(jobs.CLOCKS, {"steps": steps, "breached": breached, "at": clock.now().isoformat()})


def _tell(kind: str, event: TicketEvent | SurveyAnswered, **more: int | None) -> None:
    """Nothing is told in a replay of the past: what then happened stands in what is being replayed."""
    if outbox.is_suppressed():
        return
    args = {
        "event_id": str(new_id()), "kind": kind, "ticket_id": str(event.ticket_id), "at": clock.now().isoformat(),
        "chain": [str(id) for id in chain()], "depth": depth(), **more,
    }  # fmt: skip
    outbox.enqueue(jobs.HAPPENED, args, tenant_id=event.tenant_id)
