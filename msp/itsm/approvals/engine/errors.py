"""What a chain or an entry can be refused for."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Wrong:
    """One thing wrong with a definition: a JSON pointer, a stable code, words for a person."""

    pointer: str
    code: str
    message: str


class ChainInvalid(ValueError):
    """A definition that cannot be read; `wrong` names everything at once."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        super().__init__("; ".join(f"{each.pointer}: {each.message}" for each in wrong))
        self.wrong = tuple(wrong)


class Refused(ValueError):
    """An entry that the state does not take."""


class Ended(Refused):
    """The approval has its outcome: nothing follows it."""


class NotEntitled(Refused):
    """The person holds no open seat of the present stage, or did not ask for this approval."""


class TooLate(Refused):
    """The stage's time is over."""


class NotDue(Refused):
    """It ends or is escalated by time, and the time has not come."""


class Misplaced(Refused):
    """The entry does not follow from the one before: seated twice, answered by a seat that there is not."""
