"""The builder's draft: a form as it is typed on a page, changed step by step, right or not, until it is saved.

Everything typed stands in the page: each step posts all of it and is given all of it again, so nothing is stored and nothing lost.

    fb-part            each part in the order of the page, "name:kind", or "name:kind:gone" where it is to be taken out
    fb-<name>-…        label, hint, text, required, minimum, maximum
    fb-<name>-value, -olabel, -price    the options, a row each, and -by: "answer option" where an option stands for an answer of
                       the choice that -by_field names; -by_rows, -by_known: what had such boxes, -by_was: of which choice
    fb-<name>-show_field, -show_op, -show_value, -show_was    when it is asked; the field "*" leaves the condition in -show_was;
                       -need_…: when it must be answered
    fb-new-kind, fb-new-label    the part to be added
    step               add | up:<name> | down:<name> | moved:<name> | remove:<name> | back:<name> | option:<name> | drop:<name>:<row>
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from msp.core.errors import FieldError
from msp.itsm.catalog.forms.conditions import Condition, Group, Test
from msp.itsm.catalog.forms.conditions import to_json as condition_json
from msp.itsm.catalog.forms.definition import FOUND, KINDS, MAX_OPTIONS, MAX_PARTS, PICKED, SILENT, Form, Part

Sent = MultiDict[str, str]
TEXTS = ("label", "hint", "text", "minimum", "maximum")
KEPT = "*"  # the field of a condition that says more than the controls can
BOUNDABLE = frozenset({"text", "long_text", "number", "multi_choice", "file", "date"})
_SPARE = 20  # how far past the limits a page is read, so that the service can say what is too many
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,3})?")


@dataclass(frozen=True)
class Row:
    """One option as it is typed; `by` holds the answers that it stands for, None for all of them."""

    value: str = ""
    label: str = ""
    price: str = ""
    by: frozenset[str] | None = None


@dataclass(frozen=True)
class Asking:
    """A condition as it is typed: a part above, "" for none; `was` is the JSON that the field "*" leaves as it is."""

    field: str = ""
    op: str = "is"
    values: tuple[str, ...] = ()
    was: str = ""


@dataclass(frozen=True)
class Typed:
    """One part as it is typed; `known` are the answers of `by_field` that the rows tell apart, any other has all of them."""

    name: str
    kind: str
    label: str = ""
    hint: str = ""
    text: str = ""
    minimum: str = ""
    maximum: str = ""
    is_required: bool = False
    is_gone: bool = False
    rows: tuple[Row, ...] = ()
    by_field: str = ""
    known: frozenset[str] = frozenset()
    show: Asking = Asking()
    need: Asking = Asking()

    @property
    def asks(self) -> bool:
        return self.kind not in SILENT


@dataclass(frozen=True)
class Draft:
    """`focus` names the part that the last step was about, `said` tells what it did; `more` asks for another row of options there.

    `errors` holds messages by the name of a posted field; `new` what was typed for a part to be added.
    """

    parts: tuple[Typed, ...] = ()
    focus: str = ""
    said: str = ""
    more: bool = False
    new: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def kept(self) -> tuple[Typed, ...]:
        return tuple(part for part in self.parts if not part.is_gone)

    def part(self, name: str) -> Typed | None:
        return next((part for part in self.parts if part.name == name), None)


# --- From a form, and from a page -----------------------------------------------------------------------------------------


def of_form(form: Form) -> Draft:
    """A saved form, to be edited."""
    return Draft(tuple(_of_part(form, part) for part in form.parts))


def _of_part(form: Form, part: Part) -> Typed:
    by = dict(part.options_by.allowed) if part.options_by else {}
    followed = form.part(part.options_by.field) if part.options_by else None
    answers = [option.value for option in followed.options] if followed else []
    rows = tuple(
        Row(
            option.value, option.label, "" if option.price is None else str(option.price),
            frozenset(answer for answer in answers if answer not in by or option.value in by[answer]) if followed else None,
        )
        for option in part.options
    )  # fmt: skip
    minimum, maximum = ("" if bound is None else str(bound) for bound in (part.minimum, part.maximum))
    return Typed(
        part.name, part.kind, part.label, part.hint, part.text, minimum, maximum, part.is_required, rows=rows,
        by_field=followed.name if followed else "", known=frozenset(answers),
        show=_of_condition(form, part.show_if), need=_of_condition(form, part.required_if),
    )  # fmt: skip


def _of_condition(form: Form, condition: Condition | None) -> Asking:
    """The controls' way of saying it, or the condition kept as it is where they cannot."""
    if condition is None:
        return Asking()
    is_all = isinstance(condition, Group) and condition.kind == "all" and len(condition.conditions) > 1
    tests = condition.conditions if isinstance(condition, Group) and is_all else (condition,)
    if all(isinstance(test, Test) for test in tests):
        found = [_of_test(form, test) for test in tests if isinstance(test, Test)]
        values = tuple(dict.fromkeys(value for each in found if each for value in each.values))
        is_one = len(found) == 1 or (len({each and each.field for each in found}) == 1 and {each and each.op for each in found} == {"not"})
        first, part = found[0], form.part(found[0].field) if found[0] else None
        if first and is_one and (len(values) < 2 or (part and part.kind in PICKED)):
            return replace(first, values=values)
    return Asking(KEPT, was=json.dumps(condition_json(condition)))


