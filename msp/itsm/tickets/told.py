"""Turning points of a ticket as its client's people are told of them, in the portal and by the API."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from msp.core.web.formats import when_words
from msp.itsm.tickets import retargeted
from msp.itsm.tickets.models import TimelineEntry
from msp.itsm.tickets.states import portal_word

# What the portal shows otherwise: the first step of the journey, and messages as they are.
_PLAIN = {"opened": "Submitted", "replied": None}
_ORDER = {
    "order_approved": "circle-check", "order_declined": "circle-x", "order_changed": "pencil", "order_quoted": "file",
}  # fmt: skip
_ALWAYS = (*_PLAIN, retargeted.KIND, "follower_added", "requester_changed", "rated", "exempted", *_ORDER)
_EXEMPTED = {None: "This", "response": "Our first answer", "resolution": "The time to a solution"}
_STANDS = ("waiting_for_supplier", "scheduled", "waiting_for_approval")
_WITHDRAWN = ("cancelled", "misfiled")
_ENDED = ("resolved", "closed")


class Told(NamedTuple):
    """An icon and a sentence."""

    icon: str
    text: str


def for_client(entries: Iterable[TimelineEntry], *, me: UUID | None, kind: str, tz: tzinfo) -> list[dict[str, Any]]:
    """The timeline without what is ours: that it was opened, each message, and what is told in words."""
    shown = []
    for entry in entries:
        told = told_to_client(entry, me=me, kind=kind, tz=tz)
        if entry.is_internal or (told is None and entry.kind not in _PLAIN):
            continue
        text = told.text if told else _PLAIN[entry.kind]
        data = {"message": entry.data["message"]} if "message" in entry.data else {}
        person = {"actor_kind": entry.actor_kind, "actor_name": entry.actor_name}
        shown.append({"id": entry.id, "at": entry.at, "kind": entry.kind, "text": text, "data": data, **person})
    return shown


def is_told() -> sa.ColumnElement[bool]:
    """The entries that `for_client` leaves, as PostgreSQL finds them, so that a page of them is full."""
    before, after = (TimelineEntry.data[name].astext for name in ("from", "to"))
    is_reopened = sa.and_(before.in_(_ENDED), after.not_in(("closed", *_WITHDRAWN)))
    is_turn = sa.or_(is_reopened, after.in_(("waiting_for_client", *_STANDS, "resolved", *_WITHDRAWN)))
    is_known = sa.or_(TimelineEntry.kind.in_(_ALWAYS), sa.and_(TimelineEntry.kind == "moved", is_turn))
    return sa.and_(~TimelineEntry.is_internal, is_known)


def told_to_client(entry: TimelineEntry, *, me: UUID | None, kind: str, tz: tzinfo) -> Told | None:
    """What a client should know of, with instants on the clocks of `tz`; None for the rest."""
    who = "You" if entry.actor_id is not None and entry.actor_id == me else entry.actor_name
    if entry.kind == "moved":
        told, occurred_at = _moved(who, entry, kind), entry.data.get("occurred_at")
        if told is None or not occurred_at:
            return told
        return told._replace(text=f"{told.text}, counted from {when_words(datetime.fromisoformat(occurred_at), entry.at, tz)}")
    if entry.kind == retargeted.KIND:
        return Told("clock", retargeted.client_words(entry, kind, tz))
    if entry.kind == "follower_added":
        return Told("user-plus", f"{who} let {entry.data.get('name', '')} follow this")
    if entry.kind == "requester_changed":
        return Told("user", f"{who} made {entry.data.get('to', '')} the requester in place of {entry.data.get('from', '')}")
    if entry.kind == "exempted":
        reason = f": “{entry.data['reason']}”" if entry.data.get("reason") else ""
        what = _EXEMPTED[entry.data.get("clock")]
        return Told("minus", f"{what} does not count towards what we promised{reason}, approved by {entry.actor_name}")
    if entry.kind == "rated":
        return Told("star", f"{who} rated this")
    if entry.kind in _ORDER:
        return Told(_ORDER[entry.kind], order_words(entry, who))
    return None


def order_words(entry: TimelineEntry, who: str) -> str:
    """What became of an order, for either side."""
    names = entry.data.get("names") or ""
    if entry.kind == "order_approved":
        return f"{names} approved this" if names else "Nobody had to approve this"
    if entry.kind == "order_declined":
        return f"{names} declined this: “{entry.data.get('reason', '')}”"
    if entry.kind == "order_quoted":
        return f"{who} quoted {entry.data.get('price', '')}"
    return f"{who} changed the order"


def _moved(who: str, entry: TimelineEntry, kind: str) -> Told | None:
    before, after = str(entry.data.get("from", "")), str(entry.data.get("to", ""))
    reason = f": “{entry.data['reason']}”" if entry.data.get("reason") else ""
    if before in _ENDED and after not in ("closed", *_WITHDRAWN):
        # A contact's reason is the message beside it.
        return Told("arrow-back-up", f"{who} reopened this{'' if entry.actor_kind == 'contact' else reason}")
    if after == "waiting_for_client":
        why = "this waits for you" if entry.actor_kind == "system" else f"{who} asked you something"
        return Told("dial-pause", f"The clock stands still: {why}{reason}")
    if after in _STANDS:
        return Told("dial-pause", f"{portal_word(after, kind)}{reason}")
    if after == "resolved":
        is_so = f"is {'fixed' if kind == 'incident' else 'done'}"
        return Told("circle-check", f"This {is_so}" if entry.actor_kind == "system" else f"{who} said that it {is_so}")
    if after in _WITHDRAWN:
        return Told("circle-x", f"This was cancelled{reason}" if entry.actor_kind == "system" else f"{who} withdrew this{reason}")
    return None
