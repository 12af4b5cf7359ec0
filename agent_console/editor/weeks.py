"""The week of a calendar: as plain fields, and as the picture above them."""

from collections.abc import Mapping, Sequence
from typing import Any

from msp.core.web.formats import DAYS, duration_words
from msp.itsm.sla import content as stored
from msp.itsm.sla import describe
from msp.itsm.sla.content import WEEKDAYS
from msp.itsm.sla.engine.notation import BadInput
from msp.itsm.sla.engine.wording import WEEKDAYS as DAY_WORDS

Hours = Mapping[str, Sequence[Sequence[str]]]
_LETTER_MINUTES = 6.5 / 0.39  # the picture writes into a bead what fits at its narrowest


def picture(hours: Hours, before: Hours | None = None) -> list[dict[str, Any]]:
    """Each day with its windows, what runs on from the day before, and its sum; what `before` has not is new."""
    days = []
    for number, day in enumerate(WEEKDAYS):
        windows = [_window(pair, before is not None and not has(before, day, pair)) for pair in hours.get(day, ())]
        yesterday = WEEKDAYS[number - 1]
        tails = [_tail(pair, DAYS[number - 1]) for pair in hours.get(yesterday, ()) if _ends(pair) > 1440]
        total = describe.week_minutes({day: hours.get(day, ())})
        days.append(
            {
                "name": DAYS[number], "long": DAY_WORDS[number], "key": day, "windows": windows, "tails": tails,
                "sum": duration_words(total * 60) if total else "closed",
                "is_new": any(window["is_new"] for window in windows),
            }
        )  # fmt: skip
    return days


def total_words(hours: Hours) -> str:
    """What an ordinary week counts."""
    return duration_words(describe.week_minutes(hours) * 60)


def change_words(hours: Hours, before: Hours, label: str) -> str:
    """`4 h more than v2`; empty where nothing changes."""
    more = describe.week_minutes(hours) - describe.week_minutes(before)
    if not more:
        return ""
    return f"{describe.minutes_words(abs(more))} {'more' if more > 0 else 'less'} than {label}"


def readable(hours: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, list[list[str]]]:
    """The windows whose times can be read: what the picture shows while others are still being typed."""
    return {day: [list(pair) for pair in windows if _is_readable(pair)] for day, windows in hours.items()}


def _is_readable(pair: Sequence[str]) -> bool:
    try:
        return len(stored.windows([pair])) == 1
    except BadInput:
        return False


def _window(pair: Sequence[str], is_new: bool) -> dict[str, Any]:
    opens, closes = stored.windows([pair])[0]
    room = (min(closes, 1440) - opens) / _LETTER_MINUTES
    labels = [f"{pair[0]}–{pair[1]}"]
    if closes > 1440:
        labels = [f"{pair[0]} →", f"{pair[0][:2]} →"]
    elif pair[0].endswith("00") and pair[1].endswith("00"):
        labels.append(f"{pair[0][:2]}–{pair[1][:2]}")
    label = next((text for text in labels if len(text) <= room), labels[-1])
    return {"from": opens, "to": closes, "label": label, "is_new": is_new}


def _tail(pair: Sequence[str], from_day: str) -> dict[str, Any]:
    end = _ends(pair) - 1440
    room = end / _LETTER_MINUTES
    labels = (f"until {pair[1]}, from {from_day}", f"until {pair[1]}")
    return {"to": end, "label": next((text for text in labels if len(text) <= room), labels[-1])}


def _ends(pair: Sequence[str]) -> int:
    return stored.windows([pair])[0][1]


def has(hours: Hours, day: str, pair: Sequence[str]) -> bool:
    """Whether a day has just this window."""
    return list(pair) in [list(other) for other in hours.get(day, ())]
