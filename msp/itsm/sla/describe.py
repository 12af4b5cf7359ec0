"""Definitions in words: the same sentences in the editor, in a list, and where two are compared."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import groupby
from typing import Any
from zoneinfo import available_timezones

from msp.core.web.formats import DAYS, date_words, target_words
from msp.itsm.sla import content as stored
from msp.itsm.sla.content import WEEKDAYS
from msp.itsm.sla.engine.years import merged

CLOCK_WORDS = {
    "response": "Response", "update": "Next update", "resolution": "Resolution", "ola": "Team",
    "underpinning": "Supplier",
}  # fmt: skip
STATE_WORDS = {
    "waiting_for_client": "waiting for client", "waiting_for_supplier": "waiting for supplier",
    "waiting_for_approval": "waiting for approval", "scheduled": "scheduled",
}  # fmt: skip
CHANNEL_WORDS = {
    "portal": "the portal", "console": "the console", "phone": "phone", "in_person": "a visit", "mail": "mail",
    "api": "the API", "monitoring": "monitoring",
}  # fmt: skip
RECIPIENT_WORDS = {"assignee": "the assignee", "lead": "the team lead", "account_manager": "the account manager"}
_WEEK = 7 * 1440
_UNBROKEN = "\N{NO-BREAK SPACE}"

Json = Mapping[str, Any]


# --- Working time -----------------------------------------------------------------------------------------------------


def windows_words(windows: Sequence[Sequence[str]]) -> str:
    """`09:00–12:30, 13:15–17:00`, `round the clock`, `closed`."""
    if [tuple(window) for window in windows] == [("00:00", "24:00")]:
        return "round the clock"
    return ", ".join("–".join(window) for window in windows) or "closed"


def week_words(hours: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """`Mon–Fri 09:00–17:00, Sat 10:00–12:00`; days of the same hours stand together, closed ones are left out."""
    if all(windows_words(hours.get(day, ())) == "round the clock" for day in WEEKDAYS):
        return "Round the clock"
    runs = groupby(range(7), key=lambda day: windows_words(hours.get(WEEKDAYS[day], ())))
    return ", ".join(f"{_run(list(days))} {words}" for words, days in runs if words != "closed")


def _run(days: Sequence[int]) -> str:
    first, last = DAYS[days[0]], DAYS[days[-1]]
    if len(days) == 1:
        return first
    return f"{first}, {last}" if len(days) == 2 else f"{first}–{last}"


def week_minutes(hours: Mapping[str, Sequence[Sequence[str]]]) -> int:
    """Minutes that an ordinary week counts, overlapping ones once."""
    spans = [
        (number * 1440 + first, number * 1440 + last)
        for number, day in enumerate(WEEKDAYS)
        for first, last in stored.windows(hours.get(day, ()))
    ]
    wrapped = [(first - _WEEK, last - _WEEK) for first, last in spans if last > _WEEK]
    return sum(min(last, _WEEK) - max(first, 0) for first, last in merged([*wrapped, *spans]) if last > 0)


@cache
def zone_names() -> tuple[str, ...]:
    """Time zones to offer: those of places, and UTC."""
    places = (name for name in available_timezones() if "/" in name)
    return ("UTC", *sorted(name for name in places if not name.startswith(("Etc/", "posix/", "right/"))))


# --- Policies ---------------------------------------------------------------------------------------------------------


def minutes_words(minutes: float | None) -> str:
    """A target as it is agreed: `30 min`, `12 h`, `1 h 30`; a dash for none."""
    return "—" if minutes is None else target_words(minutes * 60)


def step_words(step: Json) -> str:
    """When a step is: `75 %`, `30 min before`, `2 h after`, `breach`."""
    if step.get("percent") is not None:
        return f"{step['percent']:g} %"
    offset = step.get("offset_minutes")
    if offset is None:
        return "breach"
    return f"{minutes_words(abs(offset))} {'before' if offset < 0 else 'after'}"


def action_words(action: Json, team_names: Mapping[str, str] | None = None) -> str:
    """What a step does: `tell the team lead`, `give it to Clinical apps`."""
    to = str(action.get("to", ""))
    return {
        "notify": f"tell {RECIPIENT_WORDS.get(to) or (team_names or {}).get(to, 'a team')}",
        "reassign": f"give it to {(team_names or {}).get(to, to)}",
        "raise_priority": "raise the priority",
        "web_hook": "call a web-hook",
        "note": "write a note",
    }.get(str(action.get("kind")), str(action.get("kind")))


def conditions_words(conditions: Json, *, is_default: bool = False) -> str:
    """What a policy applies to: `every request by mail about Payroll`."""
    if is_default:
        return "everything without a policy of its own"
    said = f"every {conditions['kind']}" if conditions.get("kind") else "everything"
    if channel := conditions.get("channel"):
        said += f" by {CHANNEL_WORDS.get(channel, channel)}"
    if service := conditions.get("service"):
        said += f" about {service}"
    if ci_class := conditions.get("ci_class"):
        said += f" on a {ci_class}"
    return said


def rules_words(content: Json) -> str:
    """Pauses, warnings and reopening of a policy in a few sentences."""
    said = [_pauses_words(content), *_escalation_words(content)]
    if content.get("reopening", "continue") == "continue":
        said.append("Reopened: the same clock goes on.")
    else:
        said.append("Reopened: a new clock begins.")
    return " ".join(said)


def _pauses_words(content: Json) -> str:
    states = [STATE_WORDS[state] for state in content.get("pause_states", ("waiting_for_client", "scheduled"))]
    clocks = "Response and resolution pause" if content.get("pauses_response") else "Resolution pauses"
    if not states:
        return "Nothing pauses."
    return f"{clocks} while {listed(states, glue=' and while ')}."


def _escalation_words(content: Json) -> Iterator[str]:
    """A sentence for each run of clocks that escalate alike."""
    alike: dict[str, list[str]] = {}
    for clock, words in CLOCK_WORDS.items():
        if steps := content.get("steps", {}).get(clock):
            points = listed([step_words(step).replace(" ", _UNBROKEN) for step in steps]).replace("breach", "the breach")
            alike.setdefault(points, []).append(words.lower())
    for points, clocks in alike.items():
        yield f"{listed(clocks).capitalize()} {'escalate' if len(clocks) > 1 else 'escalates'} at {points}."


def listed(words: Sequence[str], glue: str = " and ") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return glue.join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


# --- Days -------------------------------------------------------------------------------------------------------------


def holiday_words(item: Json) -> str:
    """`25 Dec 2027`, `25 Dec every year`."""
    text = str(item["on"])
    if len(text) == 5:
        return f"{date_words(date.fromisoformat(f'2028-{text}'))} every year"
    return date_words(date.fromisoformat(text), year=True)
