"""What the fields of each kind show: the same for a client's definition and for a template."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from agent_console.editor import calendars, matrices, policies, steps, weeks
from agent_console.editor.kinds import Kind
from msp.core import clock
from msp.core.errors import MspError
from msp.core.web.formats import date_words, day_words
from msp.itsm.sla import describe, public_holidays
from msp.itsm.sla.checks.policies import PAUSE_STATES, PRIORITIES, RECIPIENTS
from msp.itsm.sla.engine import zone
from msp.itsm.sla.engine.errors import EngineError
from msp.itsm.sla.engine.seconds import instant_of, seconds_of

_SHOWN_DAYS = 5
_YEAR = timedelta(days=370)

Content = Mapping[str, Any]


class Edited(Protocol):
    """A definition or a template in its editor."""

    form: MultiDict[str, str]
    errors: dict[str, str]
    before: Content

    @property
    def kind(self) -> Kind: ...
    @property
    def is_new(self) -> bool: ...
    @property
    def before_form(self) -> MultiDict[str, str]: ...


# --- Policies ---------------------------------------------------------------------------------------------------------


def policy_fields(edited: Edited, labels: Mapping[str, str], teams: Mapping[str, str], open_counts: Mapping[str, int]) -> dict[str, Any]:
    """The tables and choices of a policy; `labels` are the calendars that its rows may name."""
    form, before, errors = edited.form, edited.before_form, edited.errors
    has_mixed = policies.MIXED in [form.get(f"{priority}-calendar") for priority in PRIORITIES]
    return {
        "rows": policies.table(form, before, errors, open_counts, policies.CLIENT_CLOCKS),
        "internal_rows": policies.table(form, before, errors, open_counts, policies.INTERNAL_CLOCKS),
        "calendar_options": [*labels.items(), *([(policies.MIXED, "each its own")] if has_mixed else [])],
        "calendar_labels": {**labels, policies.MIXED: "each its own", "": "none"},
        "pause_states": [(state, describe.STATE_WORDS[state].capitalize()) for state in PAUSE_STATES],
        "channels": list(describe.CHANNEL_WORDS.items()),
        "steps": steps.table(form, errors),
        "dos": _dos(teams),
        "rules": _rules(edited),
    }


def calendars_used(form: MultiDict[str, str]) -> list[str]:
    """The calendars that the rows name, each once."""
    return list(dict.fromkeys(form.get(f"{priority}-calendar", "") for priority in PRIORITIES))


def week_of(id: UUID, label: str, content: Content) -> dict[str, Any]:
    """A calendar to look at: its week, its zone, and the next days of their own."""
    hours = content.get("hours", {})
    return {
        "id": id, "label": label, "days": weeks.picture(hours), "total": weeks.total_words(hours),
        "zone": content.get("tz", ""), "clock_change": clock_change(content.get("tz", "")), **_coming(content),
    }  # fmt: skip


def _dos(teams: Mapping[str, str]) -> list[Any]:
    """What a step can do, as options."""
    tell = [(f"notify:{to}", f"tell {describe.RECIPIENT_WORDS[to]}") for to in RECIPIENTS]
    tell += [(f"notify:{id}", f"tell everybody in {name}") for id, name in teams.items()]
    act = [("raise_priority", "raise the priority"), ("note", "write a note"), ("web_hook", "call a web-hook")]
    give = [(f"reassign:{id}", f"give it to {name}") for id, name in teams.items()]
    groups = [("Tell", tell), ("Act", act), ("Give to", give)]
    return [("", "only note it"), *({"label": label, "options": options} for label, options in groups)]


def _rules(edited: Edited) -> str:
    """The rules as typed, in sentences; those before, while they cannot be read."""
    try:
        return describe.rules_words(policies.to_content(edited.form, edited.before))
    except MspError:
        return describe.rules_words(edited.before)


# --- Calendars --------------------------------------------------------------------------------------------------------


def calendar_fields(edited: Edited, label_before: str) -> dict[str, Any]:
    """The week as typed and drawn, and the lists of days."""
    form, errors = edited.form, edited.errors
    hours = weeks.readable(calendars.hours(form))
    before = None if edited.is_new else edited.before.get("hours", {})
    return {
        "days": weeks.picture(hours, before),
        "typed_days": typed_days(form, errors, before),
        "total": weeks.total_words(hours),
        "change": weeks.change_words(hours, before, label_before) if before is not None else "",
        "holidays": calendars.day_rows(form, "holiday", errors),
        "yearly": calendars.day_rows(form, "yearly", errors),
        "specials": calendars.day_rows(form, "special", errors),
        "zones": describe.zone_names(),
        "clock_change": clock_change(form.get("tz", "")),
        "countries": public_holidays.countries(),
        "regions": public_holidays.regions(form.get("country", "")),
        **_coming_as_typed(edited),
        "years": [clock.now().year + more for more in range(3)],
    }


def typed_days(form: MultiDict[str, str], errors: Mapping[str, str], before: weeks.Hours | None = None) -> list[dict[str, Any]]:
    """The rows of each day as typed, with what is wrong with each; one blank row where there is none."""
    shown = []
    for day in weeks.picture({}):
        pairs = calendars.rows(form, day["key"]) or [["", ""]]
        typed = [
            {
                "opens": opens,
                "closes": closes,
                "error": errors.get(f"/hours/{day['key']}/{place}", ""),
                "is_new": before is not None and not weeks.has(before, day["key"], (opens, closes)),
            }
            for place, (opens, closes) in enumerate(pairs)
        ]
        shown.append({"name": day["name"], "long": day["long"], "key": day["key"], "rows": typed})
    return shown


def clock_change(tz: str) -> str:
    """`Clocks change Sun 31 Oct`; empty for what is no zone."""
    now = clock.now()
    try:
        changes = zone.changes(zone.known_zone(tz).key, seconds_of(now), seconds_of(now + _YEAR))
    except EngineError:
        return ""
    if not changes:
        return "Clocks never change there"
    return f"Clocks change {day_words(instant_of(changes[0][0]).astimezone(ZoneInfo(tz)).date())}"


def _coming_as_typed(edited: Edited) -> dict[str, Any]:
    """The next days as typed; those before, while a day cannot be read."""
    try:
        return _coming(calendars.to_content(edited.form))
    except ValueError:
        return _coming(edited.before)


def _coming(content: Content) -> dict[str, Any]:
    """The next holidays and dates with hours of their own."""
    today = clock.now().date()
    days = sorted(each for each in _days(content, today) if each[0] >= today)
    return {
        "coming": [(on, date_words(on, year=on.year != today.year), words) for on, words in days[:_SHOWN_DAYS]],
        "more_coming": max(0, len(days) - _SHOWN_DAYS),
    }


def _days(content: Content, today: date) -> Sequence[tuple[date, str]]:
    single = [(date.fromisoformat(item["on"]), item.get("name") or "closed") for item in content.get("holidays", ())]
    yearly = [(_next(item["on"], today), item.get("name") or "closed") for item in content.get("yearly", ())]
    special = [
        (date.fromisoformat(on), f"{describe.windows_words(windows)} only" if windows else "closed")
        for on, windows in content.get("overrides", {}).items()
    ]
    return [*single, *yearly, *special]


def _next(month_day: str, today: date) -> date:
    """The next date with this month and day."""
    for year in range(today.year, today.year + 9):
        try:
            on = date.fromisoformat(f"{year}-{month_day}")
        except ValueError:
            continue  # 29 February
        if on >= today:
            return on
    return today


# --- Matrices ---------------------------------------------------------------------------------------------------------


def matrix_fields(edited: Edited) -> dict[str, Any]:
    """The nine cells, what changed marked with what stood there."""
    before = edited.before_form
    cells = {name: {"value": edited.form.get(name, ""), "was": was} for name, was in before.items()}
    return {"cells": cells, "levels": matrices.LEVELS}
