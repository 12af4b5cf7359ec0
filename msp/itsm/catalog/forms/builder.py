"""Edits of a form's draft, each a step from a form to a form; nothing is stored here.

The page calls `apply(form, submitted)` for every POST of the macro `builder` in catalog/builder.html and stores `Edited.form`
where there are no errors; else it shows the page again with `errors`, `typed` and `focus`. What is posted:

    do      add | change | up | down | to | remove
    part    the name of the part, for all but add
    to      the place counted from 0, for to
    and for add: kind, label; for change: label, hint, text, required, minimum, maximum, options (a line each: value | Label |
    price), show_field, show_op, show_value, need_field, need_op, need_value (several values with commas; the op "keep" leaves
    a condition as it is), by_field, by_values (a line each: answer: option, option)
"""

import re
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from msp.core.errors import Invalid
from msp.itsm.catalog.forms.conditions import Group, Test
from msp.itsm.catalog.forms.definition import FOUND, PICKED, SILENT, Form, Part, parse, part_json, to_json

EDITED = ("label", "hint", "text", "minimum", "maximum", "options", "by_field", "by_values")
ASKED = tuple(f"{which}_{what}" for which in ("show", "need") for what in ("field", "op", "value"))
BOUNDABLE = frozenset({"text", "long_text", "number", "multi_choice", "file", "date"})


@dataclass(frozen=True)
class Edited:
    """The form after a step. With errors it is the form as it was, and `typed` what should stand in the fields again.

    `errors` holds messages by posted field, "" for the step as a whole; `focus` names the part that it is about, "" for add.
    """

    form: Form
    errors: dict[str, str] = field(default_factory=dict)
    focus: str = ""
    typed: dict[str, str] = field(default_factory=dict)


def apply(form: Form, submitted: MultiDict[str, str]) -> Edited:
    """One whole step of the page. Raises nothing, whatever was posted."""
    do, name = submitted.get("do", ""), submitted.get("part", "")
    if do == "add":
        return add(form, submitted.get("kind", ""), submitted.get("label", ""))
    if form.part(name) is None:
        return Edited(form, {"": "This part is not there any more"})
    if do == "change":
        return change(form, name, {key: submitted.get(key, "") for key in (*EDITED, *ASKED, "required")})
    if do == "remove":
        return remove(form, name)
    if do in ("up", "down", "to"):
        return move(form, name, do, submitted.get("to", ""))
    return Edited(form, {"": "Choose what to do"}, name)


def add(form: Form, kind: str, label: str) -> Edited:
    """Put a part of this kind at the end; its name comes from its label, and stays."""
    taken = {part.name for part in form.parts}
    stem = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:30]
    stem = stem if re.match(r"[a-z]", stem) and stem != "csrf_token" else kind if kind in FOUND | SILENT else "field"
    name = next(each for each in (stem, *(f"{stem}_{number}" for number in range(2, 999))) if each not in taken)
    part: dict[str, Any] = {"name": name, "kind": kind, "label": label.strip()}
    if kind in PICKED:
        part["options"] = [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}]
    if kind == "note":
        part["text"] = label.strip()
    edited = _made(form, [*to_json(form)["parts"], part], name, {"kind": kind, "label": label})
    return Edited(edited.form, edited.errors, "" if edited.errors else name, edited.typed)


def remove(form: Form, name: str) -> Edited:
    """Take a part away, unless another asks for its answer."""
    return _made(form, [part for part in to_json(form)["parts"] if part["name"] != name], name, {}, gone=True)


def move(form: Form, name: str, way: str, to: str = "") -> Edited:
    """Move a part up, down, or to a place counted from 0; a part stays below what its conditions name."""
    parts = to_json(form)["parts"]
    place = next((index for index, part in enumerate(parts) if part["name"] == name), None)
    if place is None or (way == "to" and not re.fullmatch(r"[0-9]{1,4}", to)):
        return Edited(form, {"": "There is no such place"}, name)
    target = {"up": place - 1, "down": place + 1}.get(way, int(to) if way == "to" else place)
    part = parts.pop(place)
    parts.insert(max(0, target), part)
    return _made(form, parts, name, {}, gone=True)


def change(form: Form, name: str, typed: dict[str, str]) -> Edited:
    """Give a part what was typed; its name and kind stay."""
    part = form.part(name)
    if part is None:
        return Edited(form, {"": "This part is not there any more"})
    errors: dict[str, str] = {}
    data: dict[str, Any] = {"name": name, "kind": part.kind, "label": typed.get("label", "").strip()}
    data |= _words(part, typed)
    if part.kind in PICKED:
        data["options"] = _options(typed.get("options", ""))
        by = _options_by(typed)
        data |= {"options_by": by} if by else {}
    data |= _bounds(part, typed, errors)
    for key, which, old in (("show_if", "show", part.show_if), ("required_if", "need", part.required_if)):
        condition = _condition(form, which, typed, part_json(part).get(key) if old else None, errors)
        if condition is not None and (key == "show_if" or part.asks):
            data[key] = condition
    if errors:
        return Edited(form, errors, name, typed)
    parts = [data if each["name"] == name else each for each in to_json(form)["parts"]]
    return _made(form, parts, name, typed)


