"""States of a ticket, the one table of allowed moves, and the words for them on each side."""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class StateWord:
    """How a state is called: in the console, in the portal."""

    console: str
    portal: str


WORDS: dict[str, StateWord] = {
    "new": StateWord("New", "Submitted"),
    "waiting_for_approval": StateWord("Approval", "Waiting for approval"),
    "open": StateWord("In progress", "In progress"),
    "waiting_for_client": StateWord("Waiting for client", "Waiting for you"),
    "waiting_for_supplier": StateWord("Waiting for supplier", "Waiting for a supplier"),
    "scheduled": StateWord("Scheduled", "Planned"),
    "resolved": StateWord("Resolved", "Fixed"),
    "closed": StateWord("Closed", "Done"),
    "cancelled": StateWord("Cancelled", "Withdrawn"),
    "misfiled": StateWord("Misfiled", "Withdrawn"),
}


def portal_word(status: str, kind: str) -> str:
    """The word a contact reads; a request is done where an incident is fixed."""
    if status == "resolved" and kind == "request":
        return "Done"
    return WORDS[status].portal
