"""What one version of a runbook says: JSON in, frozen values out, and back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msp.core.errors import FieldError, Invalid, MspError
from msp.itsm.runbooks import addresses

MOST_INPUTS, MOST_VALUE, MOST_URL = 30, 500, 500
MOST_TRIES, MOST_MINUTES = 10, 7 * 24 * 60
USUAL_TRIES, USUAL_MINUTES = 5, 60
# Where the value of an input comes from: what it is called in a definition, and on screen.
SOURCES: dict[str, str] = {
    "ticket.ref": "Ticket: reference", "ticket.subject": "Ticket: subject", "ticket.kind": "Ticket: incident or request",
    "ticket.priority": "Ticket: priority", "requester.name": "Requester: name", "requester.e_mail": "Requester: e-mail address",
    "client.key": "Client: key", "client.name": "Client: name", "site.name": "Site: name", "task.title": "Task: title",
    "task.detail": "Task: detail", "order.item": "Order: item", "order.for_name": "Order: who gets it",
    "order.for_e_mail": "Order: e-mail address of who gets it", "order.answer": "Order: an answer, by its name",
    "custom": "Custom field, by its key", "fixed": "The same text always",
}  # fmt: skip
# These name something of the client's own, or say the text, in `value`.
WITH_VALUE = frozenset({"order.answer", "custom", "fixed"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Input:
    """One value that the other side is sent. `value` goes with the sources that need it."""

    name: str
    source: str
    value: str = ""
    is_required: bool = True

    def dump(self) -> dict[str, Any]:
        return {"name": self.name, "from": self.source, "value": self.value, "required": self.is_required}


@dataclass(frozen=True)
class Content:
    """`minutes`: how long the result may take once the call was taken; `tries`: how often it is called at most."""

    url: str
    minutes: int = USUAL_MINUTES
    tries: int = USUAL_TRIES
    inputs: tuple[Input, ...] = ()

    def dump(self) -> dict[str, Any]:
        """The JSON object; `stored` gives back an equal one."""
        return {"url": self.url, "minutes": self.minutes, "tries": self.tries, "inputs": [each.dump() for each in self.inputs]}


def stored(content: Mapping[str, Any]) -> Content:
    """What a version holds; it was checked when it was written."""
    inputs = (Input(each["name"], each["from"], each["value"], each["required"]) for each in content["inputs"])
    return Content(content["url"], content["minutes"], content["tries"], tuple(inputs))


def read(given: Mapping[str, Any]) -> Content:
    """The content that a JSON object holds; Invalid naming everything that is wrong."""
    wrong: list[FieldError] = []
    url = str(given.get("url") or "").strip()
    try:
        if len(url) > MOST_URL:
            raise Invalid(f"At most {MOST_URL} characters.")
        addresses.check(url)
    except MspError as error:
        wrong.append(FieldError("/url", error.code, error.message))
    minutes, tries = given.get("minutes", USUAL_MINUTES), given.get("tries", USUAL_TRIES)
    if not _is_number(minutes, 1, MOST_MINUTES):
        wrong.append(FieldError("/minutes", "range", f"1 to {MOST_MINUTES} minutes."))
    if not _is_number(tries, 1, MOST_TRIES):
        wrong.append(FieldError("/tries", "range", f"1 to {MOST_TRIES} times."))
    inputs = _inputs(given.get("inputs", ()), wrong)
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else None, errors=wrong)
    return Content(url, minutes, tries, inputs)


def differences(before: Content, after: Content) -> list[tuple[str, str, str]]:
    """What one version says otherwise than another: the part, as it was, as it is."""
    parts = [
        ("Address", before.url, after.url), ("Time for the result", f"{before.minutes} min", f"{after.minutes} min"),
        ("Tries", str(before.tries), str(after.tries)),
    ]  # fmt: skip
    old, new = ({each.name: input_words(each) for each in side.inputs} for side in (before, after))
    parts += [(f"Input {name}", old.get(name, ""), new.get(name, "")) for name in dict.fromkeys([*old, *new])]
    return [each for each in parts if each[1] != each[2]]


def input_words(each: Input) -> str:
    """`Order: an answer, by its name: start_date`"""
    value = f": {each.value}" if each.source in WITH_VALUE else ""
    return f"{SOURCES[each.source]}{value}{'' if each.is_required else ' (may be empty)'}"


def _inputs(given: Any, wrong: list[FieldError]) -> tuple[Input, ...]:
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) > MOST_INPUTS:
        wrong.append(FieldError("/inputs", "length", f"At most {MOST_INPUTS} inputs."))
        return ()
    found: list[Input] = []
    for number, each in enumerate(given):
        at, known = f"/inputs/{number}", each if isinstance(each, Mapping) else {}
        name, source, value = (str(known.get(key) or "").strip() for key in ("name", "from", "value"))
        if not _NAME.fullmatch(name):
            wrong.append(FieldError(f"{at}/name", "format", "Small letters, digits and _, beginning with a letter."))
        elif name in [other.name for other in found]:
            wrong.append(FieldError(f"{at}/name", "taken", f"Two inputs are called “{name}”."))
        if source not in SOURCES:
            wrong.append(FieldError(f"{at}/from", "unknown", "Choose where it comes from."))
        elif source in WITH_VALUE and not 1 <= len(value) <= MOST_VALUE:
            wrong.append(FieldError(f"{at}/value", "required", f"Say which, in at most {MOST_VALUE} characters."))
        found.append(Input(name, source, value if source in WITH_VALUE else "", bool(known.get("required", True))))
    return tuple(found)


def _is_number(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