def _words(part: Part, typed: dict[str, str]) -> dict[str, Any]:
    text = {"text": typed.get("text", "").replace("\r\n", "\n")}
    return text if not part.asks else {"hint": typed.get("hint", "").strip(), "required": bool(typed.get("required"))}


def _options(text: str) -> list[dict[str, str]]:
    """A line each: value | Label | price; a line without bars is a label, its value made of it."""
    found: list[dict[str, str]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 1:
            cells = [re.sub(r"[^a-z0-9]+", "_", line.lower()).strip("_")[:40] or f"option_{len(found) + 1}", line]
        price = {"price": "|".join(cells[2:]).lstrip("£").replace(",", "")} if any(cells[2:]) else {}
        found.append({"value": cells[0], "label": cells[1], **price})
    return found


def option_lines(part: Part) -> str:
    """The options as the builder shows them, for `_options` to read again."""
    return "\n".join(" | ".join(filter(None, (o.value, o.label, "" if o.price is None else str(o.price)))) for o in part.options)


def _options_by(typed: dict[str, str]) -> dict[str, Any] | None:
    if not typed.get("by_field"):
        return None
    values = {}
    for line in filter(None, map(str.strip, typed.get("by_values", "").splitlines())):
        answer, _, allowed = line.partition(":")
        values[answer.strip()] = [each.strip() for each in allowed.split(",") if each.strip()]
    return {"field": typed["by_field"], "values": values}


def _bounds(part: Part, typed: dict[str, str], errors: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in ("minimum", "maximum"):
        text = typed.get(key, "").strip()
        if text and part.kind in BOUNDABLE:
            if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,3})?", text):
                found[key] = float(text) if "." in text else int(text)
            else:
                errors[key] = "Write a number"
    return found


def _condition(form: Form, which: str, typed: dict[str, str], old: Any, errors: dict[str, str]) -> Any:
    name, op, text = (typed.get(f"{which}_{what}", "").strip() for what in ("field", "op", "value"))
    if op == "keep":
        return old
    if not name:
        return None
    if op == "filled":
        return {"field": name, "filled": True}
    other = form.part(name)
    texts = [each for each in map(str.strip, text.split(",")) if each] if op == "in" else [text]
    values = [_compared(other, each) for each in texts]
    if not texts or None in values or "" in values:
        errors[f"{which}_value"] = "Say which answer; a number field takes numbers"
        return None
    return {"field": name, op or "is": values if op == "in" else values[0]}


def _compared(other: Part | None, text: str) -> Any:
    """A value as conditions hold it: a number for a number field, an option also by its label."""
    if other and other.kind == "number":
        return float(text) if re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,3})?", text) else None
    if other and other.kind in PICKED and other.option(text) is None:
        return next((option.value for option in other.options if option.label.casefold() == text.casefold()), text)
    return text


def _made(form: Form, parts: list[dict[str, Any]], name: str, typed: dict[str, str], *, gone: bool = False) -> Edited:
    """The form of these parts, or the old one and what is wrong, by posted field."""
    try:
        return Edited(parse({"parts": parts}), focus=name)
    except Invalid as refused:
        errors: dict[str, str] = {}
        own = next((f"/parts/{index}/" for index, part in enumerate(parts) if part["name"] == name), "-")
        for error in refused.errors:
            key = error.pointer.removeprefix(own).split("/")[0] if error.pointer.startswith(own) and not gone else ""
            key = {"show_if": "show_value", "required_if": "need_value", "options_by": "by_values"}.get(key, key)
            errors.setdefault(key, _told(form, parts, error.pointer, error.message) if not key else error.message)
        return Edited(form, errors, name, typed)


def _told(form: Form, parts: list[dict[str, Any]], pointer: str, message: str) -> str:
    """A complaint about another part, with its label."""
    found = re.match(r"/parts/([0-9]+)/", pointer)
    return f"“{parts[int(found[1])].get('label') or parts[int(found[1])]['name']}”: {message}" if found else message


def fields_of(part: Part, form: Form) -> dict[str, str]:
    """What stands in the fields of a part before anything is typed."""
    by = part.options_by
    shown: dict[str, str] = {
        "label": part.label,
        "hint": part.hint,
        "text": part.text,
        "required": "1" if part.is_required else "",
        "minimum": "" if part.minimum is None else str(part.minimum),
        "maximum": "" if part.maximum is None else str(part.maximum),
        "options": option_lines(part),
        "by_field": by.field if by else "",
        "by_values": "\n".join(f"{answer}: {', '.join(values)}" for answer, values in by.allowed) if by else "",
    }
    for which, condition in (("show", part.show_if), ("need", part.required_if)):
        is_plain = isinstance(condition, Test) and condition.value is not False
        values = condition.value if isinstance(condition, Test) and condition.op == "in" else ()
        text = ", ".join(values) if all(isinstance(value, str) and "," not in value for value in values) else None
        if isinstance(condition, Group) or (condition and not is_plain) or text is None:
            shown |= {f"{which}_field": "", f"{which}_op": "keep", f"{which}_value": ""}
        elif isinstance(condition, Test):
            value = "" if condition.op == "filled" else text or str(condition.value)
            shown |= {f"{which}_field": condition.field, f"{which}_op": condition.op, f"{which}_value": value}
    return shown
