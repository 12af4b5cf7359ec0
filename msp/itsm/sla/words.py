"""Words of a clock's chip, the same in console and portal; `static/js/words.js` says them in the browser.

Pure: `now` and the zone come from the caller.
"""

import math
from datetime import datetime, tzinfo
from typing import NamedTuple

from msp.core.web.formats import compact_words, when_words

_MINUTE = 60
_TICKING = 7200  # seconds; beyond them the chip names the instant

# State of the engine -> (value of data-sla, icon).
SLA_LOOK = {
    "on_track": ("track", "clock"),
    "at_risk": ("risk", "soon"),
    "breached": ("over", "alert-circle"),
    "missed": ("missed", "circle-x"),
    "paused": ("paused", "dial-pause"),
    "met": ("met", "circle-check"),
    "stopped": ("none", "minus"),
    "none": ("none", "minus"),
}


class SlaWords(NamedTuple):
    """What a chip shows: the value of data-sla, the name of the icon, the text."""

    look: str
    icon: str
    text: str


def sla_words(
    state: str,
    due: datetime | None,
    breached_at: datetime | None,
    stopped_at: datetime | None,
    paused_seconds: float | None,
    now: datetime,
    tz: tzinfo,
    *,
    over_seconds: float | None = None,
    reason: str | None = None,
) -> SlaWords:
    """The chip's words for a clock in `state`.

    `over_seconds` is working time past the target; without it the wall clock since the due instant is told. `reason`
    replaces the paused time (`Paused – waiting for client`) where there is room for it.
    """
    look, icon = SLA_LOOK[state]
    if state in ("on_track", "at_risk"):
        return SlaWords(look, icon, _due_words(due, breached_at, now, tz))
    if state in ("breached", "missed"):
        over = over_seconds
        if over is None and (since := due or breached_at):
            over = ((stopped_at if state == "missed" and stopped_at else now) - since).total_seconds()
        lead = "Overdue" if state == "breached" else "Missed by"
        return SlaWords(look, icon, f"{lead} {compact_words(over or 0)}")
    if state == "paused":
        tail = f" – {reason}" if reason else f" {compact_words(paused_seconds)}" if paused_seconds else ""
        return SlaWords(look, icon, f"Paused{tail}")
    return SlaWords(look, icon, {"met": "Met", "stopped": "Stopped"}.get(state, "No target"))


def _due_words(due: datetime | None, breached_at: datetime | None, now: datetime, tz: tzinfo) -> str:
    # Due may be a closing time that has passed while the clock stands still until the next opening: that one counts.
    deadline = breached_at if due and due <= now and breached_at and breached_at > now else due
    if deadline is None:
        return "No target"
    left = (deadline - now).total_seconds()
    if left <= 0:
        return "Due now"
    if left < _TICKING:
        return f"Due {compact_words(math.ceil(left / _MINUTE) * _MINUTE)}"
    return f"Due {when_words(deadline, now, tz, today=False)}"
