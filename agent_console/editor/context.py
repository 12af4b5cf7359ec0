"""What the editor's templates show beside the panel of the preview."""

from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask import url_for

from agent_console.editor import calendars, matrices, policies, steps, weeks
from agent_console.editor.editing import Editing, unfinished
from msp.core import clock
from msp.core.actor import Actor
from msp.core.errors import MspError
from msp.core.web.formats import date_words, day_words
from msp.itsm.sla import describe, difference, library, public_holidays
from msp.itsm.sla.checks.policies import PAUSE_STATES, RECIPIENTS
from msp.itsm.sla.engine import zone
from msp.itsm.sla.engine.seconds import instant_of, seconds_of
from msp.itsm.sla.library import Held
from tenants import queries as tenants
from tenants.permissions import Permission

CHANNELS = ("portal", "console", "phone", "in_person", "mail", "api", "monitoring")
_SHOWN_HOLIDAYS = 5


def context(editing: Editing, *, by: Actor) -> dict[str, Any]:
    """Everything common, and what the kind adds."""
    now = clock.now()
    held = library.held([editing.client.id], by=by)
    teams = {str(team.id): team.name for team in tenants.teams()}
    shown: dict[str, Any] = {
        "it": editing,
        "client": editing.client,
        "may_edit": by.may(Permission.SLA_MANAGE),
        "ribbon": editing.ribbon(now),
        "today": now.astimezone(editing.tz).date(),
        "rollout": unfinished(library.rollouts(editing.client.id, [version.id for version in editing.versions])),
        "template": _template(editing, held, teams),
        "open_counts": _open_counts(editing),
        "action": _action(editing),
    }
    return shown | {"policy": _policy, "calendar": _calendar, "matrix": _matrix}[editing.kind.name](editing, held, teams, now)


def _action(editing: Editing) -> str:
    if editing.is_new:
        return url_for("clients.add", tenant_id=editing.client.id, kind=editing.kind.name, **{"from": editing.source})
    return url_for("service_levels.edit", definition_id=editing.definition.id)


def _template(editing: Editing, held: list[Held], teams: dict[str, str]) -> dict[str, Any] | None:
    """The template that it was copied from, and how many fields differ now."""
    if editing.is_new or editing.definition.template_id is None:
        return None
    template = library.template(editing.definition.template_id)
    names = _calendar_names(held)
    found = difference.differences(editing.kind.name, template.content, editing.before, calendars=names, teams=teams)
    return {
        "name": template.name, "differences": found, "has_newer": template.number > (editing.definition.template_number or 0)
    }  # fmt: skip


def _open_counts(editing: Editing) -> list[tuple[int, int]]:
    """Open tickets under each version that has some: version, count."""
    if editing.is_new or editing.kind.name == "matrix":
        return []
    counts = library.open_by_version(editing.client.id, editing.kind.name)
    return [(each.number, counts[each.id]) for each in reversed(editing.versions) if each.id in counts]


def _calendar_names(held: list[Held]) -> dict[str, str]:
    return {str(each.definition.id): each.definition.name for each in held if each.definition.kind == "calendar"}


# --- Policies ---------------------------------------------------------------------------------------------------------


def _policy(editing: Editing, held: list[Held], teams: dict[str, str], now: datetime) -> dict[str, Any]:
    form, before, errors = editing.form, editing.before_form, editing.errors
    counts = {} if editing.is_new else library.open_by_priority(editing.definition)
    own = [each for each in held if each.definition.kind == "calendar"]
    labels = {str(each.definition.id): f"{each.definition.name} v{each.in_force(now).number}" for each in own}
    has_mixed = policies.MIXED in [form.get(f"{priority}-calendar") for priority in policies.PRIORITIES]
    return {
        "rows": policies.table(form, before, errors, counts, policies.CLIENT_CLOCKS),
        "internal_rows": policies.table(form, before, errors, counts, policies.INTERNAL_CLOCKS),
        "calendar_options": [*labels.items(), *([(policies.MIXED, "each its own")] if has_mixed else [])],
        "calendar_labels": labels | {policies.MIXED: "each its own", "": "none"},
        "pause_states": [(state, describe.STATE_WORDS[state].capitalize()) for state in PAUSE_STATES],
        "channels": [(channel, describe.CHANNEL_WORDS[channel]) for channel in CHANNELS],
        "steps": steps.table(form, errors),
        "dos": _dos(teams),
        "rules": _rules(editing),
        "applies": _applies(editing),
        "hours": _hours(form, own, now),
    }


def _dos(teams: dict[str, str]) -> list[Any]:
    """What a step can do, as options."""
    return [
        ("", "only note it"),
        {"label": "Tell", "options": [(f"notify:{to}", f"tell {describe.RECIPIENT_WORDS[to]}") for to in RECIPIENTS]},
        {"label": "Act", "options": [("raise_priority", "raise the priority"), ("note", "write a note"), ("web_hook", "call a web-hook")]},
        {"label": "Give to", "options": [(f"reassign:{id}", f"give it to {name}") for id, name in teams.items()]},
    ]  # fmt: skip


def _rules(editing: Editing) -> str:
    """The rules as typed, in a sentence; those before, while they cannot be read."""
    try:
        return describe.rules_words(policies.to_content(editing.form, editing.before))
    except (MspError, KeyError):
        return describe.rules_words(editing.before)


