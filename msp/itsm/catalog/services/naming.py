"""Whether the people, teams and runbooks that a chain or a plan names by id are there."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import FieldError, Invalid
from msp.itsm.catalog import chains, plans
from msp.itsm.tasks import doers
from tenants import queries as tenants
from tenants.models import Agent, Contact
from tenants.permissions import Permission

Json = Mapping[str, Any]


def faults(content: Json, tenant_id: UUID | None, *, by: Actor, agreed: Iterable[Json] = ()) -> list[FieldError]:
    """What a checked content names that is not there; a template (`tenant_id` None) can name nothing of a client.

    Whoever lets orders run a runbook must be allowed to run it; what `agreed` contents let them run already is no news.
    """
    by.require(Permission.CATALOG_MANAGE)
    told = list(plans.runbooks(content["tasks"]).values())
    known = [each for other in agreed for each in plans.runbooks(other["tasks"]).values()]
    if any(each not in known for each in told):
        by.require(Permission.RUNBOOK_RUN)
    wrong = [fault for at, kind, id in chains.named(content["chain"]) if (fault := _person(at, kind, id, tenant_id))]
    for team_id, number in plans.team_ids(content["tasks"]).items():
        try:
            tenants.active_team(team_id)
        except Invalid as refused:
            wrong += [FieldError(f"/tasks/{number}/team_id", each.code, each.message) for each in refused.errors]
    for number, (runbook_id, inputs) in plans.runbooks(content["tasks"]).items():
        wrong += _runbook(f"/tasks/{number}", runbook_id, inputs, tenant_id)
    return wrong


def _runbook(at: str, runbook_id: UUID, inputs: Json, tenant_id: UUID | None) -> list[FieldError]:
    try:
        doer = doers.doer_of(runbook_id, tenant_id)
    except Invalid as refused:
        more = "" if tenant_id else " One client’s own is named in its copy."
        return [FieldError(f"{at}{each.pointer}", each.code, f"{each.message}{more}") for each in refused.errors]
    return doers.unknown_inputs(doer, inputs, f"{at}/inputs")


def _person(at: str, kind: str, id: UUID, tenant_id: UUID | None) -> FieldError | None:
    if kind == "agent":
        agent = db.session.get(Agent, id)
        return None if agent is not None and agent.is_active else FieldError(at, "unknown", "There is no such agent.")
    if tenant_id is None:
        return FieldError(at, "misplaced", "A template names roles or our own people; people of a client are named in its copy.")
    contact = db.session.get(Contact, (tenant_id, id))
    return None if contact is not None and contact.is_active else FieldError(at, "unknown", "There is no such person at this client.")
