"""What the running transaction knows of the subjects that it has locked: read once, kept up by whoever writes it.

Whoever writes facts, clocks or steps of a subject locks it first, so nothing of them changes behind the transaction's back,
except that the sweep marks steps as fired and clocks as breached.
"""

from collections.abc import Sequence
from functools import cached_property
from uuid import UUID

from msp.core.db import memory
from msp.itsm.sla import queries
from msp.itsm.sla.engine import facts as engine_facts
from msp.itsm.sla.engine.history import History
from msp.itsm.sla.models import Clock, Escalation, Subject


class Book:
    """A locked subject with its facts, every cycle of its clocks and their steps, each read when it is first asked for."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    @cached_property
    def facts(self) -> list[engine_facts.Fact]:
        return [queries.engine_fact(row) for row in queries.facts(self.subject.tenant_id, self.subject.id)]

    @cached_property
    def clocks(self) -> list[Clock]:
        return list(queries.clocks(self.subject.tenant_id, [self.subject.id], current_only=False))

    @cached_property
    def steps(self) -> list[Escalation]:
        return list(queries.escalations(self.subject.tenant_id, self.subject.id))

    def history(self) -> History:
        """Facts and promises, ready to be read."""
        return History(self.facts, queries.promises(self.subject.tenant_id).definitions)

    def forget_steps(self) -> None:
        """After steps were added beside the session."""
        self.__dict__.pop("steps", None)


def locked(tenant_id: UUID, subject_id: UUID) -> Book:
    """The book of a subject, which is locked until the transaction ends; NotFound where there is none."""
    known: Book | None = memory().get((Book, subject_id))
    if known is None:
        known = memory()[Book, subject_id] = Book(queries.subject(tenant_id, subject_id, for_update=True))
    return known


def opened(subject: Subject) -> Book:
    """The book of a subject that this transaction has just added: nothing stands in it yet."""
    book = memory()[Book, subject.id] = Book(subject)
    book.facts, book.clocks, book.steps = [], [], []
    return book


def current_clocks(tenant_id: UUID, subject_id: UUID) -> Sequence[Clock]:
    """The last cycle of each clock of a subject, from its book where there is one."""
    known: Book | None = memory().get((Book, subject_id))
    if known is None:
        return queries.clocks(tenant_id, [subject_id])
    return sorted((row for row in known.clocks if row.is_current), key=lambda row: row.kind)
