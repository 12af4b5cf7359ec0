"""Times and durations in words, in the local time of a calendar."""

from datetime import date

from msp.itsm.sla.engine import zone
from msp.itsm.sla.engine.seconds import DAY, HOUR, MINUTE, date_of

# Not strftime: what a client reads must not depend on the locale of the machine.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STATES = {
    "waiting_for_client": "waiting for client",
    "waiting_for_supplier": "waiting for supplier",
    "waiting_for_approval": "waiting for approval",
    "scheduled": "scheduled",
}


def wall(tz: str, second: int) -> int:
    """What the clock on the wall reads, in seconds since 1970-01-01 00:00 there."""
    return second + zone.offset_at(tz, second)


def day_words(on: date) -> str:
    """`Mon 8 Mar`."""
    return f"{_DAYS[on.weekday()]} {on.day} {_MONTHS[on.month - 1]}"


def time_words(reading: int) -> str:
    """`09:00`, with seconds only where there are any."""
    minutes, seconds = divmod(reading % DAY, MINUTE)
    return f"{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")


def instant_words(tz: str, second: int) -> str:
    """`Mon 8 Mar 09:00`."""
    reading = wall(tz, second)
    return f"{day_words(date_of(reading // DAY))} {time_words(reading)}"


def span_words(tz: str, first: int, last: int | None) -> str:
    """`Mon 8 Mar 09:00–12:00`, `Mon 8 Mar 17:00–Tue 9 Mar 09:00`, `from Mon 8 Mar 09:00`."""
    if last is None:
        return f"from {instant_words(tz, first)}"
    opens, closes = wall(tz, first), wall(tz, last)
    if closes % DAY == 0 and closes // DAY == opens // DAY + 1:
        return f"{instant_words(tz, first)}–24:00"
    if closes // DAY == opens // DAY:
        return f"{instant_words(tz, first)}–{time_words(closes)}"
    return f"{instant_words(tz, first)}–{instant_words(tz, last)}"


def duration_words(seconds: int) -> str:
    """`3 h 05`, with seconds only where there are any."""
    hours, rest = divmod(seconds, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    return f"{hours} h {minutes:02}" + (f" min {rest:02} s" if rest else "")


def state_words(state: str) -> str:
    """A waiting state as a reader knows it."""
    return _STATES.get(state, state.replace("_", " "))


def sentence_case(text: str) -> str:
    """The first letter a capital, the rest untouched: names keep theirs."""
    return text[:1].upper() + text[1:]
