"""The thread for narrow screens: one line a day, all days on one clock scale; closed days are words."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup

from msp.core.web.formats import DAYS
from msp.itsm.sla.thread.view import ThreadView

_EDGE = 5.0  # per cent left free on both sides
_DAY_MINUTES = 1440
_MOST_ROWS = 14  # longer stories show their beginning and their end
_FIRST_ROWS = 3

Stretch = tuple[datetime, datetime]


class _Part(NamedTuple):
    """A stretch inside one local day, in minutes after midnight."""

    on: date
    first: float
    last: float


class _Row(NamedTuple):
    label: str
    content: Markup
    drawn: bool = False


def day_strip(view: ThreadView) -> Markup:
    """A definition list of days with their beads; decorative, for the receipt says the same in words."""
    rows = _joined(_Strip(view).rows())
    if len(rows) > _MOST_ROWS:
        left_out = len(rows) - _MOST_ROWS
        rows = [
            *rows[:_FIRST_ROWS],
            _Row("…", Markup("{} more days").format(left_out)),
            *rows[_FIRST_ROWS - _MOST_ROWS :],
        ]
    lines = Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(row.label, row.content) for row in rows)
    return Markup('<dl class="strip">{}</dl>').format(lines)


class _Strip:
    def __init__(self, view: ThreadView) -> None:
        self.view = view
        windows = view.opening or tuple((piece.from_at, piece.to_at) for piece in view.pieces if piece.kind == "window")
        paused = [(piece.from_at, piece.to_at) for piece in view.pieces if piece.kind == "pause"]
        ran = _without(_within(windows, view.start_at, view.end_at), paused)
        knot = view.due_at or view.end_at
        self.open = self._by_day(windows)
        self.used = self._by_day(_within(ran, view.start_at, knot))
        self.spent = self._by_day(_within(ran, knot, view.end_at))
        self.pauses = self._by_day(each for pause in paused for each in _within(view.opening or paused, *pause))
        parts = [part for days in (self.open, self.pauses) for each in days.values() for part in each]
        self.first = min((part.first for part in parts), default=0.0)
        self.last = max((part.last for part in parts), default=float(_DAY_MINUTES))

    def _by_day(self, stretches: Iterable[Stretch]) -> dict[date, list[_Part]]:
        days: dict[date, list[_Part]] = defaultdict(list)
        for first, last in stretches:
            for part in self._cut(first.astimezone(self.view.tz), last.astimezone(self.view.tz)):
                days[part.on].append(part)
        return days

    def _cut(self, first: datetime, last: datetime) -> Iterable[_Part]:
        """A stretch cut at local midnights."""
        day = first.date()
        while day <= last.date():
            begins = _minutes(first.time()) if day == first.date() else 0.0
            ends = _minutes(last.time()) if day == last.date() else float(_DAY_MINUTES)
            if ends > begins:
                yield _Part(day, begins, ends)
            day += timedelta(days=1)

    def rows(self) -> list[_Row]:
        """One row a day from the start to whichever is later, the due instant or the end; under it the hours."""
        view = self.view
        on = view.start_at.astimezone(view.tz).date()
        until = max(view.end_at, view.due_at or view.end_at).astimezone(view.tz).date()
        reasons = self._closed()
        found: list[_Row] = []
        while on <= until:
            if on in self.open or on in self.pauses:
                found.append(_Row(f"{DAYS[on.weekday()]} {on.day}", self._drawn(on), drawn=True))
            else:
                weekend = "closed, weekend" if on.weekday() > 4 else "closed"
                found.append(_Row(f"{DAYS[on.weekday()]} {on.day}", Markup("{}").format(reasons.get(on, weekend))))
            on += timedelta(days=1)
        return [*found, _Row("", self._hours(), drawn=True)]

    def _closed(self) -> dict[date, str]:
        """Holidays inside folds, by the day they fall on; a fold's days are the last ones before it ends."""
        reasons: dict[date, str] = {}
        for piece in self.view.pieces:
            if piece.gap == "days":
                day = piece.to_at.astimezone(self.view.tz).date()
                for skipped in reversed(piece.days):
                    day -= timedelta(days=1)
                    if skipped.holiday:
                        reasons[day] = f"closed, {skipped.holiday}"
        return reasons

    def _x(self, minutes: float) -> float:
        return _EDGE + (100 - 2 * _EDGE) * (minutes - self.first) / max(self.last - self.first, 1)

    def _drawn(self, on: date) -> Markup:
        parts = [Markup('<line class="base" x1="0" x2="100%" y1="12" y2="12"/>')]
        parts += [self._rect(part, "bead") for part in self.open.get(on, ())]
        parts += [self._rect(part, "used") for part in self.used.get(on, ())]
        parts += [self._rect(part, "spent") for part in self.spent.get(on, ())]
        for part in self.pauses.get(on, ()):
            parts += [self._rect(part, "pause-bg"), self._rect(part, None)]
        parts += self._moment(on, self.view.end_at, "now")
        if self.view.due_at:
            parts += self._moment(on, self.view.due_at, "due")
        return Markup('<svg class="thread" data-sla="{}" height="24" aria-hidden="true">{}</svg>').format(
            self.view.look, Markup("").join(parts)
        )

    def _rect(self, part: _Part, css: str | None) -> Markup:
        x, width = self._x(part.first), self._x(part.last) - self._x(part.first)
        paint = Markup('class="{}"').format(css) if css else Markup('fill="url(#hatch)"')
        return Markup('<rect {} x="{:.1f}%" width="{:.1f}%" y="6" height="12" rx="3"/>').format(paint, x, width)

    def _moment(self, on: date, at: datetime, name: str) -> list[Markup]:
        local = at.astimezone(self.view.tz)
        if local.date() != on or not self.first <= _minutes(local.time()) <= self.last:
            return []
        x = self._x(_minutes(local.time()))
        drawn = [Markup('<line class="{}-line" x1="{:.1f}%" x2="{:.1f}%" y1="2" y2="22"/>').format(name, x, x)]
        if name == "due":
            drawn.append(Markup('<circle class="due-knot" cx="{:.1f}%" cy="12" r="5"/>').format(x))
        return drawn

    def _hours(self) -> Markup:
        ends = [(_EDGE, self.first), (100 - _EDGE, self.last)]
        texts = [Markup('<text x="{}%" y="12" text-anchor="middle">{}</text>').format(x, _clock(minutes)) for x, minutes in ends]
        return Markup('<svg class="thread" height="16" aria-hidden="true">{}</svg>').format(Markup("").join(texts))


