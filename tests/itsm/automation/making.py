"""Making rules and tickets for the tests of automation."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db
from msp.itsm.automation.models import Rule, Run
from msp.itsm.automation.services import rules
from msp.itsm.tickets import queries as tickets
from tests.itsm.sla.passing import work
from tests.support import world

MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)  # London keeps UTC in winter; the calendar is Mon-Fri 09:00-17:00


def event(name: str, **more: Any) -> dict[str, Any]:
    return {"kind": "event", "event": name, **more}


def after(minutes: int, without: str, **more: Any) -> dict[str, Any]:
    return {"kind": "time", "minutes": minutes, "without": without, **more}


def tag(words: str) -> dict[str, str]:
    return {"kind": "tag", "tags": words}


def rule(
    app: Any, trigger: dict[str, Any], *actions: dict[str, str], company: Any = None, name: str = "", by: Any = None, **more: Any
) -> Rule:
    """A rule in force; for one company, so that it leaves the tickets of other tests alone, unless `company` is None."""
    content = {"trigger": trigger, "query": "", "actions": list(actions), **more}
    with clock.at(MONDAY), world.as_staff(app, by) as actor:
        made = rules.add_rule(name or world.unique("Rule "), content, client_id=company.id if company else None, by=actor)
        rules.put_in_force(made.id, version=made.version, by=actor)
    work(app, MONDAY)
    return made


def stop(app: Any, *found: Rule) -> None:
    """Let a rule for all clients act no more, so that other tests are alone."""
    with world.as_staff(app) as by:
        for each in found:
            rules.pause(each.id, version=db.session.get_one(Rule, each.id).version, by=by)


def runs(app: Any, rule: Rule) -> list[Run]:
    with world.as_staff(app):
        return list(db.session.scalars(sa.select(Run).where(Run.rule_id == rule.id).order_by(Run.at, Run.id)))


def said(run: Run) -> list[str]:
    """The lines of a trace in words."""
    return [f"{line['label']}: {line['text']}" for line in run.trace[1:]]


def tags(app: Any, ticket: Any) -> list[str]:
    with world.as_staff(app) as by:
        return tickets.tags(tickets.visible_ticket(ticket.id, by=by))
