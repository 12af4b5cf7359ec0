"""An effect as the panel beside an editor shows it: a headline with the count, a bar, and tickets before over after."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from markupsafe import Markup

from msp.core.web import formats
from msp.itsm.sla.engine.reading import Cycle, Reading
from msp.itsm.sla.services.preview import MOST, Effect, Move
from msp.itsm.sla.thread import adapter
from msp.itsm.sla.thread.mini import mini_svg
from msp.itsm.sla.words import SLA_LOOK
from msp.itsm.tickets.models import Ticket

FEW, MANY = 5, 200
_GAP = 0.4
_LETTER = 1.6
_GROUPS = (("breach", "Newly breached"), ("earlier", "Earlier"), ("later", "Later"))


@dataclass(frozen=True)
class Line:
    """A ticket that would move: what is due now over what would be due."""

    ticket: Ticket
    before: str
    after: str
    mini_before: Markup
    mini_after: Markup
    tone: str
    shift: str


@dataclass(frozen=True)
class Group:
    """Tickets of one priority that go the same way."""

    title: str
    count: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Stretch:
    """A part of the bar, in per cent."""

    css: str
    x: float
    width: float
    label: str
    label_x: float | None
    anchor: str = "start"


@dataclass(frozen=True)
class Panel:
    """What the panel says."""

    moved: int
    headline: str
    groups: tuple[Group, ...]
    bar: tuple[Stretch, ...]
    bar_words: str
    is_whole: bool


def panel(effect: Effect, tickets: Mapping[UUID, Ticket], *, now: datetime, tz: tzinfo, is_whole: bool = False) -> Panel:
    """The panel of an effect; without `is_whole` a few tickets of each group stand for the rest."""
    grouped = list(_grouped(effect, tickets))
    most = MANY if is_whole else FEW
    groups = tuple(
        Group(
            f"{title}, {priority}",
            len(moves),
            tuple(_line(each, tickets[each.subject_id], now, tz) for each in moves[:most]),
        )
        for title, priority, moves in grouped
    )
    moved = len(effect.moves)
    return Panel(
        moved, headline(effect), groups, tuple(_bar(effect)), _bar_words(effect),
        is_whole or all(group.count <= FEW for group in groups),
    )  # fmt: skip


def headline(effect: Effect) -> str:
    """`37 open tickets would move: 5 earlier, 32 later, 2 newly breached`."""
    moved = len(effect.moves)
    if not moved:
        return "No open ticket would move"
    said = [
        f"{len(moves)} {word}"
        for moves, word in (
            (effect.towards("earlier"), "earlier"), (effect.towards("later"), "later"), (effect.breaches, "newly breached"),
        )
        if moves
    ]  # fmt: skip
    counted = formats.count_words(moved, "open ticket")
    return f"{counted} would move: {', '.join(said)}" + (f" (of the first {MOST})" if effect.is_capped else "")


def _grouped(effect: Effect, tickets: Mapping[UUID, Ticket]) -> Iterable[tuple[str, str, list[Move]]]:
    """Moves by kind and priority, most urgent first; one whose ticket the reader may not see is counted only."""
    for kind, title in _GROUPS:
        found: dict[str, list[Move]] = {}
        for move in effect.moves:
            if _kind(move) == kind and move.subject_id in tickets:
                found.setdefault(move.becomes.priority or "–", []).append(move)
        for priority, moves in sorted(found.items()):
            yield title, priority, sorted(moves, key=_due)


def _kind(move: Move) -> str:
    return "breach" if move.is_breach else move.direction


def _due(move: Move) -> float:
    due = move.becomes.due_at or move.was.due_at
    return due.timestamp() if due else float("inf")


def _line(move: Move, ticket: Ticket, now: datetime, tz: tzinfo) -> Line:
    look = SLA_LOOK[move.becomes.state][0]
    return Line(
        ticket,
        _words(move.was, now, tz),
        f"was {_words(move.becomes, now, tz)}" if move.is_breach else _words(move.becomes, now, tz),
        _mini(move.before),
        _mini(move.after),
        {"over": "bad", "risk": "warn"}.get(look, ""),
        _shift_words(move.shift_seconds),
    )


def _words(cycle: Cycle, now: datetime, tz: tzinfo) -> str:
    if cycle.target_seconds is None:
        return "no target"
    if cycle.due_at is None:
        return f"paused, {formats.duration_words(max(0, cycle.remaining_seconds or 0))} left"
    return f"due {formats.when_words(cycle.due_at, now, tz)}"


def _mini(reading: Reading) -> Markup:
    cycle = reading.current
    if cycle is None or not cycle.target_seconds:
        return mini_svg("none", None)
    view = adapter.thread_view(reading, cycle)
    share = cycle.elapsed_seconds / cycle.target_seconds
    return mini_svg(view.look, share, nights=adapter.nights(view), is_paused=cycle.state == "paused")


def _shift_words(seconds: int | None) -> str:
    if seconds is None:
        return ""
    words = formats.duration_words(abs(seconds))
    return f"–{words}" if seconds < 0 else f"+{words}"


# --- The bar ----------------------------------------------------------------------------------------------------------


def _parts(effect: Effect) -> list[tuple[str, int, str]]:
    breached = len(effect.breaches)
    earlier = sum(1 for move in effect.moves if _kind(move) == "earlier")
    later = sum(1 for move in effect.moves if _kind(move) == "later")
    return [
        ("b", breached, f"{breached} breached"), ("e", earlier, f"{earlier} earlier"), ("l", later, f"{later} later"),
        ("o", effect.unmoved, f"{effect.unmoved} do not move" if effect.unmoved != 1 else "1 does not move"),
    ]  # fmt: skip


def _bar(effect: Effect) -> Iterable[Stretch]:
    """Shares of all open tickets; each part that is there keeps a width that can be seen, and its label where it fits."""
    parts = [part for part in _parts(effect) if part[1]]
    widths = _widths([count for _, count, _ in parts], 100 - _GAP * (len(parts) - 1))
    last_begins = 100 - _label_width(parts[-1][2]) if len(parts) > 1 else 100
    x = taken = 0.0
    for place, ((css, _, label), width) in enumerate(zip(parts, widths, strict=True)):
        at, is_last = max(x, taken), 0 < place == len(parts) - 1
        fits = at + _label_width(label) <= last_begins
        if is_last:
            yield Stretch(css, round(x, 2), round(width, 2), label, 100, "end")
        else:
            yield Stretch(css, round(x, 2), round(width, 2), label, round(at, 2) if fits else None)
        taken, x = (at + _label_width(label) if fits else taken), x + width + _GAP


def _label_width(label: str) -> float:
    """What a label takes of the bar, with some air, in per cent of its narrowest width."""
    return len(label) * _LETTER + 2


def _widths(counts: Sequence[int], room: float) -> list[float]:
    least, total = 4.0, sum(counts)
    raised = [max(least, room * count / total) for count in counts]
    over = sum(raised) - room
    spare = sum(width - least for width in raised)
    return [width - over * (width - least) / spare if spare else width for width in raised]


def _bar_words(effect: Effect) -> str:
    return ", ".join(label for _, count, label in _parts(effect) if count)
