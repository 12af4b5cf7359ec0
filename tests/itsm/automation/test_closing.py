"""The shipped rules that close what is resolved: tickets of long before, after a change, a pause, a second resolving."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from msp.core.db import db
from msp.core.outbox.models import Outbox
from msp.itsm.automation import queries, shipped
from msp.itsm.automation.models import Rule
from msp.itsm.automation.services import rules, timers
from msp.itsm.macros import services as macros
from msp.itsm.tickets.models import Message
from msp.itsm.tickets.services import conversation, moves
from tests.itsm.automation.making import MONDAY, after, rule, runs, tag, tags
from tests.itsm.sla.passing import at, fresh, incident, work
from tests.support import world

DAY = timedelta(days=1)
KEYS = ("close-warning", "close", "close-not")


def started(app: Any, company: Any, keys: tuple[str, ...] = KEYS) -> dict[str, Rule]:
    """The shipped rules in force for one company, with a canned reply chosen."""
    with world.as_staff(app) as by:
        macro = macros.add_macro(world.unique("Closes "), "We close this soon.", by=by)
    made = {}
    for key in keys:
        content = shipped.STARTS[key].content
        actions = [{**each, "macro": str(macro.id)} if each["kind"] == "reply" else each for each in content["actions"]]
        given = {name: value for name, value in content.items() if name not in ("trigger", "actions")}
        made[key] = rule(app, content["trigger"], *actions, company=company, **given)
    return made


def resolve(app: Any, ticket: Any, when: datetime) -> None:
    _, agent = world.agent(app)
    with at(app, when, agent):
        conversation.reply(ticket.id, "Done.", by=agent, then="resolved")


def resolved(app: Any, company: Any, when: datetime) -> Any:
    ticket = incident(app, company, when)
    resolve(app, ticket, when)
    return ticket


def pass_days(app: Any, since: datetime, days: int) -> None:
    for hours in range(1, days * 24 + 1, 6):
        work(app, since + timedelta(hours=hours))


def change(app: Any, which: Rule, what: str, when: datetime) -> None:
    with at(app, when, world.system()) as by:
        getattr(rules, what)(which.id, version=db.session.get_one(Rule, which.id).version, by=by)


def warnings(app: Any, ticket: Any) -> int:
    with world.as_staff(app):
        statement = sa.select(sa.func.count()).where(Message.ticket_id == ticket.id, Message.body.contains("We close this soon."))
        return db.session.scalar(statement) or 0


@pytest.mark.parametrize("days", [1, 3, 90])
def test_what_was_resolved_before_the_rules_began_is_warned_and_then_closed(console_app: Any, acme: Any, days: int) -> None:
    ticket = resolved(console_app, acme, MONDAY - days * DAY)
    started(console_app, acme)
    pass_days(console_app, MONDAY, 2)
    is_new = days == 1
    assert (fresh(console_app, ticket).status, warnings(console_app, ticket)) == ("resolved", 0 if is_new else 1)
    pass_days(console_app, MONDAY + 2 * DAY, 2 + 2 * is_new)
    assert (fresh(console_app, ticket).status, warnings(console_app, ticket)) == ("closed", 1)


@pytest.mark.parametrize("how", ["edit", "resume"])
def test_an_edit_and_a_pause_drop_no_ticket(console_app: Any, acme: Any, how: str) -> None:
    made = started(console_app, acme)
    ticket = resolved(console_app, acme, MONDAY)
    work(console_app, MONDAY + timedelta(hours=1))
    if how == "resume":
        for each in made.values():
            change(console_app, each, "pause", MONDAY + DAY)
    pass_days(console_app, MONDAY + DAY, 5)
    later = MONDAY + 7 * DAY
    for each in made.values():
        if how == "edit":
            with at(console_app, later, world.system()) as by:
                stored = db.session.get_one(Rule, each.id)
                content = {**queries.versions_in_force([each.id])[each.id].content, "brake": 50}
                rules.change_draft(each.id, version=stored.version, content=content, by=by)
            change(console_app, each, "put_in_force", later)
        else:
            change(console_app, each, "resume", later)
    pass_days(console_app, later, 6)
    assert (fresh(console_app, ticket).status, warnings(console_app, ticket)) == ("closed", 1)


def test_who_was_warned_once_is_warned_again_after_a_reopening(console_app: Any, acme: Any) -> None:
    started(console_app, acme)
    ticket = resolved(console_app, acme, MONDAY)
    pass_days(console_app, MONDAY, 5)
    assert tags(console_app, ticket) == ["closing"]
    requester = acme.actor()
    with at(console_app, MONDAY + 5 * DAY, requester):
        moves.move(ticket.id, "open", reason="It is back.", by=requester)
    work(console_app, MONDAY + 5 * DAY)
    assert (fresh(console_app, ticket).status, tags(console_app, ticket)) == ("open", [])
    resolve(console_app, ticket, MONDAY + 6 * DAY)
    pass_days(console_app, MONDAY + 6 * DAY, 5)
    assert (fresh(console_app, ticket).status, warnings(console_app, ticket)) == ("resolved", 2)
    pass_days(console_app, MONDAY + 11 * DAY, 2)
    assert fresh(console_app, ticket).status == "closed"


def test_working_time_repeats_in_step_for_a_ticket_of_before(console_app: Any, acme: Any) -> None:
    ticket = incident(console_app, acme, MONDAY + timedelta(minutes=10))  # 100 minutes each: due 10:50, 12:30, 14:10, ...
    work(console_app, MONDAY + timedelta(hours=1))
    made = rule(console_app, after(100, "move", repeats=True), tag("slow"), company=acme)
    with at(console_app, MONDAY + timedelta(hours=4), world.system()) as by:
        for what in ("pause", "resume"):
            getattr(rules, what)(made.id, version=db.session.get_one(Rule, made.id).version, by=by)
    work(console_app, MONDAY + timedelta(hours=4))
    work(console_app, MONDAY + timedelta(hours=5, minutes=9))
    before = len(runs(console_app, made))
    work(console_app, MONDAY + timedelta(hours=5, minutes=10))
    assert len(runs(console_app, made)) == before + 1
    assert tags(console_app, ticket) == ["slow"]


def test_a_rule_that_sleeps_and_wakes_has_one_timer_for_a_stretch(console_app: Any, acme: Any) -> None:
    made = rule(console_app, after(60, "move", calendar="always", repeats=True), tag("slow"), company=acme)
    ticket = incident(console_app, acme, MONDAY)
    for minutes in (1, 2, 3):
        work(console_app, MONDAY + timedelta(minutes=minutes))
        change(console_app, made, "pause", MONDAY + timedelta(minutes=minutes))
        change(console_app, made, "resume", MONDAY + timedelta(minutes=minutes))
    work(console_app, MONDAY + timedelta(hours=2, minutes=5))
    with world.as_staff(console_app):
        mine = sa.and_(Outbox.kind == timers.TIMER, Outbox.done_at.is_(None), Outbox.args["ticket_id"].astext == str(ticket.id))
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Outbox).where(mine)) == 1
