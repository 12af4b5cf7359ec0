"""Who else than people does tasks: runbooks stand above this practice and say here how one is looked up."""

from collections.abc import Callable
from uuid import UUID

from msp.core.errors import Invalid

# The name of what is to do a task of a client; Invalid where it is none that may.
LookUp = Callable[[UUID, UUID], str]
_look_up: list[LookUp] = []


def set_look_up(look_up: LookUp) -> None:
    """Name what looks up a runbook by its id and the client of the task."""
    _look_up[:] = [look_up]


def name_of(runbook_id: UUID, tenant_id: UUID) -> str:
    """The runbook's name; Invalid where it may not do tasks of this client."""
    if not _look_up:
        raise Invalid.field("runbook_id", "There are no runbooks here.", "unknown")
    return _look_up[0](runbook_id, tenant_id)
