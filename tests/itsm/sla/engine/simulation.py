"""Working time by walking through it: each minute, or each second, is asked whether it counts.

Shares nothing with the engine: it reads the same JSON, and asks the zone for the local reading of every single step.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Wall:
    """Whether a calendar is open at a local reading."""

    def __init__(self, calendar: dict[str, Any]) -> None:
        self.zone = ZoneInfo(calendar["tz"])
        self.calendar = calendar
        self._known: dict[date, set[int]] = {}

    def is_open(self, second: int) -> bool:
        local = datetime.fromtimestamp(second, self.zone)
        return local.hour * 60 + local.minute in self._minutes_of(local.date())

    def _minutes_of(self, day: date) -> set[int]:
        """The open minutes of a date, those of a shift from the evening before included."""
        if day not in self._known:
            yesterday = [self._minutes(*window) for window in self._texts(day - timedelta(days=1))]
            today = [self._minutes(*window) for window in self._texts(day)]
            self._known[day] = {minute - 1440 for opens, closes in yesterday for minute in range(opens, closes)}
            self._known[day] |= {minute for opens, closes in today for minute in range(opens, closes)}
        return self._known[day]

    def _texts(self, day: date) -> list[list[str]]:
        if day.isoformat() in self.calendar.get("holidays", []):
            return []
        if day.strftime("%m-%d") in self.calendar.get("recurring_holidays", []):
            return []
        weekday: list[list[str]] = self.calendar["hours"].get(WEEKDAYS[day.weekday()], [])
        overrides: dict[str, list[list[str]]] = self.calendar.get("overrides", {})
        return overrides.get(day.isoformat(), weekday)

    @staticmethod
    def _minutes(opens: str, closes: str) -> tuple[int, int]:
        first, last = (int(text[:2]) * 60 + int(text[3:]) for text in (opens, closes))
        if last == 0 and first > 0:
            last = 1440
        return (first, last + 1440) if last < first else (first, last)


class Walk:
    """The counting seconds from a start on, in runs that never cross a cell; pauses give theirs back."""

    def __init__(
        self,
        calendar: dict[str, Any],
        start: datetime,
        pauses: list[tuple[datetime, datetime | None]],
        *,
        length: timedelta,
        cell: int = 60,
    ) -> None:
        self.start = int(start.timestamp())
        self.end = self.start + int(length.total_seconds())
        self.pauses = [(int(first.timestamp()), int(last.timestamp()) if last else None) for first, last in pauses]
        self.runs = list(self._runs(Wall(calendar), cell))

    def _runs(self, wall: Wall, cell: int) -> Iterator[tuple[int, int]]:
        edges = {self.start, self.end, *(second for pause in self.pauses for second in pause if second is not None)}
        split = {second - second % cell for second in edges}
        for second in range(self.start - self.start % cell, self.end, cell):
            if not wall.is_open(second):
                continue
            if second in split:
                yield from ((each, 1) for each in range(second, second + cell) if self._counts(each))
            elif self._counts(second):
                yield second, cell

    def _counts(self, second: int) -> bool:
        return self.start <= second < self.end and not self.is_paused(second)

    def is_paused(self, second: int) -> bool:
        return any(first <= second and (last is None or second < last) for first, last in self.pauses)

    def used(self, end: int) -> int:
        return sum(min(length, max(0, end - second)) for second, length in self.runs)

    def due(self, target: int) -> int | None:
        """When the target is used up; None when the walk ends first."""
        if target == 0:
            return self.start
        used = 0
        for second, length in self.runs:
            if used + length >= target:
                return second + target - used
            used += length
        return None

    def exceeded(self, target: int) -> int | None:
        """Where the first second begins that is more than the target; None when the walk ends first."""
        used = 0
        for second, length in self.runs:
            if used + length > target:
                return second + target - used
            used += length
        return None

    def windows(self) -> list[list[int]]:
        """The runs joined where they touch."""
        found: list[list[int]] = []
        for second, length in self.runs:
            if found and found[-1][1] == second:
                found[-1][1] = second + length
            else:
                found.append([second, second + length])
        return found
