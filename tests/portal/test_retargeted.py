"""A new version of an agreement moves a promise: its client and our people read why, each in their own words."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db
from msp.itsm.sla import library
from msp.itsm.sla.models import Definition
from msp.itsm.sla.services import edits
from msp.itsm.tickets.services import opening, triage
from tenants.services import people
from tests.support import world


@pytest.fixture
def ticket(console_app: Any, acme: Any) -> Any:
    requester = acme.actor()
    with world.acting(console_app, requester):
        return opening.open_ticket(acme.id, "Printer on fire", by=requester)


def saved(app: Any, company: Any, kind: str, minutes: int) -> None:
    """The default policy's target of this clock, for open tickets too."""
    _, lead = world.agent(app, "admin")
    with world.acting(app, lead), clock.at(clock.now() + timedelta(seconds=1)):
        policies = sa.select(Definition).where(Definition.tenant_id == company.id, Definition.kind == "policy", Definition.is_default)
        policy = db.session.scalars(policies).one()
        content = library.last_version(policy).content
        row = content["targets"]["P3"]
        target = {"minutes": minutes, "calendar_id": row["resolution"]["calendar_id"]}
        changed = {**content, "targets": {**content["targets"], "P3": {**row, kind: target}}}
        edits.save(policy.id, changed, version=policy.version, moves_open=True, by=lead)


def test_a_moved_promise_is_told_on_both_sides(
    console_app: Any, portal_of: Any, console_of: Any, acme: Any, ticket: Any
) -> None:
    saved(console_app, acme, "resolution", 99 * 60)
    portal = portal_of(acme).get(f"/requests/{ticket.ref}").get_data(as_text=True)
    assert "We now promise a fix by " in portal
    assert "your agreement changed" in portal
    assert "target moved" not in portal
    console = console_of(world.agent(console_app)[1]).get(f"/tickets/{ticket.ref}").get_data(as_text=True)
    assert "Resolution target moved from " in console
    assert "Standard" in console


def test_what_is_agreed_between_ourselves_is_not_told_to_the_client(
    console_app: Any, portal_of: Any, console_of: Any, acme: Any, ticket: Any
) -> None:
    agent = world.agent(console_app)[1]
    with world.as_staff(console_app) as by:
        team = people.add_team(world.unique("Team "), by=by)
    with world.acting(console_app, agent):
        triage.assign(ticket.id, by=agent, team_id=team.id)
    saved(console_app, acme, "ola", 60)
    console = console_of(world.agent(console_app)[1]).get(f"/tickets/{ticket.ref}").get_data(as_text=True)
    assert "Internal target set to " in console
    portal = portal_of(acme).get(f"/requests/{ticket.ref}").get_data(as_text=True)
    assert "Printer on fire" in portal
    assert "We now promise" not in portal
