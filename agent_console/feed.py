"""The conversation of a ticket: messages, notes and what happened between them, in one order."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from markupsafe import Markup, escape

from msp.core.mail.render import prose
from msp.core.web import formats
from msp.itsm.tickets import retargeted, told
from msp.itsm.tickets.models import Attachment, Message, TimelineEntry
from msp.itsm.tickets.states import WAITING, WORDS
from msp.itsm.tickets.story import SAID_BY_MESSAGE
from msp.itsm.tickets.words import status_words

SHOWN = 5  # items that stay open at the end of a long conversation
_READERS = frozenset({"requester_changed", "follower_added", "follower_removed"})
_FIELDS = {
    "subject": "subject", "kind": "kind", "category_id": "category", "site_id": "site", "impact": "impact",
    "urgency": "urgency", "priority": "priority", "service": "service", "ci_name": "item", "custom": "custom fields",
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A message or a note."""

    id: UUID
    at: datetime
    kind: str  # client, public, note
    author: str
    author_id: UUID | None
    body: str | Markup
    files: Sequence[Attachment]
    is_new: bool
    is_mine: bool
    to: Sequence[str] = ()  # who was sent it, of a public reply of ours
    is_event: bool = False


@dataclass(frozen=True)
class Happened:
    """An entry of the timeline."""

    id: UUID
    at: datetime
    icon: str
    text: Markup
    is_event: bool = True


@dataclass(frozen=True)
class Feed:
    """What is shown, and how many items before it are folded away, with their days."""

    items: Sequence[Said | Happened]
    folded: int
    folded_words: str


def feed(
    messages: Iterable[Message], timeline: Iterable[TimelineEntry], files: Iterable[Attachment], *, me: UUID | None,
    read_at: datetime | None, tz: tzinfo, is_whole: bool, readers: tuple[str, Sequence[str]] = ("", ()),
    later: Iterable[TimelineEntry] = (),
) -> Feed:  # fmt: skip
    """Everything in the order of its instants; of a long story the end, but nothing that is new is folded.

    `readers` are the requester and the followers of today, by name; `later` is what changed them after the last item.
    """
    messages, timeline = list(messages), list(timeline)
    sent_to = _sent_to(messages, [*timeline, *later], *readers)
    by_message: dict[UUID | None, list[Attachment]] = {}
    for file in files:
        by_message.setdefault(file.message_id, []).append(file)
    items: list[Said | Happened] = [
        _said(message, by_message.get(message.id, ()), me=me, read_at=read_at, to=sent_to[message.id]) for message in messages
    ]
    items += [_happened(entry, tz) for entry in timeline if entry.kind not in SAID_BY_MESSAGE]
    items.sort(key=lambda item: (item.at, item.is_event, item.id))
    cut = 0 if is_whole else max(0, len(items) - SHOWN)
    first_new = next((n for n, item in enumerate(items) if isinstance(item, Said) and item.is_new), len(items))
    cut = min(cut, first_new)
    if cut < 3:  # a line about two things is longer than they are
        cut = 0
    return Feed(items[cut:], cut, _days(items[:cut], tz) if cut else "")


def _days(items: Sequence[Said | Happened], tz: tzinfo) -> str:
    """`25 Mar`, `25 to 30 Mar`, `28 Feb to 2 Mar`."""
    first, last = (items[place].at.astimezone(tz).date() for place in (0, -1))
    if first == last:
        return formats.date_words(first)
    if (first.month, first.year) == (last.month, last.year):
        return f"{first.day} to {formats.date_words(last)}"
    return f"{formats.date_words(first)} to {formats.date_words(last)}"


def _sent_to(
    messages: Iterable[Message], timeline: Iterable[TimelineEntry], requester: str, followers: Iterable[str]
) -> dict[UUID, list[str]]:
    """Who read each message when it came: today's readers, and back from there what the timeline says of them."""
    changes = [entry for entry in timeline if entry.kind in _READERS]
    changes.sort(key=lambda entry: (entry.at, entry.id))
    following, sent_to = list(followers), {}
    for message in sorted(messages, key=lambda message: message.sent_at, reverse=True):
        while changes and changes[-1].at > message.sent_at:
            entry = changes.pop()
            name = str(entry.data.get("name", ""))
            if entry.kind == "requester_changed":
                requester = str(entry.data.get("from", ""))
            elif entry.kind == "follower_removed":
                following.append(name)
            elif name in following:
                following.remove(name)
        sent_to[message.id] = [requester, *(name for name in following if name != requester)]
    return sent_to


