"""Offsets of a time zone: when they change, and what the clock on the wall reads."""

from bisect import bisect_right
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from msp.itsm.sla.engine.errors import UnknownZone
from msp.itsm.sla.engine.seconds import DAY, EPOCH, FIRST, FOREVER, YEAR_STARTS, year_of

Offset = tuple[int, int]  # second from which it holds, seconds east of UTC


@lru_cache(maxsize=1024)
def known_zone(name: str) -> ZoneInfo:
    """The zone of an IANA name; refuses everything else, also file paths."""
    if name not in _zone_names():
        raise UnknownZone(f"There is no time zone {name[:60]!r}; use an IANA name such as Europe/Berlin.")
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=8192)
def offsets(name: str, year: int) -> tuple[Offset, ...]:
    """The offsets of one UTC year, the first from its first second.

    zoneinfo does not list its changes, so each day is probed and a change is narrowed down to its second. Two changes
    that cancel out within a day would be missed; in the database none are less than three days apart.
    """
    zone = known_zone(name)
    first, last = YEAR_STARTS[year - 1], YEAR_STARTS[year]
    offset = _probe(zone, first)
    found = [(first, offset)]
    for day in range(first, last, DAY):
        low, high = day, min(day + DAY, last - 1)
        after = _probe(zone, high)
        if after == offset:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _probe(zone, middle) == offset else (low, middle)
        found.append((high, after))
        offset = after
    return tuple(found)


def _probe(zone: ZoneInfo, second: int) -> int:
    # Within a day of either end of time the local reading may not be a date: the offset is that of the day beside it.
    inside = min(max(second, FIRST + DAY), FOREVER - DAY - 1)
    offset = (EPOCH + timedelta(seconds=inside)).astimezone(zone).utcoffset()
    return offset // timedelta(seconds=1) if offset else 0


def offset_at(name: str, second: int) -> int:
    """Seconds east of UTC at a second."""
    known = offsets(name, year_of(second))
    return known[bisect_right(known, (second, DAY)) - 1][1]


def changes(name: str, first: int, last: int) -> list[tuple[int, int, int]]:
    """Clock changes between two seconds: the second, the offset before, the offset after."""
    if last <= first:
        return []
    spans = [span for year in range(year_of(first), year_of(last - 1) + 1) for span in offsets(name, year)]
    return [
        (second, before, after)
        for (_, before), (second, after) in pairwise(spans)
        if before != after and first < second < last
    ]
