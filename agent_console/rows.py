"""A row of the queue as its template shows it."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from markupsafe import Markup

from msp.itsm.sla.pace import Pace
from msp.itsm.sla.thread.mini import mini_svg
from msp.itsm.sla.words import SlaWords, sla_words
from msp.itsm.tickets.listing import Listed
from msp.itsm.tickets.models import Ticket
from msp.itsm.tickets.words import StatusWords, status_words
from tenants.models import Tenant


@dataclass(frozen=True)
class Row:
    """Ticket, client, and words and pictures for what they say now. `chip` is what lets the chip tick."""

    ticket: Ticket
    client: Tenant
    status: StatusWords
    assignee_hue: int
    is_unread: bool
    mini: Markup
    words: SlaWords
    chip: dict[str, Any]

    @property
    def version(self) -> str:
        """Changes whenever the row would look different, so that a live list renews it."""
        ticket = self.ticket
        return f"{ticket.version}.{ticket.updated_at.timestamp():.3f}.{self.words.look}.{self.is_unread:d}"


def row(listed: Listed, *, now: datetime, tz: tzinfo) -> Row:
    """What the queue shows of a ticket at `now`, in the agent's time zone."""
    words, chip = sla_chip(listed.pace, now=now, tz=tz)
    pace = listed.pace
    return Row(
        ticket=listed.ticket,
        client=listed.client,
        status=status_words(listed.ticket.status),
        assignee_hue=listed.assignee_hue or 12,
        is_unread=listed.is_unread,
        mini=mini_svg(
            words.look,
            pace.share if pace else None,
            nights=pace.nights if pace else (),
            is_paused=chip["state"] == "paused",
        ),
        words=words,
        chip=chip,
    )


def sla_chip(pace: Pace | None, *, now: datetime, tz: tzinfo) -> tuple[SlaWords, dict[str, Any]]:
    """The words of a clock's chip, and the instants by which the browser keeps them true."""
    if pace is None:
        return sla_words("none", None, None, None, None, now, tz), {"state": "none"}
    paused = (now - pace.paused_at).total_seconds() if pace.state == "paused" and pace.paused_at else None
    over = pace.over_seconds
    words = sla_words(
        pace.state, pace.due_at, pace.breaches_at, pace.stopped_at, paused, now, tz, over_seconds=over
    )
    chip: dict[str, Any] = {"state": pace.state}
    if pace.state in ("on_track", "at_risk", "breached"):
        chip |= {"due": pace.due_at, "breach_at": pace.breaches_at}
    if pace.state == "breached":
        chip |= {"over": over, "ticks_until": pace.ticks_until}
    if paused is not None:
        chip["since"] = paused
    return words, chip
