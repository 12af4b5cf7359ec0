"""Who else than people does tasks: runbooks stand above this practice and say here how one is looked up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from msp.core.errors import FieldError, Invalid


@dataclass(frozen=True)
class Doer:
    """A runbook as those who plan tasks know it: its name, and the names of what it is told."""

    name: str
    inputs: tuple[str, ...] = ()


# What is to do a task of a client, or of all clients alike (None); Invalid where it is none that may.
LookUp = Callable[[UUID, UUID | None], Doer]
_look_up: list[LookUp] = []
MOST_INPUTS, INPUT_LENGTH = 30, 5000


def set_look_up(look_up: LookUp) -> None:
    """Name what looks up a runbook by its id and the client of the task."""
    _look_up[:] = [look_up]


def doer_of(runbook_id: UUID, tenant_id: UUID | None) -> Doer:
    """The runbook; Invalid, under `/runbook_id`, where it may not do tasks of this client, or with None those of every client."""
    if not _look_up:
        raise Invalid.field("runbook_id", "There are no runbooks here.", "unknown")
    return _look_up[0](runbook_id, tenant_id)


def unknown_inputs(doer: Doer, names: Mapping[str, object], at: str) -> list[FieldError]:
    """What is told to a runbook that it does not take, by pointers under `at`."""
    return [FieldError(f"{at}/{name}", "unknown", f"The runbook takes no “{name}”.") for name in names if name not in doer.inputs]