def _of_test(form: Form, test: Test) -> Asking | None:
    part = form.part(test.field)
    if test.op == "filled":
        return Asking(test.field, "filled" if test.value else "empty")
    if part is None or part.kind in FOUND or (test.op == "in" and part.kind not in PICKED):
        return None
    values = test.value if test.op == "in" else (test.value,)
    return Asking(test.field, "is" if test.op == "in" else test.op, tuple(map(str, values)))


def read(sent: Sent) -> Draft:
    """The draft that a page posted. Raises nothing, whatever was posted."""
    parts: dict[str, Typed] = {}
    for each in sent.getlist("fb-part")[: MAX_PARTS + _SPARE]:
        name, _, rest = each.partition(":")
        kind, _, gone = rest.partition(":")
        if _NAME.fullmatch(name) and kind in KINDS:
            parts.setdefault(name, _read(sent, name, kind, is_gone=bool(gone)))
    return Draft(tuple(parts.values()), new={key: sent.get(f"fb-new-{key}", "").strip() for key in ("kind", "label")})


def _read(sent: Sent, name: str, kind: str, *, is_gone: bool) -> Typed:
    at = f"fb-{name}-"
    texts = {key: sent.get(at + key, "").replace("\r\n", "\n").replace("\0", "") for key in TEXTS}
    is_same = sent.get(f"{at}by_was") == sent.get(f"{at}by_field")
    return Typed(
        name, kind, **texts, is_required=bool(sent.get(f"{at}required")), is_gone=is_gone,
        rows=_read_rows(sent, at) if kind in PICKED else (), by_field=sent.get(f"{at}by_field", ""),
        known=frozenset(sent.getlist(f"{at}by_known")) if is_same else frozenset(),
        show=_read_condition(sent, f"{at}show"), need=_read_condition(sent, f"{at}need"),
    )  # fmt: skip


def _read_rows(sent: Sent, at: str) -> tuple[Row, ...]:
    """The rows with a label or a price; a new one gets its value of its label, and keeps it. It stands for all answers first."""
    columns = [sent.getlist(at + key)[: MAX_OPTIONS + _SPARE] for key in ("value", "olabel", "price")]
    values = [value.strip() for value in columns[0]]
    had_boxes = set(sent.getlist(f"{at}by_rows")) if sent.get(f"{at}by_was") == sent.get(f"{at}by_field") else set()
    ticked = [each.partition(" ") for each in sent.getlist(f"{at}by")]
    rows = []
    for value, label, price in zip(*columns, strict=False):
        label, price = label.replace("\0", "").strip(), price.strip()
        if label or price:
            if not value:
                value = _free(re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:40] or "option", values)
                values.append(value)
            by = frozenset(answer for answer, _, option in ticked if option == value) if value in had_boxes else None
            rows.append(Row(value, label, price, by))
    return tuple(rows)


