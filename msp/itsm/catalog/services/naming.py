"""Whether the people and teams that a chain or a plan names by id are there."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msp.core.db import db
from msp.core.errors import FieldError, Invalid
from msp.itsm.catalog import chains, plans
from tenants import queries as tenants
from tenants.models import Agent, Contact

Json = Mapping[str, Any]


def faults(content: Json, tenant_id: UUID | None) -> list[FieldError]:
    """What a checked content names that is not there; a template (`tenant_id` None) can name nobody of a client."""
    wrong = [fault for at, kind, id in chains.named(content["chain"]) if (fault := _person(at, kind, id, tenant_id))]
    for team_id, number in plans.team_ids(content["tasks"]).items():
        try:
            tenants.active_team(team_id)
        except Invalid as refused:
            wrong += [FieldError(f"/tasks/{number}/team_id", each.code, each.message) for each in refused.errors]
    return wrong


def _person(at: str, kind: str, id: UUID, tenant_id: UUID | None) -> FieldError | None:
    if kind == "agent":
        agent = db.session.get(Agent, id)
        return None if agent is not None and agent.is_active else FieldError(at, "unknown", "There is no such agent.")
    if tenant_id is None:
        return FieldError(at, "misplaced", "A template names roles or our own people; people of a client are named in its copy.")
    contact = db.session.get(Contact, (tenant_id, id))
    return None if contact is not None and contact.is_active else FieldError(at, "unknown", "There is no such person at this client.")
