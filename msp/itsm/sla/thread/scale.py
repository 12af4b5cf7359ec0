"""The thread's scale and the rows on which its labels find their place.

x is working time, paused working time included, so equal length is equal target; gaps are folds of a fixed width, so
that a long weekend never flattens the work.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from msp.itsm.sla.thread.view import Piece, SkippedDay, ThreadView

_LUNCH, _NIGHT, _SKIPPED, _SKIPPED_DAY = 30.0, 54.0, 64.0, 30.0  # minutes of scale
KNOTS = 6  # skipped days that are drawn one by one; more are first, last and a count
_TAIL = 0.22  # what may lie past the due instant, as a share of what lies before; past an open pause
_PAUSED_TAIL = 0.32
_CHAR = 6.2  # pixels a character of the small type takes, rounded up
ROOM_LEFT = 18.0  # pixels that labels may stand out of the picture
_ROOM_RIGHT = 76.0

Anchor = Literal["start", "middle", "end"]


class Span(NamedTuple):
    """A piece on the scale, in minutes of scale."""

    piece: Piece
    x0: float
    x1: float


class Scale:
    """Where instants lie: minutes of scale for each piece, cut where only ghosts would follow."""

    def __init__(self, view: ThreadView, fold: float) -> None:
        spans: list[Span] = []
        at = 0.0
        for piece in view.pieces:
            width = fold * _fold(piece) if piece.kind == "gap" else piece.working_seconds / 60
            spans.append(Span(piece, at, at + width))
            at += width
        self._whole: Sequence[Span] = spans
        last = view.due_at or view.rest_at
        limit = max(self.at(view.end_at), self.at(last) if last else 0.0)
        tail = 0.0 if view.rest_at else max(limit * (_PAUSED_TAIL if view.look == "paused" else _TAIL), 10.0)
        self.total = min(at, limit + tail)
        self.spans = [Span(span.piece, span.x0, min(span.x1, self.total)) for span in spans if span.x0 < self.total]

    def at(self, instant: datetime) -> float:
        """Minutes of scale at an instant; the earliest place where it could be."""
        for piece, x0, x1 in self._whole:
            if instant <= piece.to_at:
                whole = (piece.to_at - piece.from_at).total_seconds()
                share = (instant - piece.from_at).total_seconds() / whole if whole else 1.0
                return x0 + (x1 - x0) * max(0.0, share)
        return self._whole[-1].x1 if self._whole else 0.0

    def percent(self, minutes: float) -> float:
        return max(0.0, min(100.0, 100 * minutes / self.total)) if self.total else 0.0


def _fold(piece: Piece) -> float:
    if piece.gap == "lunch":
        return _LUNCH
    return _NIGHT if piece.gap == "night" else _SKIPPED + _SKIPPED_DAY * len(knots(piece.days))


def knots(days: Sequence[SkippedDay]) -> Sequence[str]:
    """The names under a fold: every day, or of many the first, dots and the last."""
    return [day.name for day in days] if len(days) <= KNOTS else [days[0].name, "…", days[-1].name]


def fits(text: str, room: float) -> bool:
    """Whether a label keeps within a stretch of so many pixels, but for a little."""
    return len(text) * _CHAR <= room + 12


class Row:
    """One line of labels at the nominal width: what was placed first stays, what comes later turns or gives way."""

    def __init__(self, width: float, air: float = 5.0) -> None:
        """`air` is what stays free on both sides of a label, in pixels."""
        self.width, self.air = width, air
        self.taken: list[tuple[float, float]] = []

    def block(self, left: float, right: float) -> None:
        self.taken.append((left, right))

    def place(self, text: str, x: float, anchors: Iterable[Anchor], *, offset: float = 0, char: float = _CHAR) -> Anchor | None:
        """The first of `anchors` at which the text touches nothing, or None."""
        length = len(text) * char
        for anchor in anchors:
            left = {"start": x + offset, "middle": x - length / 2, "end": x - offset - length}[anchor]
            right = left + length
            inside = left >= -ROOM_LEFT and right <= self.width + _ROOM_RIGHT
            if inside and all(right + self.air < start or left - self.air > end for start, end in self.taken):
                self.block(left, right)
                return anchor
        return None
