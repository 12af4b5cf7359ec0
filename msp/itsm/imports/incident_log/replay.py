"""One incident, lived again: each row through the services at its own instant, the whole in one transaction.

An incident is there whole or not at all, so an import that was killed goes on where it stopped.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import db
from msp.itsm.imports.incident_log.directory import Directory
from msp.itsm.imports.incident_log.reader import UNKNOWN, Event, Incident
from msp.itsm.sla.services import escalation
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import moves, opening, timeline, triage
from msp.itsm.tickets.states import MOVES
from tenants.permissions import Permission

RIGHTS = frozenset(
    {
        Permission.TICKET_OPEN, Permission.TICKET_READ, Permission.TICKET_REPLY, Permission.TICKET_MOVE, Permission.TICKET_ANY_MOVE,
        Permission.TICKET_ASSIGN, Permission.TICKET_TRIAGE, Permission.FACT_BACKDATE,
    }
)  # fmt: skip
WAITS = {"waiting_for_client": "Awaiting User Info", "waiting_for_supplier": "Awaiting Vendor"}


@dataclass
class Tally:
    """What became of the rows."""

    tickets: int = 0
    known: int = 0
    rows: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        self.tickets += other.tickets
        self.known += other.known
        self.rows += other.rows
        self.acts += other.acts
        self.flags += other.flags


def replay(incident: Incident, directory: Directory, tally: Tally, *, ends_at: datetime) -> UUID:
    """Live the incident; the id of its ticket. Runs in the caller's transaction."""
    player = _Player(incident, directory, tally)
    player.open()
    for event in incident.events:
        player.live(event)
    with clock.at(ends_at):
        escalation.fire_due(directory.tenant_id, player.ticket_id, clock.now())
    tally.tickets += 1
    return player.ticket_id


def external_key(incident: Incident) -> str:
    """What the ticket is known by, so that it is never imported twice."""
    return f"incident-log:{incident.number}"


class _Player:
    def __init__(self, incident: Incident, directory: Directory, tally: Tally) -> None:
        self.incident, self.directory, self.tally = incident, directory, tally
        self.first = incident.events[0]
        self.ticket_id: UUID
        self.location = incident.location
        self.last = self.first.opened_at
        self.group = self.assignee = UNKNOWN
        self.is_acknowledged = False

    def open(self) -> None:
        """The opening at its own instant: by the caller himself in the portal, by whoever took it elsewhere."""
        first = self.first
        contact_id, contact_name = self.directory.contacts[first.caller]
        if first.source == "portal":
            by = Actor(contact_id, "contact", contact_name, RIGHTS, (self.directory.tenant_id,))
        else:
            by = _agent(f"Opener {first.opener}")
        with clock.at(first.opened_at):
            ticket = opening.open_ticket(
                self.directory.tenant_id, _subject(first), by=by, source=first.source, requester_id=contact_id,
                category_id=self.directory.categories.get((first.category, first.subcategory)), impact=first.impact,
                urgency=first.urgency, ci_name=_known(first.ci, "CI"), external_key=external_key(self.incident),
            )  # fmt: skip
        self.ticket_id = ticket.id

    def live(self, event: Event) -> None:
        """One row: what fell due before it, then what it changed."""
        self.tally.rows += 1
        self._flag_time(event)
        by = _agent(f"Agent {event.author}")
        with clock.at(event.at):
            escalation.fire_due(self.directory.tenant_id, self.ticket_id, event.at)
            ticket = queries.visible_ticket(self.ticket_id, by=by, for_update=True)
            before = self.tally.acts.total()
            self._classify(ticket, event, by)
            self._assign(event, by)
            self._move(ticket, event, by)
            self._note_location(ticket, event, by)
            if self.tally.acts.total() == before:
                self.tally.acts["no visible change"] += 1
                timeline.note(ticket, "touched", {"line": event.line}, by=by, is_internal=True)
            db.session.flush()  # what one row changed is written, and audited, at its own instant

    def _flag_time(self, event: Event) -> None:
        if event.at < self.first.opened_at:
            self.tally.flags["before the opening"] += 1
        if event.at < self.last:
            self.tally.flags["earlier than the event before"] += 1
        self.last = event.at

    def _classify(self, ticket: Ticket, event: Event, by: Actor) -> None:
        changes: dict[str, object] = {}
        if (event.impact, event.urgency) != (ticket.impact, ticket.urgency):
            changes |= {"impact": event.impact, "urgency": event.urgency}
        category_id = self.directory.categories.get((event.category, event.subcategory))
        if category_id != ticket.category_id:
            changes["category_id"] = category_id
        if _known(event.ci, "CI") != ticket.ci_name:
            changes["ci_name"] = _known(event.ci, "CI")
        if changes:
            triage.classify(self.ticket_id, changes, by=by)
            self.tally.acts["classified"] += 1

    def _assign(self, event: Event, by: Actor) -> None:
        if (event.group, event.assignee) == (self.group, self.assignee):
            return
        self.group, self.assignee = event.group, event.assignee
        triage.assign(
            self.ticket_id, team_id=self.directory.teams.get(event.group), assignee_id=self.directory.agents.get(event.assignee), by=by
        )
        self.tally.acts["assigned"] += 1

    def _move(self, ticket: Ticket, event: Event, by: Actor) -> None:
        status = event.status
        if status is None:
            self.tally.flags["damaged state"] += 1
            timeline.note(ticket, "flagged", {"line": event.line, "why": "damaged state"}, by=by, is_internal=True)
            status = "open" if ticket.status == "new" else ticket.status
        if status != ticket.status and status not in MOVES[ticket.status]:
            self.tally.flags[f"move {ticket.status} to {status}"] += 1
            timeline.note(ticket, "flagged", {"line": event.line, "why": "a move the table forbids"}, by=by, is_internal=True)
        if status != "new" and not self.is_acknowledged:
            self.is_acknowledged = True
            self.tally.acts["acknowledged"] += 1
            moves.acknowledge(self.ticket_id, by=by, then=status if status in ("open", "resolved", "closed") else "open")
        if status != ticket.status:
            moves.move(self.ticket_id, status, by=by, reason=WAITS.get(status))
            self.tally.acts["moved"] += 1

    def _note_location(self, ticket: Ticket, event: Event, by: Actor) -> None:
        if event.location in (UNKNOWN, self.location):
            return
        self.location = event.location
        self.tally.acts["location changed"] += 1
        timeline.note(ticket, "location_changed", {"to": f"Location {event.location}"}, by=by, is_internal=True)


def _agent(name: str) -> Actor:
    return Actor(None, "agent", name, RIGHTS, None)


def _known(value: str, word: str) -> str | None:
    return None if value == UNKNOWN else f"{word} {value}"


def _subject(event: Event) -> str:
    parts = [_known(event.category, "Category"), _known(event.subcategory, "subcategory"), _known(event.symptom, "symptom")]
    return ", ".join(part for part in parts if part) or f"Incident {event.number}"
