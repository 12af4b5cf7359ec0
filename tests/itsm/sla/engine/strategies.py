"""Calendars, instants and pauses at their most awkward: where clocks change, shops shut down, pauses overlap."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("MSP_PROPERTY_EXAMPLES", "300"))

# Instants near which the clocks of a zone change: at midnight, by half an hour, by two hours, by a whole day.
CHANGES = [
    ("America/Sao_Paulo", "2017-10-15T03:00:00Z"),
    ("America/Sao_Paulo", "2018-02-18T02:00:00Z"),
    ("Asia/Beirut", "2023-03-25T22:00:00Z"),
    ("Asia/Beirut", "2022-10-29T21:00:00Z"),
    ("Africa/Cairo", "2024-04-25T22:00:00Z"),
    ("Africa/Cairo", "2014-09-25T21:00:00Z"),
    ("Atlantic/Azores", "2027-03-28T01:00:00Z"),
    ("Atlantic/Azores", "2026-10-25T01:00:00Z"),
    ("Australia/Lord_Howe", "2027-04-03T15:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("America/St_Johns", "2010-03-14T03:31:00Z"),
    ("America/St_Johns", "2010-11-07T02:31:00Z"),
    ("Antarctica/Troll", "2027-03-28T01:00:00Z"),
    ("Antarctica/Troll", "2027-10-31T01:00:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("Asia/Pyongyang", "2015-08-14T15:00:00Z"),
    ("America/Caracas", "2016-05-01T07:00:00Z"),
    ("Asia/Gaza", "2040-10-20T00:00:00Z"),
    ("America/Havana", "2027-03-14T05:00:00Z"),
    ("Europe/Dublin", "2027-10-31T01:00:00Z"),
    ("Europe/Berlin", "2027-03-28T01:00:00Z"),
    ("Europe/Berlin", "2027-10-31T01:00:00Z"),
    ("Asia/Kathmandu", "2027-01-01T00:00:00Z"),
    ("UTC", "2026-12-31T23:00:00Z"),
]

minutes = st.one_of(st.sampled_from([0, 1, 30, 60, 90, 120, 150, 180, 1410, 1439]), st.integers(0, 1439))


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


windows = st.one_of(
    st.sampled_from(
        [["00:00", "24:00"], ["09:00", "17:00"], ["22:00", "06:00"], ["22:00", "00:00"], ["00:00", "00:00"]]
    ),
    st.tuples(minutes, minutes).map(lambda pair: [clock(pair[0]), clock(pair[1])]),
)
office = [["08:30", "12:30"], ["13:30", "17:30"]]
days: st.SearchStrategy[list[list[str]]] = st.one_of(
    st.just([]), st.just(office), st.just([["00:00", "24:00"]]), st.lists(windows, max_size=3)
)
weeks = st.one_of(
    st.just(dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), office)),
    st.just({day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}),
    st.sampled_from(["mon", "thu", "sun"]).map(lambda day: {day: [["23:30", "00:30"]]}),  # an hour a week
    st.dictionaries(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), days, max_size=7),
)


@st.composite
def calendars(draw: st.DrawFn, tz: str, around: datetime) -> dict[str, Any]:
    near = st.integers(-3, 25).map(lambda days: (around + timedelta(days=days)).date())
    calendar: dict[str, Any] = {"tz": tz, "hours": draw(weeks)}
    if draw(st.integers(0, 4)) == 0:  # shut for twenty days
        first = draw(near)
        calendar["holidays"] = [(first + timedelta(days=day)).isoformat() for day in range(20)]
    else:
        calendar["holidays"] = draw(st.lists(near.map(lambda on: on.isoformat()), max_size=2))
    calendar["recurring_holidays"] = draw(st.lists(near.map(lambda on: on.strftime("%m-%d")), max_size=1))
    calendar["overrides"] = draw(st.dictionaries(near.map(lambda on: on.isoformat()), days, max_size=2))
    return calendar


@st.composite
def instants(draw: st.DrawFn, around: datetime, hours: int) -> datetime:
    """Mostly on a minute, sometimes on any second, often close by."""
    reach = draw(st.sampled_from([120, 60 * hours]))
    offset = draw(st.integers(-reach, reach)) * 60
    return around + timedelta(seconds=offset + draw(st.sampled_from([0, 0, 1, 29, 59])))


@st.composite
def cases(draw: st.DrawFn, *, hours: int = 72) -> dict[str, Any]:
    """A calendar near a change of clocks, a start before or after it, up to four pauses in any order."""
    tz, text = draw(st.sampled_from(CHANGES))
    around = datetime.fromisoformat(text).astimezone(UTC)
    near = instants(around, hours)
    pauses = draw(st.lists(st.tuples(near, st.one_of(st.none(), near, near, near)), max_size=4))
    return {
        "calendar": draw(calendars(tz, around)),
        "other_calendar": draw(calendars(draw(st.sampled_from(CHANGES))[0], around)),
        "start": draw(near),
        "pauses": pauses,
        "target": draw(st.one_of(st.just(0), st.integers(0, 60).map(lambda m: m * 60), st.integers(0, hours * 3600))),
        "at": draw(near),
    }


def written(instant: datetime) -> str:
    return instant.isoformat()


def examples(share: float = 1) -> settings:
    """So many examples: all of them, or a share where one takes longer."""
    return settings(
        max_examples=max(10, int(EXAMPLES * share)),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
