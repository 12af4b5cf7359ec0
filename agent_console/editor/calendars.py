"""A calendar as a form: fields of the week, holidays, single dates."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from msp.itsm.sla import describe
from msp.itsm.sla.content import WEEKDAYS

Form = MultiDict[str, str]
_BLANK_DAYS = 2


def to_form(content: Mapping[str, Any]) -> Form:
    """The fields of a stored calendar."""
    form: Form = MultiDict({"tz": content.get("tz", "")})
    for day in WEEKDAYS:
        for opens, closes in content.get("hours", {}).get(day, ()):
            form.add(f"{day}-from", opens)
            form.add(f"{day}-to", closes)
    for item in content.get("holidays", ()):
        _add_day(form, "holiday", item["on"], item.get("name", ""))
    for item in content.get("yearly", ()):
        _add_day(form, "yearly", item["on"], item.get("name", ""))
    for on, windows in sorted(content.get("overrides", {}).items()):
        form.add("special-on", on)
        form.add("special-hours", describe.windows_words(windows))
    return form


def to_content(form: Form) -> dict[str, Any]:
    """What the fields say, as typed; whoever saves it checks it."""
    return {
        "tz": form.get("tz", "").strip(),
        "hours": hours(form),
        "holidays": list(_days(form, "holiday")),
        "yearly": list(_days(form, "yearly")),
        "overrides": dict(_specials(form)),
    }


def hours(form: Form) -> dict[str, list[list[str]]]:
    """The windows of each day; a row with nothing in it is none."""
    return {day: [pair for pair in rows(form, day) if any(pair)] for day in WEEKDAYS}


def rows(form: Form, day: str) -> list[list[str]]:
    """The rows of a day as typed; those that say something come first, in the places that faults point to."""
    pairs = zip(form.getlist(f"{day}-from"), form.getlist(f"{day}-to"), strict=False)
    return sorted(([opens.strip(), closes.strip()] for opens, closes in pairs), key=lambda pair: not any(pair))


def change_rows(form: Form, act: str) -> Form:
    """Without script: one row more (`add:mon`) or one less (`remove:mon:0`)."""
    verb, _, rest = act.partition(":")
    day, _, place = rest.partition(":")
    if day not in WEEKDAYS:
        return form
    changed: Form = MultiDict(form)
    kept = [pair for index, pair in enumerate(rows(form, day)) if not (verb == "remove" and place == str(index))]
    if verb == "add":
        kept.append(["", ""])
    changed.setlist(f"{day}-from", [pair[0] for pair in kept])
    changed.setlist(f"{day}-to", [pair[1] for pair in kept])
    return changed


def with_holidays(form: Form, found: list[dict[str, str]]) -> tuple[Form, int]:
    """The form with days added that are not on its list yet; how many there were."""
    changed: Form = MultiDict(form)
    known = {item["on"] for item in _days(form, "holiday")}
    new = [item for item in found if item["on"] not in known]
    days = sorted([*_days(form, "holiday"), *new], key=lambda item: item["on"])
    changed.setlist("holiday-on", [item["on"] for item in days])
    changed.setlist("holiday-name", [item["name"] for item in days])
    return changed, len(new)


def _add_day(form: Form, kind: str, on: str, name: str) -> None:
    form.add(f"{kind}-on", on)
    form.add(f"{kind}-name", name)


def _days(form: Form, kind: str) -> Iterator[dict[str, str]]:
    for on, name in zip(form.getlist(f"{kind}-on"), form.getlist(f"{kind}-name"), strict=False):
        if on.strip():
            yield {"on": on.strip(), "name": name.strip()}


def _specials(form: Form) -> Iterator[tuple[str, list[list[str]]]]:
    for on, text in zip(form.getlist("special-on"), form.getlist("special-hours"), strict=False):
        if on.strip():
            yield on.strip(), _windows(text)


def _windows(text: str) -> list[list[str]]:
    """`09:00–12:00, 13:00–17:00` as pairs; `closed` as none. What cannot be read is handed on to be refused."""
    text = text.strip().lower()
    if text in ("", "closed"):
        return []
    if text == "round the clock":
        return [["00:00", "24:00"]]
    return [[end.strip() for end in re.split(r"\s*(?:–|—|-|to)\s*", window.strip())] for window in text.split(",")]


@dataclass(frozen=True)
class DayRow:
    """A row of a list of days: the day, its name or hours, and what is wrong with it."""

    on: str = ""
    text: str = ""
    error: str = ""


def day_rows(form: Form, kind: str, errors: Mapping[str, str]) -> list[DayRow]:
    """The rows of one of the three lists of days, and some blank ones after them."""
    second = "hours" if kind == "special" else "name"
    typed = zip(form.getlist(f"{kind}-on"), form.getlist(f"{kind}-{second}"), strict=False)
    shown, place = [], 0
    for on, text in typed:
        if not on.strip():
            continue
        own = {"holiday": f"/holidays/{place}", "yearly": f"/yearly/{place}", "special": f"/overrides/{on.strip()}"}[kind]
        shown.append(DayRow(on, text, next((words for at, words in errors.items() if f"{at}/".startswith(f"{own}/")), "")))
        place += 1
    return [*shown, *[DayRow()] * _BLANK_DAYS]