def _read_condition(sent: Sent, at: str) -> Asking:
    values = tuple(filter(None, (value.replace("\0", "").strip() for value in sent.getlist(f"{at}_value"))))[:MAX_OPTIONS]
    return Asking(sent.get(f"{at}_field", ""), sent.get(f"{at}_op") or "is", values, sent.get(f"{at}_was", ""))


def _free(stem: str, taken: Any) -> str:
    return next(each for each in (stem, *(f"{stem}_{number}" for number in range(2, 9999))) if each not in taken)


# --- Steps ----------------------------------------------------------------------------------------------------------------


def take(draft: Draft, step: str) -> Draft:
    """The draft after a step; one that cannot be taken leaves it as it is. Raises nothing."""
    do, _, rest = step.partition(":")
    name, _, row = rest.partition(":")
    if do == "add":
        return _add(draft, draft.new.get("kind", ""), draft.new.get("label", ""))
    part = draft.part(name)
    if part is None:
        return draft
    if do in ("up", "down"):
        return _move(draft, part, -1 if do == "up" else 1)
    if do == "moved":
        return replace(draft, focus=name, said=_place_words(draft, part))
    if do in ("remove", "back"):
        said = f"{_called(part)} {'goes once you save' if do == 'remove' else 'stays'}."
        return _put(draft, replace(part, is_gone=do == "remove"), said)
    if do == "drop" and row.isascii() and row.isdigit():
        rows = tuple(each for place, each in enumerate(part.rows) if place != int(row[:4]))
        return _put(draft, replace(part, rows=rows), "The option is taken out.")
    return replace(draft, focus=name, more=do == "option")


def _add(draft: Draft, kind: str, label: str) -> Draft:
    """Put a part of this kind at the end; its name comes from its label, and stays."""
    if kind not in KINDS or not label:
        key, words = ("label", "Say what is asked.") if kind in KINDS else ("kind", "Choose what kind of part it is.")
        return replace(draft, errors={f"fb-new-{key}": words})
    stem = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:30]
    stem = stem if _NAME.fullmatch(stem) and stem not in ("csrf_token", "new") else kind if kind in FOUND | SILENT else "field"
    is_note = kind == "note"
    part = Typed(_free(stem, {each.name for each in draft.parts}), kind, "" if is_note else label, text=label if is_note else "")
    return Draft((*draft.parts, part), focus=part.name, said=f"{_called(part)} stands at the end.")


def _move(draft: Draft, part: Typed, by: int) -> Draft:
    parts = list(draft.parts)
    place = parts.index(part)
    parts.insert(max(0, min(len(parts) - 1, place + by)), parts.pop(place))
    moved = replace(draft, parts=tuple(parts), focus=part.name)
    return replace(moved, said=_place_words(moved, part))


def _put(draft: Draft, part: Typed, said: str) -> Draft:
    parts = tuple(part if each.name == part.name else each for each in draft.parts)
    return replace(draft, parts=parts, focus=part.name, said=said)


def _place_words(draft: Draft, part: Typed) -> str:
    return f"{_called(part)} is number {draft.parts.index(part) + 1} of {len(draft.parts)}."


def _called(part: Typed) -> str:
    return f"“{part.label or part.text[:40] or part.name}”"


# --- To a definition ------------------------------------------------------------------------------------------------------


def to_json(draft: Draft) -> dict[str, Any]:
    """The definition as it is typed, for `definition.parse` to judge; {} without parts, which asks nothing."""
    return {"parts": [_json(draft, part) for part in draft.kept]} if draft.kept else {}


