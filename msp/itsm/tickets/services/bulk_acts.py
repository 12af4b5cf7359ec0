"""What can be done to many tickets at once: how it is done to one, which of its values it may change, how they come back.

Each act goes through the ticket's ordinary service. Arguments and values are plain JSON, for they are kept in rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from msp.core.actor import Actor
from msp.core.errors import Conflict, Invalid
from msp.itsm.tickets import queries
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.services import moves, triage
from msp.itsm.tickets.states import MOVES, STATES
from tenants.permissions import Permission

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Act:
    """`do` and `restore` are given a ticket that is locked."""

    permission: Permission
    check: Callable[[Values], None]
    read: Callable[[Ticket], dict[str, Any]]
    do: Callable[[Ticket, Values, Actor], object]
    restore: Callable[[Ticket, Values, Actor], object]


def act_of(name: str) -> Act:
    """The act of this name; Invalid where there is none."""
    if name not in _ACTS:
        raise Invalid.field("act", "Choose what to do with these tickets.", "unknown")
    return _ACTS[name]


def can_be_undone(name: str, args: Values) -> bool:
    """Whether any ticket could come back from it: from a state that none leaves, none does."""
    return name != "move" or bool(MOVES[args["status"]])


def _owner_of(ticket: Ticket) -> dict[str, Any]:
    return {"assignee_id": _text(ticket.assignee_id), "team_id": _text(ticket.team_id)}


def _assign(ticket: Ticket, args: Values, by: Actor) -> None:
    """The team stays where only the agent changes."""
    team_id = args.get("team_id") or ticket.team_id
    triage.assign(ticket.id, by=by, assignee_id=_id(args.get("assignee_id")), team_id=_id(team_id))


def _give_back(ticket: Ticket, before: Values, by: Actor) -> None:
    triage.assign(ticket.id, by=by, assignee_id=_id(before["assignee_id"]), team_id=_id(before["team_id"]))


def _check_state(args: Values) -> None:
    if args.get("status") not in STATES:
        raise Invalid.field("status", "Choose a status.", "unknown")


def _state_of(ticket: Ticket) -> dict[str, Any]:
    return {"status": ticket.status, "reason": ticket.waiting_reason}


def _move(ticket: Ticket, args: Values, by: Actor) -> None:
    moves.move(ticket.id, args["status"], by=by, reason=args.get("reason") or None)


def _check_weight(args: Values) -> None:
    for name, most in (("priority", 4), ("impact", 3), ("urgency", 3)):
        if name in args and args[name] not in range(1, most + 1):
            raise Invalid.field(name, f"1 to {most}.", "range")
    if not args:
        raise Invalid.field("priority", "Choose a priority.", "required")


def _weight_of(ticket: Ticket) -> dict[str, Any]:
    return {
        "impact": ticket.impact, "urgency": ticket.urgency, "priority": ticket.priority, "is_set": ticket.is_priority_set,
    }  # fmt: skip


def _classify(ticket: Ticket, args: Values, by: Actor) -> None:
    triage.classify(ticket.id, args, by=by)


def _weigh_as_before(ticket: Ticket, before: Values, by: Actor) -> None:
    """A priority that followed from impact and urgency does so again, as long as it comes out as it was."""
    weight = {name: before[name] for name in ("impact", "urgency")}
    triage.classify(ticket.id, {**weight, "priority": before["priority"]} if before["is_set"] else weight, by=by)
    if _weight_of(ticket) != before:
        raise Conflict("The priority matrix has changed since.")


def _check_tags(args: Values) -> None:
    if not args.get("add") and not args.get("remove"):
        raise Invalid.field("add", "Name a tag to add or to remove.", "required")
    for name in ("add", "remove"):
        triage.tags_in(args.get(name, []), name)


def _tags_of(ticket: Ticket) -> dict[str, Any]:
    return {"tags": queries.tags(ticket)}


def _tag(ticket: Ticket, args: Values, by: Actor) -> None:
    kept = set(queries.tags(ticket)) - triage.tags_in(args.get("remove", []))
    triage.set_tags(ticket.id, [*kept, *args.get("add", [])], by=by)


def _tag_as_before(ticket: Ticket, before: Values, by: Actor) -> None:
    triage.set_tags(ticket.id, before["tags"], by=by)


def _text(id: UUID | None) -> str | None:
    return str(id) if id else None


def _id(text: str | UUID | None) -> UUID | None:
    return UUID(str(text)) if text else None


_ACTS = {
    "assign": Act(Permission.TICKET_ASSIGN, lambda args: None, _owner_of, _assign, _give_back),
    "move": Act(Permission.TICKET_MOVE, _check_state, _state_of, _move, _move),
    "classify": Act(Permission.TICKET_TRIAGE, _check_weight, _weight_of, _classify, _weigh_as_before),
    "tag": Act(Permission.TICKET_TRIAGE, _check_tags, _tags_of, _tag, _tag_as_before),
}
