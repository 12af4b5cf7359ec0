"""Approvals in words: states, what happened, who is asked. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msp.itsm.approvals.models import Entry, Seat


class StateWords(NamedTuple):
    """How a state is called, its tone and its icon."""

    word: str
    tone: str
    icon: str


STATES = {
    "waiting": StateWords("Waiting", "accent", "clock"),
    "approved": StateWords("Approved", "ok", "circle-check"),
    "rejected": StateWords("Declined", "bad", "circle-x"),
    "withdrawn": StateWords("Withdrawn", "", "circle-x"),
    "expired": StateWords("Expired", "warn", "alert-triangle"),
    "voided": StateWords("Void", "", "circle-x"),
}
CHANNELS = {
    "portal": "in the portal", "console": "in the console", "mail": "by the link in the mail", "api": "by the API", "system": "",
}  # fmt: skip


def entry_words(entry: Entry) -> str:
    """What happened, with the name of whoever did it in front where it was a person."""
    data, who = entry.data, entry.actor_name
    if entry.kind == "answered":
        return f"{who} {'approved' if data.get('is_approved') else 'declined'}"
    names = data.get("names", [])
    said = {
        "seated": f"Asked: {data.get('stage', '')}",
        "delegated": f"{who} passed it on to {data.get('name', '')}",
        "moved": _moved(data, who),
        "raised": f"Too late: {' and '.join(names)} asked as well",
        "withdrawn": f"{who} withdrew it",
        "expired": "The time was over",
        "changed": "What was shown has changed",
        "reminded": f"Reminded: {', '.join(names)}",
        "sent": f"Mailed to {data.get('name', '')}",
        "disowned": f"The link was opened by somebody who is not {who}",
    }
    return said.get(entry.kind, entry.kind)


def _moved(data: Mapping[str, Any], who: str) -> str:
    name, before, why = (data.get(part, "") for part in ("name", "from", "why"))
    return f"{name} is asked in place of {before}, who {why}" if why else f"{who} asked {name} in place of {before}"


def names_of(seats: Sequence[Seat]) -> str:
    """`Tom Fairley and Samir Rao`: those who may decide now."""
    names = [seat.holder_name for seat in seats if seat.is_open]
    if len(names) < 2:
        return names[0] if names else ""
    return f"{', '.join(names[:-1])} and {names[-1]}"
