"""Faults of a content, collected with their pointers."""

from collections.abc import Mapping
from typing import Any

from msp.core.errors import FieldError, Invalid

_LONGEST_NAME = 100


class Faults:
    """What is wrong so far; true when anything is."""

    def __init__(self) -> None:
        self.found: list[FieldError] = []

    def __bool__(self) -> bool:
        return bool(self.found)

    def add(self, pointer: str, code: str, message: str) -> None:
        self.found.append(FieldError(pointer, code, message))

    def refuse(self) -> None:
        """Raise Invalid with every fault; nothing where there is none."""
        if len(self.found) == 1:
            raise Invalid(self.found[0].message, errors=self.found)
        if self.found:
            raise Invalid(errors=self.found)


def name_of(item: Mapping[str, Any], pointer: str, faults: Faults) -> str:
    """The name of a thing on a list, cut of blanks; it may be missing."""
    name = str(item.get("name") or "").strip()
    if len(name) > _LONGEST_NAME:
        faults.add(pointer, "too_long", f"A name has at most {_LONGEST_NAME} characters.")
    return name