def _said(
    message: Message, files: Sequence[Attachment], *, me: UUID | None, read_at: datetime | None, to: Sequence[str]
) -> Said:
    is_ours = message.author_kind != "contact"
    is_mine = message.author_id == me
    return Said(
        message.id,
        message.sent_at,
        "note" if message.is_internal else "public" if is_ours else "client",
        message.author_name,
        message.author_id,
        # Our people write Markdown, as the mail shows it; what clients write stays as they typed it.
        prose(message.body) if is_ours else message.body,
        files,
        is_new=not is_mine and read_at is not None and message.sent_at > read_at,
        is_mine=is_mine,
        to=to if is_ours and not message.is_internal else (),
    )


# --- Words for the timeline ------------------------------------------------------------------------------------------


def _happened(entry: TimelineEntry, tz: tzinfo) -> Happened:
    if entry.kind == retargeted.KIND:
        return Happened(entry.id, entry.at, "clock", escape(retargeted.staff_words(entry, tz)))
    tell = _TOLD.get(entry.kind, _otherwise)
    icon, text = tell(escape(entry.actor_name), entry.data, entry)
    if begins_at := entry.data.get("matrix"):
        text = Markup("{}: priority matrix, version of {}").format(text, retargeted.version_day(begins_at, entry.at, tz))
    if occurred_at := entry.data.get("occurred_at"):
        text = Markup("{}, counted from {}").format(text, formats.when_words(datetime.fromisoformat(occurred_at), entry.at, tz))
    return Happened(entry.id, entry.at, icon, text)


def _opened(who: Markup, data: Mapping[str, Any], entry: TimelineEntry) -> tuple[str, Markup]:
    how = {"portal": "in the portal", "phone": "by phone", "mail": "by mail", "in_person": "in person", "api": "by API"}
    if entry.actor_kind == "agent" and data.get("source") == "portal":  # it came there to another client
        return "ticket", Markup("<b>{}</b> opened it here, re-filed; it came in the portal").format(who)
    return "ticket", Markup("<b>{}</b> opened it {}").format(who, how.get(data.get("source", ""), "here"))


def _moved(who: Markup, data: Mapping[str, Any], entry: TimelineEntry) -> tuple[str, Markup]:
    before, after = str(data.get("from", "")), str(data.get("to", ""))
    word = WORDS[after].console if after in WORDS else after
    reason = Markup(": “{}”").format(data["reason"]) if data.get("reason") else Markup("")
    if after in WAITING:
        return "dial-pause", Markup("<b>{}</b> set {}{}").format(who, word, reason)
    if before in WAITING and after == "open":
        said = "answered" if entry.actor_kind == "contact" else "took it up again"
        return "player-play", Markup("Clock running again: <b>{}</b> {}{}").format(who, said, reason)
    if before in ("resolved", "closed") and after not in ("resolved", "closed"):
        return "arrow-back-up", Markup("<b>{}</b> reopened it{}").format(who, reason)
    icon = status_words(after).icon if after in WORDS else "arrow-right"
    return icon, Markup("<b>{}</b> set {}{}").format(who, word, reason)


def _assigned(who: Markup, data: Mapping[str, Any], entry: TimelineEntry) -> tuple[str, Markup]:
    before, after = data.get("from") or {}, data.get("to") or {}
    said = []
    if before.get("assignee") != after.get("assignee"):
        said.append(Markup("to <b>{}</b>").format(after["assignee"]) if after.get("assignee") else Markup("to nobody"))
    if before.get("team") != after.get("team"):
        said.append(Markup("to team <b>{}</b>").format(after["team"]) if after.get("team") else Markup("to no team"))
    return "user-check", Markup("<b>{}</b> assigned it {}").format(who, Markup(" and ").join(said))


def _classified(who: Markup, data: Mapping[str, Any], entry: TimelineEntry) -> tuple[str, Markup]:
    said = []
    for name, change in (data.get("changes") or {}).items():
        before, after = [*list(change), None, None][:2]
        if name == "priority":
            said.append(Markup("priority from P{} to P{}").format(before, after))
        elif name in ("impact", "urgency"):
            words = {1: "high", 2: "medium", 3: "low"}
            said.append(Markup("{} from {} to {}").format(name, words.get(before, before), words.get(after, after)))
        elif name == "subject":
            said.append(Markup("subject from “{}”").format(before))
        else:
            said.append(Markup("{}").format(_FIELDS.get(name, name)))
    return "pencil", Markup("<b>{}</b> changed {}").format(who, Markup(", ").join(said) or "details")


