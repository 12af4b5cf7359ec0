"""States of a ticket, the one table of allowed moves, and the words for them on each side."""

from dataclasses import dataclass
from typing import Literal

KINDS = ("incident", "request")
SOURCES = ("portal", "console", "phone", "in_person", "mail", "api", "monitoring")
STATES = (
    "new", "waiting_for_approval", "open", "waiting_for_client", "waiting_for_supplier", "scheduled", "resolved", "closed",
    "cancelled", "misfiled",
)  # fmt: skip
WAITING = ("waiting_for_approval", "waiting_for_client", "waiting_for_supplier", "scheduled")
ENDED = frozenset({"resolved", "closed", "cancelled", "misfiled"})

_WORKING = {
    "open", "waiting_for_client", "waiting_for_supplier", "scheduled", "waiting_for_approval", "resolved", "cancelled",
}  # fmt: skip

# from -> where to; `misfiled` is reached by re-filing alone, `closed` from resolved or by hand
MOVES: dict[str, frozenset[str]] = {
    "new": frozenset(_WORKING),
    "waiting_for_approval": frozenset({"new", "open", "cancelled", "resolved"}),
    "open": frozenset(_WORKING - {"open"}),
    "waiting_for_client": frozenset(_WORKING - {"waiting_for_client"}),
    "waiting_for_supplier": frozenset(_WORKING - {"waiting_for_supplier"}),
    "scheduled": frozenset(_WORKING - {"scheduled"}),
    "resolved": frozenset({"open", "closed"}),
    "closed": frozenset(),
    "cancelled": frozenset(),
    "misfiled": frozenset(),
}
# what a contact may do himself: withdraw, say that it works, say that it does not
CONTACT_MOVES: dict[str, frozenset[str]] = {
    state: frozenset({"resolved", "cancelled"}) for state in STATES if state not in ENDED
} | {"resolved": frozenset({"open", "closed"})}

Dial = Literal["new", "open", "wait", "done"]


@dataclass(frozen=True)
class StateWord:
    """How a state is called and drawn: in the console, in the portal, with which dial and icon."""

    console: str
    portal: str
    dial: Dial
    icon: str


WORDS: dict[str, StateWord] = {
    "new": StateWord("New", "Submitted", "new", "circle-dashed"),
    "waiting_for_approval": StateWord("Approval", "Waiting for approval", "wait", "circle-dashed"),
    "open": StateWord("In progress", "In progress", "open", "progress"),
    "waiting_for_client": StateWord("Waiting for client", "Waiting for you", "wait", "player-pause"),
    "waiting_for_supplier": StateWord("Waiting for supplier", "Waiting for a supplier", "wait", "circle-minus"),
    "scheduled": StateWord("Scheduled", "Planned", "wait", "calendar"),
    "resolved": StateWord("Resolved", "Fixed", "done", "circle-check"),
    "closed": StateWord("Closed", "Done", "done", "circle-check"),
    "cancelled": StateWord("Cancelled", "Withdrawn", "done", "circle-x"),
    "misfiled": StateWord("Misfiled", "Withdrawn", "done", "circle-x"),
}


def portal_word(status: str, kind: str) -> str:
    """The word a contact reads; a request is done where an incident is fixed."""
    if status == "resolved" and kind == "request":
        return "Done"
    return WORDS[status].portal
