"""The thread as SVG: a bead is a working window that counts, bare thread is what does not, hatch is time given back.

Pure: a `ThreadView` in, markup out. x and width are per cent and y is pixels, without a viewBox, so the picture is
fluid while its type keeps its size. Labels are placed for a nominal width: the narrowest at which it is shown.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from markupsafe import Markup, escape

from msp.core.web import formats
from msp.itsm.sla.thread.scale import KNOTS, ROOM_LEFT, Anchor, Row, Scale, Span, fits, knots
from msp.itsm.sla.thread.view import SkippedDay, ThreadView, Threshold, sentence

_KNOT_ROOM = 9  # pixels that a knot needs to stand apart; closer than that, one stands for all


def thread_svg(view: ThreadView, *, width: int = 760, fold: float = 1.0, described_by: str = "receipt") -> Markup:
    """The thread of one clock. `fold` widens gaps where the picture is narrow (the portal: 1.9 at 640)."""
    drawing = _Drawing(view, width, fold)
    label = escape(sentence(view))
    body = Markup("").join(drawing.parts())
    return Markup('<svg class="thread" data-sla="{}" height="96" role="img" aria-label="{}" aria-describedby="{}">{}</svg>').format(
        view.look, label, described_by, body
    )


class _Drawing:
    def __init__(self, view: ThreadView, width: int, fold: float) -> None:
        self.view = view
        self.scale = Scale(view, fold)
        self.width = width
        self.end = self.scale.at(view.end_at) if view.pieces else 0.0
        self.due = self.scale.at(view.due_at) if view.due_at else None
        self.flags, self.marks, self.hours, self.days = Row(width), Row(width), Row(width, air=2.0), Row(width)

    def parts(self) -> Iterable[Markup]:
        """Everything in painting order; labels are placed in order of weight first."""
        flags = [*self._now(), *self._due()]
        folds = [part for span in self.scale.spans if span.piece.kind == "gap" for part in self._fold(span)]
        pauses = [part for span in self.scale.spans if span.piece.kind == "pause" for part in self._pause(span)]
        thresholds = [part for each in self.view.thresholds for part in self._threshold(each)]
        beads = [part for span in self.scale.spans if span.piece.kind == "window" for part in self._beads(span)]
        yield _line("base", 0, 100, 42, 42)
        yield _line("ran", 0, self._percent(self.end) if self.view.pieces else 80, 42, 42)
        yield from [*folds, *beads, *pauses, *self._clock_labels()]
        yield Markup('<circle class="start-knot" cx="0" cy="42" r="4"/>')
        yield from [*thresholds, *flags]

    def _percent(self, minutes: float) -> float:
        return self.scale.percent(minutes)

    def _pixel(self, minutes: float) -> float:
        return self._percent(minutes) / 100 * self.width

    def _now(self) -> Iterable[Markup]:
        """The pill of the present, or of the stop; at the left edge it turns to the right."""
        view = self.view
        word = "" if view.stopped_at is None else "Met " if view.look == "met" else "Stopped "
        text = word + formats.clock_words(view.end_at, view.tz)
        length = 42 + 7 * len(word)
        x = self._percent(self.end) if view.pieces else 80.0
        pixel = x / 100 * self.width
        left = -6 if pixel < length - 6 - ROOM_LEFT else 6 - length
        self.flags.block(pixel + left, pixel + left + length)
        self.marks.block(pixel - 2, pixel + 2)
        yield _line("now-line", x, x, 14, 51)
        yield Markup(
            '<svg x="{:.2f}%" y="0" overflow="visible">'
            '<rect class="now-pill" x="{}" y="0" width="{}" height="16" rx="3"/>'
            '<text class="now-text" x="{:g}" y="12" text-anchor="middle">{}</text></svg>'
        ).format(x, left, length, left + length / 2, text)

    def _due(self) -> Iterable[Markup]:
        view = self.view
        if self.due is None or view.due_at is None:
            return
        x, pixel = self._percent(self.due), self._pixel(self.due)
        text = f"{view.due_word} {formats.clock_words(view.due_at, view.tz)}".strip()
        anchor = self.flags.place(text, pixel, ("start", "end"), offset=7, char=7) or "start"
        self.marks.block(pixel - 2, pixel + 2)
        yield Markup('<line class="due-line" x1="{0:.2f}%" x2="{0:.2f}%" y1="8" y2="51"/>').format(x)
        yield Markup('<circle class="due-knot" cx="{:.2f}%" cy="42" r="5.5"/>').format(x)
        yield _shifted(x, 12, text, anchor, "due-text")

    def _fold(self, span: Span) -> Iterable[Markup]:
        piece = span.piece
        if piece.gap != "days":
            x, pixel = self._percent((span.x0 + span.x1) / 2), self._pixel((span.x0 + span.x1) / 2)
            self.marks.block(pixel - 8, pixel + 8)
            yield Markup(
                '<svg class="skip-icon" x="{:.2f}%" y="22" overflow="visible">'
                '<use class="i" href="#t-{}" x="-6" y="0" width="12" height="12"/></svg>'
            ).format(x, "cup" if piece.gap == "lunch" else "moon")
            return
        names = knots(piece.days)
        if (self._pixel(span.x1) - self._pixel(span.x0)) / (len(names) + 1) < _KNOT_ROOM:
            names = names[:1]
        step = (span.x1 - span.x0) / (len(names) + 1)
        for position, name in enumerate(names, start=1):
            minutes = span.x0 + step * position
            yield Markup('<circle class="skip" cx="{:.2f}%" cy="42" r="3"/>').format(self._percent(minutes))
            if self.hours.place(name, self._pixel(minutes), ("middle",)):
                yield _text(self._percent(minutes), 63, name, "middle")
        middle, room = (span.x0 + span.x1) / 2, self._pixel(span.x1) - self._pixel(span.x0)
        for text in _fold_labels(piece.days):
            if fits(text, room) and self.marks.place(text, self._pixel(middle), ("middle",)):
                yield _text(self._percent(middle), 30, text, "middle")
                break

    def _pause(self, span: Span) -> Iterable[Markup]:
        x, wide = self._percent(span.x0), self._percent(span.x1) - self._percent(span.x0)
        yield _rect("pause-bg", x, wide)
        yield Markup('<rect fill="url(#hatch)" x="{:.2f}%" y="36" width="{:.2f}%" height="12" rx="3"/>').format(x, wide)
        middle = (span.x0 + span.x1) / 2
        for text in dict.fromkeys((span.piece.label, span.piece.label.partition(",")[0])):
            if text and self.marks.place(text, self._pixel(middle), ("middle",)):
                yield _text(self._percent(middle), 30, text, "middle")
                break
            if text and self.marks.place(text, self._pixel(span.x0), ("start",)):
                yield _text(self._percent(span.x0), 30, text, "start")
                break

    def _threshold(self, threshold: Threshold) -> Iterable[Markup]:
        minutes = self.scale.at(threshold.at)
        if not self.view.pieces or threshold.at > self.view.pieces[-1].to_at or minutes > self.scale.total:
            return
        x, pixel = self._percent(minutes), self._pixel(minutes)
        yield _line("tick", x, x, 31, 36)
        yield Markup('<svg x="{:.2f}%" y="28" overflow="visible"><path class="{}" d="M0 -3.5L3.5 0 0 3.5-3.5 0z"/></svg>').format(
            x, "fired" if threshold.fired else "armed"
        )
        anchor = self.marks.place(threshold.label, pixel, ("start", "end"), offset=7)
        if anchor:
            yield _shifted(x, 32, threshold.label, anchor)
        self.marks.block(pixel - 4, pixel + 4)

    def _beads(self, span: Span) -> Iterable[Markup]:
        """A window up to the due instant, then its ghost; over the one what was used, over the other what was spent."""
        knot = span.x1 if self.due is None else max(span.x0, min(self.due, span.x1))
        ran = max(span.x0, min(self.end, span.x1))
        for css, left, right in (
            ("ghost", knot, span.x1),
            ("bead", span.x0, knot),
            ("used", span.x0, min(ran, knot)),
            ("spent", knot, ran),
        ):
            if right - left > 1e-9:
                yield _rect(css, self._percent(left), self._percent(right) - self._percent(left))

    def _clock_labels(self) -> Iterable[Markup]:
        """Opening and closing times at the edges of folds, and the day under its first window."""
        spans, last_day = self.scale.spans, None
        ends: list[tuple[float, str]] = []
        for position, span in enumerate(spans):
            if span.piece.kind == "gap":
                continue
            local = span.piece.from_at.astimezone(self.view.tz)
            opens = position == 0 or spans[position - 1].piece.kind == "gap" or local.hour == local.minute == 0
            if opens and self.hours.place(f"{local:%H:%M}", self._pixel(span.x0), ("start",)):
                yield _text(self._percent(span.x0), 63, f"{local:%H:%M}", "start")
            if opens and local.date() != last_day:
                last_day = local.date()
                yield from self._day(span, local)
            if position + 1 < len(spans) and spans[position + 1].piece.kind == "gap":
                ends.append((span.x1, formats.clock_words(span.piece.to_at, self.view.tz)))
        for minutes, text in ends:
            if self.hours.place(text, self._pixel(minutes), ("end",)):
                yield _text(self._percent(minutes), 63, text, "end")

    def _day(self, span: Span, local: datetime) -> Iterable[Markup]:
        full = formats.day_words(local.date(), long=True)
        weekday, number, month = full.split()
        name = f"{weekday[:3]} {number} {month}"
        note = f"{name}, {span.piece.label}" if span.piece.label and span.piece.kind == "window" else name
        for text in dict.fromkeys((note, name, f"{weekday[:3]} {number}")):
            if self.days.place(text, self._pixel(span.x0), ("start",)):
                yield _text(self._percent(span.x0), 80, text, "start", "day")
                return


def _fold_labels(days: Sequence[SkippedDay]) -> Iterable[str]:
    """What may stand above a fold, the fullest first."""
    holidays = list(dict.fromkeys(day.holiday for day in days if day.holiday))
    if len(days) > KNOTS:
        yield f"{len(days)} days closed"
    elif holidays:
        yield ", ".join(holidays)
        if len(holidays) > 1:
            yield f"{len(holidays)} holidays"
        yield "holiday"


def _line(css: str, x1: float, x2: float, y1: int, y2: int) -> Markup:
    return Markup('<line class="{}" x1="{:.2f}%" x2="{:.2f}%" y1="{}" y2="{}"/>').format(css, x1, x2, y1, y2)


def _rect(css: str, x: float, width: float) -> Markup:
    radius = 2 if css in ("ghost", "spent") else 3
    return Markup('<rect class="{}" x="{:.2f}%" y="36" width="{:.2f}%" height="12" rx="{}"/>').format(css, x, width, radius)


def _text(x: float, y: int, text: str, anchor: Anchor, css: str = "") -> Markup:
    attributes = Markup(' class="{}"').format(css) if css else Markup("")
    if anchor != "start":
        attributes += Markup(' text-anchor="{}"').format(anchor)
    return Markup('<text x="{:.2f}%" y="{}"{}>{}</text>').format(x, y, attributes, text)


def _shifted(x: float, y: int, text: str, anchor: Anchor, css: str = "") -> Markup:
    """A label seven pixels beside its mark."""
    name = Markup(' class="{}"').format(css) if css else Markup("")
    return Markup('<svg x="{:.2f}%" y="{}" overflow="visible"><text{} x="{}" y="0" text-anchor="{}">{}</text></svg>').format(
        x, y, name, 7 if anchor == "start" else -7, anchor, text
    )
