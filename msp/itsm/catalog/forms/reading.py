"""Reads a form definition out of JSON that anybody may have sent, and collects everything that is wrong with it."""

import re
from decimal import Decimal
from typing import Any

from msp.core.errors import FieldError
from msp.itsm.catalog.forms import conditions
from msp.itsm.catalog.forms.conditions import Condition, Test
from msp.itsm.catalog.forms.definition import KINDS, MAX_OPTIONS, MAX_PARTS, PICKED, SILENT, Form, Option, OptionsBy, Part

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
PRICE = re.compile(r"[0-9]{1,7}(\.[0-9]{1,2})?")
UNKEPT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")  # what PostgreSQL or a page cannot hold
RESERVED = frozenset({"csrf_token"})
KEYS = {
    "name", "kind", "label", "hint", "text", "required", "options", "show_if", "required_if", "options_by", "minimum", "maximum",
}  # fmt: skip
BOUNDED = frozenset({"text", "long_text", "number", "multi_choice", "file", "date"})


class Reader:
    """One reading; `errors` holds the complaints, and what is returned counts only while there are none."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []
        self.earlier: dict[str, Part] = {}
        self.names: list[Any] = []

    def complain(self, at: str, code: str, message: str) -> None:
        self.errors.append(FieldError(at, code, message))

    def form(self, data: Any) -> Form:
        parts = data.get("parts") if isinstance(data, dict) else None
        if not isinstance(parts, list):
            self.complain("/parts", "required", "A form has a list of parts")
            return Form()
        for key in set(data) - {"parts"}:
            self.complain(f"/{_escaped(key)}", "unknown", "A form has nothing of this name")
        if len(parts) > MAX_PARTS:
            self.complain("/parts", "too_many", f"A form has at most {MAX_PARTS} parts")
            return Form()
        self.names = [part.get("name") if isinstance(part, dict) else None for part in parts]
        return Form(tuple(filter(None, (self._part(part, f"/parts/{index}") for index, part in enumerate(parts)))))

    # --- One part -----------------------------------------------------------------------------------------------------

    def _part(self, data: Any, at: str) -> Part | None:
        if not isinstance(data, dict):
            self.complain(at, "invalid", "A part is an object")
            return None
        for key in data.keys() - KEYS:
            self.complain(f"{at}/{_escaped(key)}", "unknown", "A part has nothing of this name")
        name, kind = self._name(data.get("name"), at), data.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            self.complain(f"{at}/kind", "unknown", f"A part is one of {', '.join(KINDS)}")
            return None
        required = data.get("required", False)
        if not isinstance(required, bool):
            self.complain(f"{at}/required", "invalid", "This is true or false")
        self._misplaced(data, kind, at)
        part = Part(
            name=name,
            kind=kind,
            label=self._text(data, "label", at, 200, needed=kind != "note"),
            hint=self._text(data, "hint", at, 300),
            is_required=required is True,
            options=self._options(data.get("options"), f"{at}/options") if kind in PICKED else (),
            show_if=self._condition(data.get("show_if"), f"{at}/show_if"),
            required_if=self._condition(data.get("required_if"), f"{at}/required_if"),
            options_by=self._options_by(data, f"{at}/options_by"),
            minimum=self._bound(data.get("minimum"), kind, f"{at}/minimum"),
            maximum=self._bound(data.get("maximum"), kind, f"{at}/maximum"),
            text=self._text(data, "text", at, 2000, needed=kind == "note"),
        )
        if part.minimum is not None and part.maximum is not None and part.minimum > part.maximum:
            self.complain(f"{at}/maximum", "invalid", "The maximum is below the minimum")
        self.earlier.setdefault(name, part)
        return part

    def _name(self, name: Any, at: str) -> str:
        if not isinstance(name, str) or not NAME.fullmatch(name) or name in RESERVED:
            self.complain(f"{at}/name", "invalid", "A name is 1 to 40 of a–z, 0–9 and _, a letter first")
            return ""
        if name in self.earlier:
            self.complain(f"{at}/name", "duplicate", f"“{name}” is there already")
        return name

    def _misplaced(self, data: dict[str, Any], kind: str, at: str) -> None:
        """What this kind of part cannot have."""
        wrong = {"options": kind not in PICKED, "options_by": kind not in PICKED, "text": kind not in SILENT}
        wrong |= dict.fromkeys(("required", "required_if", "hint"), kind in SILENT)
        wrong |= {"minimum": kind not in BOUNDED, "maximum": kind not in BOUNDED - {"date"}}
        for key, is_wrong in wrong.items():
            if is_wrong and data.get(key):
                self.complain(f"{at}/{key}", "misplaced", f"A part of the kind {kind} has no {key}")

    def _text(self, data: dict[str, Any], key: str, at: str, longest: int, *, needed: bool = False) -> str:
        value = data.get(key)
        if value is None:
            value = ""
        if not isinstance(value, str):
            self.complain(f"{at}/{key}", "invalid", "This is text")
        elif len(value) > longest:
            self.complain(f"{at}/{key}", "too_long", f"At most {longest} characters")
        elif UNKEPT.search(value):
            self.complain(f"{at}/{key}", "invalid", "This holds characters that cannot be kept")
        elif needed and not value.strip():
            self.complain(f"{at}/{key}", "required", "This cannot be empty")
        else:
            return value
        return ""

    def _bound(self, value: Any, kind: str, at: str) -> int | float | None:
        if value is None:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e12
        if not is_number:
            self.complain(at, "invalid", "This is a number")
        elif kind != "number" and not (isinstance(value, int) and 0 <= value <= 20_000):
            self.complain(at, "invalid", "This is a whole number from 0 to 20,000")
        elif kind == "date" and value > 250:
            self.complain(at, "invalid", "At most 250 working days")
        else:
            return value  # type: ignore[no-any-return]  # a number, as looked at above
        return None

    # --- Options ------------------------------------------------------------------------------------------------------

    def _options(self, data: Any, at: str) -> tuple[Option, ...]:
        if not isinstance(data, list) or not data:
            self.complain(at, "required", "There is nothing to choose: add an option")
            return ()
        if len(data) > MAX_OPTIONS:
            self.complain(at, "too_many", f"At most {MAX_OPTIONS} options")
            return ()
        found: dict[str, Option] = {}
        for index, each in enumerate(data):
            option = self._option(each, f"{at}/{index}")
            if option and option.value in found:
                self.complain(f"{at}/{index}/value", "duplicate", f"“{option.value}” is there already")
            elif option:
                found[option.value] = option
        return tuple(found.values())

    def _option(self, data: Any, at: str) -> Option | None:
        if not isinstance(data, dict):
            self.complain(at, "invalid", "An option is an object with value and label")
            return None
        for key in data.keys() - {"value", "label", "price"}:
            self.complain(f"{at}/{_escaped(key)}", "unknown", "An option has nothing of this name")
        value, price = data.get("value"), data.get("price")
        if not isinstance(value, str) or not VALUE.fullmatch(value):
            self.complain(f"{at}/value", "invalid", "A value is 1 to 60 of A–Z, a–z, 0–9, . _ and -")
            return None
        label = self._text(data, "label", at, 200, needed=True)
        if price is not None and not _is_price(price):
            self.complain(f"{at}/price", "invalid", "A price is like 420.00")
            price = None
        return Option(value, label, None if price is None else Decimal(str(price)))

    def _options_by(self, whole: dict[str, Any], at: str) -> OptionsBy | None:
        data = whole.get("options_by")
        if data is None or whole.get("kind") not in PICKED:
            return None
        if not isinstance(data, dict) or data.keys() != {"field", "values"} or not isinstance(data["values"], dict) or not data["values"]:
            self.complain(at, "invalid", "This has a field, and values: which options stand for which of its answers")
            return None
        other = self._field(data["field"], f"{at}/field")
        if other is None:
            return None
        if other.kind != "choice":
            self.complain(f"{at}/field", "invalid", "Options follow a choice")
            return None
        own = whole.get("options")
        mine = [option.get("value") for option in own if isinstance(option, dict)] if isinstance(own, list) else []
        allowed = []
        for value, values in data["values"].items():
            if other.option(value) is None:
                self.complain(f"{at}/values/{_escaped(value)}", "unknown", f"“{other.label}” has no such option")
            if not isinstance(values, list) or not values or not all(isinstance(each, str) and each in mine for each in values):
                self.complain(f"{at}/values/{_escaped(value)}", "unknown", "This names options of this part, at least one")
                continue
            allowed.append((str(value), tuple(values)))
        return OptionsBy(other.name, tuple(allowed))

    # --- Conditions ---------------------------------------------------------------------------------------------------

    def _condition(self, data: Any, at: str) -> Condition | None:
        if data is None:
            return None
        condition = conditions.read(data, at, self.complain)
        if condition is not None:
            for test in conditions.tests(condition):
                other = self._field(test.field, at)
                if other is not None and not _fits(test, other):
                    self.complain(at, "invalid", f"“{other.label}” cannot be asked for this value with “{test.op}”")
        return condition

    def _field(self, name: Any, at: str) -> Part | None:
        """The earlier part of this name. That only earlier ones may be named makes circles impossible."""
        part = self.earlier.get(name) if isinstance(name, str) else None
        if part is None and isinstance(name, str) and name in self.names:
            self.complain(at, "later", f"“{name}” does not stand above this part")
        elif part is None:
            self.complain(at, "unknown", "There is no field of this name")
        elif not part.asks:
            self.complain(at, "invalid", f"“{name}” asks nothing")
            return None
        return part


def _is_price(value: Any) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return 0 <= value < 10_000_000
    return isinstance(value, str) and PRICE.fullmatch(value) is not None


def _fits(test: Test, part: Part) -> bool:
    """Whether an answer of this part can ever be compared with the value."""
    values = test.value if test.op == "in" else (test.value,)
    if test.op == "filled":
        return True
    if test.op in ("over", "under") or part.kind == "number":
        return part.kind == "number" and all(not isinstance(value, str) for value in values)
    if part.kind == "file" or not all(isinstance(value, str) for value in values):
        return False
    return part.kind not in PICKED or all(part.option(value) is not None for value in values)


def _escaped(key: Any) -> str:
    return str(key)[:60].replace("~", "~0").replace("/", "~1")