def _applies(editing: Editing) -> str:
    typed = {name: editing.form.get(f"if-{name}", "").strip() for name in policies.CONDITIONS}
    return describe.conditions_words(typed, is_default=editing.definition.is_default)


def _hours(form: calendars.Form, own: list[Held], now: datetime) -> list[dict[str, Any]]:
    """The calendars that the rows name, each with its week and its next holidays."""
    used = dict.fromkeys(form.get(f"{priority}-calendar", "") for priority in policies.PRIORITIES)
    shown = [each for each in own if str(each.definition.id) in used] or own[:1]
    return [_week_of(each, now) for each in shown]


def _week_of(held: Held, now: datetime) -> dict[str, Any]:
    version = held.in_force(now)
    hours = version.content.get("hours", {})
    return {
        "id": held.definition.id,
        "label": f"{held.definition.name} v{version.number}",
        "days": weeks.picture(hours),
        "total": weeks.total_words(hours),
        **_zone_and_days(version.content, now),
    }


# --- Calendars --------------------------------------------------------------------------------------------------------


def _calendar(editing: Editing, held: list[Held], _: dict[str, str], now: datetime) -> dict[str, Any]:
    form, errors = editing.form, editing.errors
    hours = weeks.readable(calendars.hours(form))
    before = None if editing.is_new else editing.before.get("hours", {})
    own_id = str(editing.definition.id)
    used_by = [
        each.definition
        for each in held
        if each.definition.kind == "policy"
        and any(target["calendar_id"] == own_id for row in each.in_force(now).content["targets"].values() for target in row.values())
    ]
    country = form.get("country", "")
    return {
        "days": weeks.picture(hours, before),
        "typed_days": _typed_days(form, errors),
        "total": weeks.total_words(hours),
        "change": weeks.change_words(hours, before, f"v{editing.number - 1}") if before is not None else "",
        "holidays": calendars.day_rows(form, "holiday", errors),
        "yearly": calendars.day_rows(form, "yearly", errors),
        "specials": calendars.day_rows(form, "special", errors),
        "zones": _zones(),
        "countries": public_holidays.countries(),
        "regions": public_holidays.regions(country),
        "years": [now.year + more for more in range(3)],
        "used_by": used_by,
        **_zone_and_days({"tz": form.get("tz", "")}, now),
    }


def _typed_days(form: calendars.Form, errors: dict[str, str]) -> list[dict[str, Any]]:
    """The rows of each day as typed, with what is wrong with each; one blank row where there is none."""
    shown = []
    for day in weeks.picture({}):
        pairs = calendars.rows(form, day["key"]) or [["", ""]]
        typed = [
            {"opens": pair[0], "closes": pair[1], "error": errors.get(f"/hours/{day['key']}/{place}", "")}
            for place, pair in enumerate(pairs)
        ]
        shown.append({"name": day["name"], "long": day["long"], "key": day["key"], "rows": typed})
    return shown


def _zone_and_days(content: Any, now: datetime) -> dict[str, Any]:
    """The zone with its next change of the clocks, and the next holidays."""
    today = now.date()
    holidays = [
        *({"on": date.fromisoformat(item["on"]), "words": item.get("name") or "closed"} for item in content.get("holidays", ())),
        *({"on": _next(item["on"], today), "words": item.get("name") or "closed"} for item in content.get("yearly", ())),
        *(
            {"on": date.fromisoformat(on), "words": f"{describe.windows_words(windows)} only" if windows else "closed"}
            for on, windows in content.get("overrides", {}).items()
        ),
    ]
    coming = sorted((item for item in holidays if item["on"] >= today), key=lambda item: item["on"])
    return {
        "zone": content.get("tz", ""),
        "clock_change": _clock_change(content.get("tz", ""), now),
        "coming": [(item["on"], date_words(item["on"], year=item["on"].year != today.year), item["words"]) for item in coming[:_SHOWN_HOLIDAYS]],
        "more_coming": max(0, len(coming) - _SHOWN_HOLIDAYS),
    }


@cache
def _zones() -> list[str]:
    """Names to offer: those of places, and UTC."""
    return ["UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/")))]


def _next(month_day: str, today: date) -> date:
    """The next date with this month and day."""
    for year in range(today.year, today.year + 9):
        try:
            on = date.fromisoformat(f"{year}-{month_day}")
        except ValueError:
            continue  # 29 February
        if on >= today:
            return on
    return date(today.year + 9, 1, 1)


def _clock_change(tz: str, now: datetime) -> str:
    """`Clocks change Sun 31 October`; empty where they never do."""
    try:
        changes = zone.changes(tz, seconds_of(now), seconds_of(now + timedelta(days=370)))
    except ValueError:
        return ""
    if not changes:
        return "Clocks never change there"
    return f"Clocks change {day_words(instant_of(changes[0][0]).astimezone(ZoneInfo(tz)).date())}"


# --- Matrices ---------------------------------------------------------------------------------------------------------


def _matrix(editing: Editing, _: list[Held], __: dict[str, str], now: datetime) -> dict[str, Any]:
    before = editing.before_form
    cells = {
        name: {"value": editing.form.get(name, ""), "was": before[name] if before[name] != editing.form.get(name) else ""}
        for name in before
    }
    return {"cells": cells, "levels": matrices.LEVELS}
