"""A ticket's facts in order, and what was promised at each of them."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime

from msp.itsm.sla.engine import facts as ticket_facts
from msp.itsm.sla.engine.definition import CalendarVersion, Choice, Definitions, Policy, Subject, choose
from msp.itsm.sla.engine.facts import Fact, Spell

_ATTRIBUTES = tuple(field.name for field in fields(Subject))
_WORDS = {"ci_class": "CI class"}


@dataclass(frozen=True, slots=True)
class Term:
    """What is promised from a fact on: the policy, why it applies, and its target under one version of a calendar."""

    position: int
    subject: Subject
    choice: Choice
    target_seconds: int | None = None
    calendar: CalendarVersion | None = None
    why: str = ""  # what changed, for a term that replaces another

    @property
    def policy(self) -> Policy | None:
        """The policy, if one matches."""
        return self.choice.policy

    def same_promise(self, other: "Term") -> bool:
        """Whether nothing changes for a clock when one term follows the other."""
        return (
            self.policy == other.policy
            and self.target_seconds == other.target_seconds
            and self.calendar == other.calendar
        )


@dataclass(frozen=True, slots=True)
class _Choice:
    position: int
    subject: Subject
    versions_at: datetime
    choice: Choice


class History:
    """Facts in order with their signals and waiting states, shared by all the clocks of one ticket."""

    def __init__(self, facts: Iterable[Fact], definitions: Definitions) -> None:
        self.facts = ticket_facts.ordered(facts)
        self.seconds = [fact.second for fact in self.facts]
        self.signals = ticket_facts.signals(self.facts)
        self.spells: list[Spell] = ticket_facts.spells(self.facts)
        self._definitions = definitions
        self._choices = self._chosen()

    def terms(self, clock: str) -> list[Term]:
        """What a clock was promised, in order; a fact that changes nothing for it begins no term."""
        found: list[Term] = []
        for chosen in self._choices:
            term = self._term(chosen, clock)
            if not found:
                found.append(term)
            elif not term.same_promise(found[-1]):
                found.append(replace(term, why=_difference(found[-1], term)))
        return found

    def _chosen(self) -> list[_Choice]:
        # Versions are those of the opening until a fact moves the ticket: editing a policy leaves open tickets alone.
        subject, versions_at, found = Subject(), None, []
        for position, fact in enumerate(self.facts):
            if fact.kind not in ("opened", "reclassified", "redefined"):
                continue
            subject = replace(subject, **{name: fact.data[name] for name in _ATTRIBUTES if name in fact.data})
            if versions_at is None or fact.kind == "redefined":
                versions_at = fact.occurred_at
            choice = choose(self._definitions.policies, subject, versions_at)
            found.append(_Choice(position, subject, versions_at, choice))
        return found

    def _term(self, chosen: _Choice, clock: str) -> Term:
        policy, subject = chosen.choice.policy, chosen.subject
        target = policy.target(subject.priority, clock) if policy else None
        if target is None:
            return Term(chosen.position, subject, chosen.choice)
        calendar = self._definitions.calendar(target.calendar_id, chosen.versions_at)
        return Term(chosen.position, subject, chosen.choice, target.seconds, calendar)


def _difference(before: Term, after: Term) -> str:
    said = [
        f"{_WORDS.get(name, name)} {old or 'none'} to {new or 'none'}"
        for name in _ATTRIBUTES
        if (old := getattr(before.subject, name)) != (new := getattr(after.subject, name))
    ]
    for old, new in ((before.policy, after.policy), (before.calendar, after.calendar)):
        if old and new and old.id != new.id:
            said.append(f"{old.label} to {new.label}")
    return ", ".join(said) or "definition changed"
