"""How a ticket's state looks and is called, in the console and in the portal."""

from typing import NamedTuple

from msp.itsm.tickets.states import WORDS, portal_word


class StatusWords(NamedTuple):
    """What a ticket's state is called: the value of data-s, the icon, the word, the tone of a chip that says it."""

    look: str
    icon: str
    word: str
    tone: str


# state -> (data-s, icon, tone of the portal's chip)
_LOOK = {
    "new": ("new", "circle-dashed", "hold"),
    "waiting_for_approval": ("new", "circle-dashed", "hold"),
    "open": ("open", "dial-half", "accent"),
    "waiting_for_client": ("wait", "dial-pause", "warn"),
    "waiting_for_supplier": ("wait", "circle-minus", "hold"),
    "scheduled": ("wait", "dial-pause", "hold"),
    "resolved": ("done", "circle-check", "ok"),
    "closed": ("done", "circle-check", "ok"),
    "cancelled": ("off", "circle-x", ""),
    "misfiled": ("off", "circle-x", ""),
}


def status_words(state: str, *, portal: bool = False, kind: str = "incident", change: str | None = None) -> StatusWords:
    """How a ticket's state looks and is called; `change` names the change that a scheduled ticket waits for."""
    look, icon, tone = _LOOK[state]
    if portal:
        return StatusWords(look, "arrow-back-up" if state == "waiting_for_client" else icon, portal_word(state, kind), tone)
    word = f"Waiting for {change}" if state == "scheduled" and change else WORDS[state].console
    return StatusWords(look, icon, word, tone)