def _json(draft: Draft, part: Typed) -> dict[str, Any]:
    data: dict[str, Any] = {"name": part.name, "kind": part.kind, "label": part.label.strip()}
    data |= {"hint": part.hint.strip(), "required": part.is_required} if part.asks else {"text": part.text.strip()}
    if part.kind in PICKED:
        data["options"] = [_row_json(row) for row in part.rows]
        data["options_by"] = _options_by(draft, part)
    for key in ("minimum", "maximum") if part.kind in BOUNDABLE else ():
        text = getattr(part, key).strip()
        data[key] = (float(text) if "." in text else int(text)) if _NUMBER.fullmatch(text) else text or None
    data["show_if"] = condition_of(draft, part.show)
    data["required_if"] = condition_of(draft, part.need) if part.asks else None
    return {key: value for key, value in data.items() if value is not None}


def _row_json(row: Row) -> dict[str, str]:
    price = {"price": row.price.lstrip("£€$ ").replace(",", "")} if row.price else {}
    return {"value": row.value, "label": row.label, **price}


def _options_by(draft: Draft, part: Typed) -> dict[str, Any] | None:
    """Answers that leave all options are not named; where none narrows, nothing follows."""
    if not part.by_field:
        return None
    other = draft.part(part.by_field)
    allowed = {
        answer.value: [row.value for row in part.rows if row.by is None or answer.value in row.by or answer.value not in part.known]
        for answer in (other.rows if other else ())
    }
    named = {answer: values for answer, values in allowed.items() if len(values) < len(part.rows)}
    is_above = other is not None and not other.is_gone and other.kind == "choice" and part in draft.parts[draft.parts.index(other) :]
    return {"field": part.by_field, "values": named or {"-": []}} if named or not is_above else None


def condition_of(draft: Draft, asking: Asking) -> Any:
    """The condition as JSON, judged by nobody yet; None for none."""
    if asking.field == KEPT:
        try:
            return json.loads(asking.was[:20_000])
        except (ValueError, RecursionError):
            return {}
    if not asking.field:
        return None
    if asking.op in ("filled", "empty"):
        return {"field": asking.field, "filled": asking.op == "filled"}
    other = draft.part(asking.field)
    values = [_compared(other, text) for text in asking.values] if other and other.kind in PICKED else []
    values = values or [_compared(other, asking.values[0] if asking.values else "")]
    if len(values) == 1:
        return {"field": asking.field, asking.op: values[0]}
    if asking.op == "not":
        return {"all": [{"field": asking.field, "not": value} for value in values]}
    return {"field": asking.field, "in": values}


def _compared(other: Typed | None, text: str) -> Any:
    """A value as conditions hold it: a number of a number field."""
    if other and other.kind == "number" and re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,3})?", text):
        return float(text) if "." in text else int(text)
    return text


def placed(draft: Draft, wrong: FieldError) -> tuple[str, str] | None:
    """The posted field that a complaint about the definition belongs to, and what to say there; None where it is about no part."""
    found = re.match(r"/parts/([0-9]+)(?:/([a-z_]+))?(?:/([0-9]+))?(?:/([a-z]+))?", wrong.pointer)
    if not found or int(found[1]) >= len(draft.kept):
        return None
    part, key, row = draft.kept[int(found[1])], found[2] or "label", found[3]
    message = wrong.message
    if key in ("show_if", "required_if"):
        which, asking = ("show", part.show) if key == "show_if" else ("need", part.need)
        is_open = asking.op not in ("filled", "empty") and not asking.values and asking.field not in ("", KEPT)
        is_about_value = is_open or wrong.code == "invalid"
        return f"fb-{part.name}-{which}_{'value' if is_about_value else 'field'}", "Say which answer." if is_open else message
    if key == "options_by":
        answer = wrong.pointer.rpartition("/")[2]
        other = draft.part(part.by_field)
        label = next((each.label for each in other.rows if each.value == answer), "") if other else ""
        return f"fb-{part.name}-by_field", f"“{label}” leaves nothing to choose." if label else message
    if key == "options" and row is not None:
        column = "price" if found[4] == "price" else "olabel"
        return f"fb-{part.name}-{column}-{row}", message
    return f"fb-{part.name}-{key if key in TEXTS else 'olabel-0' if key == 'options' else 'label'}", message
