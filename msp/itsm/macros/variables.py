"""Variables of a canned reply: `{requester.first_name}`. What is not known is refused when the text is saved."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from msp.core.errors import FieldError

# What a variable stands for, and what a preview shows in its place.
VARIABLES: dict[str, tuple[str, str]] = {
    "requester.name": ("the requester’s name", "Amelia Hart"),
    "requester.first_name": ("the requester’s first name", "Amelia"),
    "client.name": ("the client", "Northwind Dental"),
    "site.name": ("the site, where there is one", "Clifton Triangle"),
    "ticket.ref": ("the reference", "NWD-1042"),
    "ticket.subject": ("the subject", "Chair-side X-ray viewer freezes"),
    "ticket.kind": ("incident or request", "incident"),
    "ticket.due": ("when it is next due, in the client’s time", "today 14:10"),
    "agent.name": ("whoever sends it", "Priya Nair"),
    "agent.first_name": ("the sender’s first name", "Priya"),
    "team.name": ("the team that works on it", "Clinical apps"),
    "provider.name": ("our own name", "Meridian IT"),
}
_VARIABLE = re.compile(r"\{([^{}\n]*)\}")


@dataclass(frozen=True)
class Unknown:
    """A variable that does not exist, where it stands, and the one that was perhaps meant."""

    name: str
    at: int
    meant: str | None

    @property
    def words(self) -> str:
        meant = f" Did you mean {{{self.meant}}}?" if self.meant else ""
        return f"There is no variable {{{self.name}}}.{meant}"


def unknown(text: str) -> Iterator[Unknown]:
    """Variables in a text that do not exist."""
    for found in _VARIABLE.finditer(text):
        name = found[1].strip()
        if name not in VARIABLES:
            near = get_close_matches(name, VARIABLES, n=1, cutoff=0.6)
            yield Unknown(name, found.start(), near[0] if near else None)


def faults(text: str) -> list[FieldError]:
    """The same as errors of the field `body`."""
    return [FieldError("/body", "unknown_variable", each.words) for each in unknown(text)]


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced; one without a value leaves nothing behind."""
    return _VARIABLE.sub(lambda found: values.get(found[1].strip(), ""), text)


def sample(text: str) -> str:
    """The text as a preview shows it."""
    return filled(text, {name: shown for name, (_, shown) in VARIABLES.items()})
