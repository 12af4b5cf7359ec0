"""Who will be asked, before anything is asked: the stages of a chain that apply, with the people as they are now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from msp.itsm.approvals import directory
from msp.itsm.approvals.engine.chain import Stage, applies
from msp.itsm.approvals.engine.reading import read_chain
from msp.itsm.approvals.engine.seating import Person, seating
from msp.itsm.approvals.models import Approval
from msp.itsm.approvals.shown import Shown, facts


@dataclass(frozen=True)
class Foreseen:
    """A stage to come: the names of whom it asks, none where only we know them; `needed` of them, all where it is None."""

    stage: Stage
    names: tuple[str, ...]
    needed: int | None


def foresee(
    tenant_id: UUID, shown: Shown, chain: Mapping[str, Any], *, requester_id: UUID, at: datetime
) -> list[Foreseen]:
    """The stages that would ask about this content, for a contact who asks, at an instant (UTC). It writes nothing."""
    values = facts(shown.as_json())
    made = Approval(tenant_id=tenant_id, site_id=shown.site_id, cost_centre=shown.cost_centre)
    requester = Person("contact", str(requester_id))
    return [_stage(made, stage, requester, at) for stage in read_chain(chain).stages if applies(stage.condition, values)]


def _stage(made: Approval, stage: Stage, requester: Person, at: datetime) -> Foreseen:
    found = directory.look_up(made, stage, at=at)
    seats = seating(stage, found.found, barred={requester})
    if not found.is_whole and any(each.is_ours for each in stage.approvers):
        return Foreseen(stage, (), None)
    names = tuple(found.names[place.holder] for place in seats.places)
    return Foreseen(stage, names, seats.required if seats.required < len(names) else None)