def _within(stretches: Iterable[Stretch], first: datetime, last: datetime) -> list[Stretch]:
    cut = ((max(begins, first), min(ends, last)) for begins, ends in stretches)
    return [(begins, ends) for begins, ends in cut if begins < ends]


def _without(stretches: list[Stretch], holes: Iterable[Stretch]) -> list[Stretch]:
    for first, last in holes:
        stretches = [
            part for begins, ends in stretches for part in ((begins, min(ends, first)), (max(begins, last), ends)) if part[0] < part[1]
        ]
    return stretches


def _minutes(at: time) -> float:
    return at.hour * 60 + at.minute + at.second / 60


def _clock(minutes: float) -> str:
    return f"{int(minutes) // 60:02d}:{int(minutes) % 60:02d}"


def _joined(rows: Sequence[_Row]) -> list[_Row]:
    """Neighbouring days that are closed for the same reason stand on one line: `Sat, Sun`."""
    joined: list[_Row] = []
    for (_, reason), group in groupby(enumerate(rows), key=lambda each: (each[0] if each[1].drawn else -1, each[1].content)):
        labels = [row.label for _, row in group]
        if len(labels) == 2:
            labels = [", ".join(label.split()[0] for label in labels)]
        label = labels[0] if len(labels) == 1 else f"{labels[0]}–{labels[-1].split()[-1]}"
        joined.append(_Row(label, reason))
    return joined
