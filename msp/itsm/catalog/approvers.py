"""The people that an item's chain names by id, as they are typed: by their addresses."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from msp.core.db import db
from tenants.models import Agent, Contact

Approver = dict[str, str]


def at_addresses(addresses: Sequence[str], tenant_id: UUID | None) -> list[Approver]:
    """Whom addresses name, of the client first, then of us; one that is nobody's comes as `person`, which no chain takes."""
    wanted = [each.lower() for each in addresses]
    agents = db.session.scalars(sa.select(Agent).where(Agent.e_mail.in_(wanted), Agent.is_active))
    found: dict[str, Approver] = {agent.e_mail or "": {"agent": str(agent.id)} for agent in agents}
    if tenant_id is not None:
        statement = sa.select(Contact).where(Contact.tenant_id == tenant_id, Contact.e_mail.in_(wanted), Contact.is_active)
        found |= {contact.e_mail or "": {"contact": str(contact.id)} for contact in db.session.scalars(statement)}
    return [found.get(each, {"person": each}) for each in wanted]


def addresses_of(approvers: Iterable[Mapping[str, str]]) -> list[str]:
    """How those of a chain who are named by id are typed; one without an address by his id."""
    named = [each for each in approvers if "role" not in each]
    agents, contacts = ([UUID(each[kind]) for each in named if kind in each] for kind in ("agent", "contact"))
    known = {str(row.id): row.e_mail for row in db.session.execute(sa.select(Agent.id, Agent.e_mail).where(Agent.id.in_(agents)))}
    known |= {str(row.id): row.e_mail for row in db.session.execute(sa.select(Contact.id, Contact.e_mail).where(Contact.id.in_(contacts)))}
    return [known.get(id) or id for each in named for id in each.values()]
