"""Working time of one UTC year, compiled: windows in order with a running sum, so that a question is a bisection."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence

from msp.itsm.sla.engine import zone
from msp.itsm.sla.engine.seconds import DAY, MINUTE, YEAR_STARTS

Span = tuple[int, int]  # half-open: first second, first second after it
Window = tuple[int, int]  # minutes after midnight of the date on which it starts; the end may lie on the next date


class Year:
    """The spans of working time inside one UTC year."""

    __slots__ = ("closes", "opens", "sums", "total")

    def __init__(self, spans: Iterable[Span]) -> None:
        self.opens: list[int] = []
        self.closes: list[int] = []
        self.sums: list[int] = []  # working seconds up to the end of each span
        self.total = 0
        for first, last in spans:
            self.total += last - first
            self.opens.append(first)
            self.closes.append(last)
            self.sums.append(self.total)

    def before(self, second: int) -> int:
        """Working seconds of the year that have passed at a second."""
        index = bisect_right(self.opens, second) - 1
        return self.sums[index] - max(0, self.closes[index] - second) if index >= 0 else 0

    def reach(self, worked: int) -> int:
        """The earliest second at which so many working seconds (1 to the total) have passed."""
        index = bisect_left(self.sums, worked)
        return self.closes[index] - (self.sums[index] - worked)

    def opening(self, second: int) -> int | None:
        """The first working second of the year not before a second."""
        index = bisect_right(self.closes, second)
        return max(self.opens[index], second) if index < len(self.opens) else None

    def spans(self, first: int, last: int) -> list[Span]:
        """What is working between two seconds."""
        low, high = bisect_right(self.closes, first), bisect_left(self.opens, last)
        inside = zip(self.opens[low:high], self.closes[low:high], strict=True)
        return [(max(first, opens), min(last, closes)) for opens, closes in inside]


def compile_year(tz: str, windows_on: Callable[[int], Sequence[Window]], year: int) -> Year:
    """Lay the windows of each local date on the wall's time line, then bring that line, offset by offset, to UTC."""
    first, last = YEAR_STARTS[year - 1], YEAR_STARTS[year]
    # Two days back: the local date may be a day behind, and a shift may have begun the evening before that.
    wall = merged(
        (day * DAY + opens * MINUTE, day * DAY + closes * MINUTE)
        for day in range(first // DAY - 2, last // DAY + 1)
        for opens, closes in windows_on(day)
    )
    known = zone.offsets(tz, year)
    ends = [began for began, _ in known[1:]] + [last]
    return Year(
        merged(
            span
            for (began, offset), ended in zip(known, ends, strict=True)
            for span in _between(wall, began, ended, offset)
        )
    )


def _between(wall: list[Span], began: int, ended: int, offset: int) -> Iterable[Span]:
    start = bisect_right(wall, began + offset, key=lambda span: span[1])
    for opens, closes in wall[start:]:
        if opens - offset >= ended:
            return
        yield max(opens - offset, began), min(closes - offset, ended)


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order, overlapping and touching ones joined, empty and reversed ones dropped."""
    found: list[Span] = []
    for first, last in sorted(spans):
        if first >= last:
            continue
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found
