"""When an order will be done: the resolution that the client's service levels promise for such a request."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from msp.core.web.formats import count_words, target_words
from msp.itsm.sla import queries as sla
from msp.itsm.sla.engine.definition import Subject, choose
from msp.itsm.tickets.services.opening import priority_of

_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Expectation:
    """A promised resolution: `seconds` of working time, of days that count `day_seconds` each; None where days differ."""

    seconds: int
    day_seconds: int | None
    policy: str

    @property
    def words(self) -> str:
        """`within 4 h`, `within 3 working days`; days only where they come out whole."""
        if self.day_seconds and self.seconds > self.day_seconds and self.seconds % self.day_seconds == 0:
            kind = ("day", "days") if self.day_seconds == _DAY else ("working day", "working days")
            return f"within {count_words(self.seconds // self.day_seconds, *kind)}"
        return f"within {target_words(self.seconds)}{'' if self.day_seconds == _DAY else ' of opening hours'}"


class Promised:
    """Looks up a client's promises for its items; one read of the definitions for all of them."""

    def __init__(self, tenant_id: UUID, now: datetime) -> None:
        self.tenant_id, self.now = tenant_id, now
        self.definitions = sla.promises(tenant_id).definitions

    def of(self, content: Any, channel: str = "portal") -> Expectation | None:
        """What is promised for a request of this item; None where nothing is."""
        priority = f"P{priority_of(self.tenant_id, int(content['impact']), int(content['urgency']))}"
        subject = Subject(content["service"] or None, None, "request", channel, priority)
        policy = choose(self.definitions.policies, subject, self.now).policy
        target = policy.target(priority, "resolution") if policy else None
        if policy is None or target is None:
            return None
        hours = self.definitions.calendar(target.calendar_id, self.now).calendar.hours
        lengths = {sum(closes - opens for opens, closes in windows) for windows in hours if windows}
        return Expectation(target.seconds, lengths.pop() * 60 if len(lengths) == 1 else None, policy.name)