def _tagged(who: Markup, data: Mapping[str, Any], entry: TimelineEntry) -> tuple[str, Markup]:
    before, after = set(data.get("from") or ()), set(data.get("to") or ())
    added, gone = ", ".join(sorted(after - before)), ", ".join(sorted(before - after))
    said = " and ".join(part for part in (f"added {added}" if added else "", f"removed {gone}" if gone else "") if part)
    return "tag", Markup("<b>{}</b> tags: {}").format(who, said)


def _simply(icon: str, words: str) -> Callable[[Markup, Mapping[str, Any], TimelineEntry], tuple[str, Markup]]:
    """An entry whose sentence has its name and, where it says so, one word of its data."""

    def tell(who: Markup, data: Mapping[str, Any], entry: TimelineEntry) -> tuple[str, Markup]:
        told = {name: data.get(name, "") for name in ("name", "why", "from", "to", "what", "title", "said")}
        return icon, Markup(words).format(who=who, **told)  # noqa: S704 - the words are ours, format escapes the rest

    return tell


def _acknowledged(who: Markup, data: Mapping[str, Any], entry: TimelineEntry) -> tuple[str, Markup]:
    reason = Markup(": “{}”").format(data["reason"]) if data.get("reason") else Markup("")
    return "thumb-up", Markup("<b>{}</b> acknowledged it{}").format(who, reason)


_EXEMPTED = {
    None: "the ticket", "response": "the response", "resolution": "the resolution", "ola": "the team’s own target",
    "underpinning": "the supplier’s target",
}  # fmt: skip


def _exempted(who: Markup, data: Mapping[str, Any], entry: TimelineEntry) -> tuple[str, Markup]:
    what = _EXEMPTED[data.get("clock")]
    return "minus", Markup("<b>{}</b> exempted {} from its service level: “{}”").format(who, what, data.get("reason", ""))


_OF_ORDER = {"order_approved": "circle-check", "order_declined": "circle-x", "order_changed": "pencil", "order_quoted": "file"}


def _order(who: Markup, data: Mapping[str, Any], entry: TimelineEntry) -> tuple[str, Markup]:
    return _OF_ORDER[entry.kind], escape(told.order_words(entry, entry.actor_name))


def _otherwise(who: Markup, data: Mapping[str, Any], entry: TimelineEntry) -> tuple[str, Markup]:
    words = data.get("text") or entry.kind.replace("_", " ").replace(".", " ")
    return "history", Markup("<b>{}</b>: {}").format(who, words)


_TOLD: dict[str, Callable[[Markup, Mapping[str, Any], TimelineEntry], tuple[str, Markup]]] = {
    "opened": _opened,
    "moved": _moved,
    "assigned": _assigned,
    "classified": _classified,
    "tagged": _tagged,
    "acknowledged": _acknowledged,
    "exempted": _exempted,
    "tasks_added": _simply("list-check", "<b>{who}</b> added {what}"),
    "task_done": _simply("circle-check", "<b>{who}</b> did “{title}”{said}"),
    "task_skipped": _simply("minus", "<b>{who}</b> skipped “{title}”{said}"),
    "task_failed": _simply("circle-x", "<b>{who}</b> could not do “{title}”{said}"),
    "tasks_left": _simply("minus", "Skipped {what}: the ticket was {to}"),
    "tasks_resumed": _simply("refresh", "Took up {what} again: the ticket is open"),
    "task_reopened": _simply("refresh", "<b>{who}</b> opened “{title}” again"),
    "runbook_started": _simply("player-play", "<b>{title}</b> was begun{said}"),
    "runbook_finished": _simply("circle-check", "<b>{title}</b> finished{said}"),
    "runbook_failed": _simply("circle-x", "<b>{title}</b> could not do it{said}"),
    "follower_added": _simply("user-plus", "<b>{who}</b> added <b>{name}</b> as follower"),
    "follower_removed": _simply("user-minus", "<b>{who}</b> removed <b>{name}</b> from the followers"),
    "requester_changed": _simply("user", "<b>{who}</b> made <b>{to}</b> the requester in place of <b>{from}</b>"),
    "refiled_to": _simply("building", "<b>{who}</b> re-filed it to another client"),
    "refiled_from": _simply("building", "<b>{who}</b> re-filed it here from another client"),
    **dict.fromkeys(_OF_ORDER, _order),
    "touched": _simply("history", "<b>{who}</b> changed details in the system it came from"),
    "flagged": _simply("flag", "Flagged at import: {why}"),
    "location_changed": _simply("arrows-exchange", "<b>{who}</b> moved it to {to}"),
}
