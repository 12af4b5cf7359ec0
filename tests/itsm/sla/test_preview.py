"""What an edit would move: counted before, the same when it is done, whether at once or by jobs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from agent_console import feed
from msp.core import clock
from msp.core.db import db
from msp.core.errors import NotFound
from msp.core.outbox import worker
from msp.core.outbox.models import Outbox
from msp.itsm.sla import library, queries
from msp.itsm.sla.models import Clock, Definition, Escalation, Fact, Rollout
from msp.itsm.sla.services import definitions, preview, rollouts
from msp.itsm.tickets import retargeted
from msp.itsm.tickets.models import TimelineEntry
from msp.itsm.tickets.services import conversation, moves, opening, reprioritise, triage
from tests.support import world

MONDAY = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)  # London keeps UTC in winter; the calendar is Mon-Fri 09:00-17:00
LATER = MONDAY + timedelta(hours=3)


@pytest.fixture
def tickets(console_app: Any, acme: Any) -> dict[str, Any]:
    """P3 tickets (response 4 h, resolution 24 h): one untouched, one paused, one resolved; and a P1."""
    requester, (_, agent) = acme.actor(), world.agent(console_app, "lead")
    made = {}
    for name, impact in (("plain", 2), ("paused", 2), ("resolved", 2), ("urgent", 1)):
        with clock.at(MONDAY), world.acting(console_app, requester):
            made[name] = opening.open_ticket(acme.id, name, impact=impact, urgency=min(impact, 2), by=requester)
    with clock.at(MONDAY + timedelta(hours=1)), world.acting(console_app, agent):
        for name in ("paused", "resolved"):
            conversation.reply(made[name].id, "Hello", by=agent)
        moves.move(made["paused"].id, "waiting_for_client", reason="Asked", by=agent)
        moves.move(made["resolved"].id, "resolved", by=agent)
    return made


def default_policy(tenant_id: Any) -> tuple[Definition, dict[str, Any]]:
    """The client's default policy and a copy of its content to change."""
    found = db.session.scalars(
        sa.select(Definition).where(Definition.tenant_id == tenant_id, Definition.kind == "policy", Definition.is_default)
    ).one()
    content = library.last_version(found).content
    return found, {**content, "targets": {priority: dict(row) for priority, row in content["targets"].items()}}


def with_target(content: dict[str, Any], priority: str, kind: str, minutes: int | None) -> dict[str, Any]:
    calendar_id = content["targets"]["P3"]["resolution"]["calendar_id"]
    if minutes is None:
        del content["targets"][priority][kind]
    else:
        content["targets"][priority][kind] = {"minutes": minutes, "calendar_id": calendar_id}
    return content


def effect_of(tenant_id: Any, content: dict[str, Any], by: Any) -> preview.Effect:
    found, _ = default_policy(tenant_id)
    return preview.of_content(tenant_id, "policy", content, by=by, definition_id=found.id, name=found.name)


def test_a_longer_target_moves_what_runs_and_leaves_what_stopped(console_app: Any, acme: Any, tickets: Any) -> None:
    with clock.at(LATER), world.as_staff(console_app) as by:
        _, content = default_policy(acme.id)
        effect = effect_of(acme.id, with_target(content, "P3", "resolution", 32 * 60), by)
        assert {move.subject_id for move in effect.moves} == {tickets["plain"].id, tickets["paused"].id}
        assert effect.open_count == 3, "a resolved ticket is not open"
        assert (len(effect.towards("later")), len(effect.breaches), effect.unmoved) == (2, 0, 1)
        plain = next(move for move in effect.moves if move.subject_id == tickets["plain"].id)
        assert plain.was.due_at == MONDAY.replace(day=3) + timedelta(hours=8)
        assert plain.becomes.due_at == MONDAY.replace(day=4) + timedelta(hours=8)
        paused = next(move for move in effect.moves if move.subject_id == tickets["paused"].id)
        assert (paused.was.due_at, paused.becomes.due_at, paused.shift_seconds) == (None, None, 8 * 3600)


def test_a_shorter_target_breaches_at_once(console_app: Any, acme: Any, tickets: Any) -> None:
    with clock.at(LATER), world.as_staff(console_app) as by:
        _, content = default_policy(acme.id)
        effect = effect_of(acme.id, with_target(content, "P3", "response", 60), by)
        assert [move.subject_id for move in effect.breaches] == [tickets["plain"].id]
        assert effect.breaches[0].direction == "earlier"
        assert effect.breaches[0].becomes.due_at == MONDAY + timedelta(hours=1)
        assert effect.breaches[0].becomes.breached_at == LATER, "not earlier than the change that brings it"


def test_a_target_that_comes_or_goes(console_app: Any, acme: Any, tickets: Any) -> None:
    with clock.at(LATER), world.as_staff(console_app) as by:
        _, content = default_policy(acme.id)
        gained = effect_of(acme.id, with_target(content, "P3", "update", 120), by)
        assert {move.subject_id for move in gained.towards("earlier")} >= {tickets["plain"].id}
        assert gained.towards("earlier")[0].shift_seconds is None
        _, content = default_policy(acme.id)
        lost = effect_of(acme.id, with_target(content, "P3", "resolution", None), by)
        assert {move.subject_id for move in lost.towards("later")} == {tickets["plain"].id, tickets["paused"].id}


def test_other_hours_move_by_the_wall_clock(console_app: Any, acme: Any, tickets: Any) -> None:
    with clock.at(LATER), world.as_staff(console_app) as by:
        calendar_id = library.calendar_ids(acme.id)["Business hours"]
        hours = {day: [["09:00", "21:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
        content = {"tz": "Europe/London", "hours": hours}
        effect = preview.of_content(acme.id, "calendar", content, by=by, definition_id=calendar_id, name="Business hours")
        plain = next(move for move in effect.moves if move.subject_id == tickets["plain"].id)
        assert plain.becomes.due_at == datetime(2027, 3, 2, 21, tzinfo=UTC)
        assert plain.shift_seconds == int((plain.becomes.due_at - plain.was.due_at).total_seconds())


def test_a_preview_changes_nothing_and_asks_few_questions(console_app: Any, acme: Any, tickets: Any) -> None:
    from tests.support.statements import counted

    with clock.at(LATER), world.as_staff(console_app) as by:
        _, content = default_policy(acme.id)
        content = with_target(content, "P3", "resolution", 32 * 60)
        before = db.session.execute(sa.select(sa.func.count(), sa.func.max(Clock.computed_at)).where(Clock.tenant_id == acme.id)).one()
        with counted(console_app) as statements:
            effect_of(acme.id, content, by)
        assert len(statements) <= 6
        assert not any(statement.startswith(("INSERT", "UPDATE")) for statement in statements)
        after = db.session.execute(sa.select(sa.func.count(), sa.func.max(Clock.computed_at)).where(Clock.tenant_id == acme.id)).one()
        assert before == after


def test_moving_does_what_the_preview_said(console_app: Any, acme: Any, tickets: Any) -> None:
    with clock.at(LATER), world.as_staff(console_app) as by:
        found, content = default_policy(acme.id)
        content = with_target(content, "P3", "resolution", 32 * 60)
        said = {(move.subject_id, move.after.kind): move.becomes.due_at for move in effect_of(acme.id, content, by).moves}
        version = definitions.add_version(found.id, content, version=found.version, effective_at=clock.now(), by=by)
        rollout = rollouts.begin(version, moves_open=True, by=by)
        stored = {(row.subject_id, row.kind): row.due_at for row in queries.clocks(acme.id, [t.id for t in tickets.values()])}
        assert {key: stored[key] for key in said} == said
        assert (rollout.total, rollout.moved, rollout.finished_at) == (3, 3, LATER), "the P1 comes under the new version too"
        kept = sa.select(TimelineEntry).where(TimelineEntry.tenant_id == acme.id, TimelineEntry.kind == "retargeted")
        told = db.session.scalars(kept).all()
        words = {entry.ticket_id: (entry.is_internal, retargeted.staff_words(entry, UTC)) for entry in told}
        by_whom = f"policy {found.name}, version of 1 Mar, by test"
        assert words == {
            tickets["plain"].id: (False, f"Resolution target moved from Wed 17:00 to Thu 17:00: {by_whom}"),
            tickets["paused"].id: (False, f"Resolution target changed from 24 h to 32 h: {by_whom}"),
        }, "the P1 came under the new version, but is due when it was"
        [plain] = [entry for entry in told if entry.ticket_id == tickets["plain"].id]
        assert retargeted.client_words(plain, "incident", UTC) == (
            "We now promise a fix by Thu 17:00 instead of Wed 17:00: your agreement changed"
        )
        moved = db.session.scalars(sa.select(Fact).where(Fact.tenant_id == acme.id, Fact.kind == "redefined")).all()
        assert {fact.subject_id for fact in moved} == {tickets[name].id for name in ("plain", "paused", "urgent")}
        assert {(fact.actor_name, fact.occurred_at) for fact in moved} == {("test", LATER)}
        assert preview.of_versions(acme.id, LATER, by=by).affected == (), "nothing is left to move"


def test_leaving_open_tickets_moves_none_of_them(console_app: Any, acme: Any, tickets: Any) -> None:
    requester = acme.actor()
    with clock.at(LATER), world.as_staff(console_app) as by:
        found, content = default_policy(acme.id)
        version = definitions.add_version(
            found.id, with_target(content, "P3", "resolution", 60), version=found.version, effective_at=LATER, by=by
        )
        rollout = rollouts.begin(version, moves_open=False, by=by)
        assert (rollout.is_moving, rollout.finished_at) == (False, LATER)
    with clock.at(LATER + timedelta(minutes=1)), world.acting(console_app, requester):
        young = opening.open_ticket(acme.id, "Young", by=requester)
    with clock.at(LATER + timedelta(minutes=2)), world.as_staff(console_app):
        old = queries.read(acme.id, tickets["plain"].id, "resolution", now=clock.now())
        new = queries.read(acme.id, young.id, "resolution", now=clock.now())
        assert [read.current.policy.version for read in (old, new) if read.current and read.current.policy] == [1, 2]
        assert new.due_at == LATER + timedelta(hours=1, minutes=1)


def work_off(app: Any, company: Any, kind: str) -> list[str]:
    """Do what waits in the outbox for one client, as a worker would."""
    with world.as_staff(app):
        waiting = (
            sa.select(Outbox.id).where(Outbox.kind == kind, Outbox.tenant_ids == [company.id], Outbox.done_at.is_(None)).order_by(Outbox.id)
        )
        ids = list(db.session.scalars(waiting))
    with app.app_context():
        return [worker.do(id) for id in ids]


def test_a_version_that_begins_later_moves_what_is_open_then(console_app: Any, acme: Any, tickets: Any) -> None:
    begins = MONDAY + timedelta(days=2)
    with clock.at(LATER), world.as_staff(console_app) as by:
        found, content = default_policy(acme.id)
        version = definitions.add_version(
            found.id,
            with_target(content, "P3", "resolution", 40 * 60),
            version=found.version,
            effective_at=begins,
            by=by,
        )
        rollouts.begin(version, moves_open=True, by=by)
        asked = sa.select(Outbox.run_after).where(Outbox.kind == rollouts.PLAN, Outbox.tenant_ids == [acme.id])
        assert db.session.scalar(asked) == begins
    _, agent = world.agent(console_app, "lead")
    with clock.at(LATER + timedelta(hours=1)), world.acting(console_app, agent):
        moves.move(tickets["paused"].id, "resolved", by=agent)
    with clock.at(begins + timedelta(minutes=20)):
        assert work_off(console_app, acme, rollouts.PLAN) == ["done"], "a worker that comes late"
    with clock.at(begins + timedelta(hours=1)), world.as_staff(console_app):
        reading = queries.read(acme.id, tickets["plain"].id, "resolution", now=clock.now())
        assert reading.due_at == MONDAY.replace(day=5) + timedelta(hours=8)
        fact = db.session.scalars(sa.select(Fact).where(Fact.subject_id == tickets["plain"].id, Fact.kind == "redefined")).one()
        assert fact.occurred_at == begins, "it dates from the instant at which the version begins"
        ended = sa.select(sa.func.count()).where(Fact.subject_id == tickets["paused"].id, Fact.kind == "redefined")
        assert db.session.scalar(ended) == 0


def test_many_are_moved_by_jobs_with_their_progress(console_app: Any, acme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollouts, "AT_ONCE", 2)
    monkeypatch.setattr(rollouts, "_CHUNK", 2)
    requester = acme.actor()
    with clock.at(MONDAY), world.acting(console_app, requester):
        for number in range(5):
            opening.open_ticket(acme.id, f"Ticket {number}", by=requester)
    with clock.at(LATER), world.as_staff(console_app) as by:
        found, content = default_policy(acme.id)
        version = definitions.add_version(
            found.id,
            with_target(content, "P3", "resolution", 32 * 60),
            version=found.version,
            effective_at=LATER,
            by=by,
        )
        rollout = rollouts.begin(version, moves_open=True, by=by)
        assert (rollout.total, rollout.moved, rollout.finished_at) == (5, 0, None)
    with clock.at(LATER + timedelta(minutes=10)):
        assert work_off(console_app, acme, rollouts.MOVE) == ["done"] * 3
    with world.as_staff(console_app) as by:
        done = db.session.scalars(sa.select(Rollout).where(Rollout.version_id == version.id)).one()
        assert (done.moved, done.finished_at) == (5, LATER + timedelta(minutes=10))
        told = sa.select(TimelineEntry.ticket_id).where(TimelineEntry.tenant_id == acme.id, TimelineEntry.kind == "retargeted")
        told_of = db.session.scalars(told).all()
        assert len(told_of) == len(set(told_of)) == 5, "each ticket once, whichever job moved it"
        with clock.at(LATER + timedelta(minutes=10)):
            assert preview.of_versions(acme.id, LATER, by=by).affected == ()


def test_steps_follow_the_policy_that_a_ticket_is_moved_to(console_app: Any, acme: Any, tickets: Any) -> None:
    with clock.at(LATER), world.as_staff(console_app) as by:
        found, content = default_policy(acme.id)
        content["steps"] = {"resolution": [{"percent": 50, "actions": [{"kind": "note", "to": "Half is gone"}]}, {"percent": 90}]}
        version = definitions.add_version(found.id, content, version=found.version, effective_at=LATER, by=by)
        rollouts.begin(version, moves_open=True, by=by)
        clock_row = next(row for row in queries.clocks(acme.id, [tickets["plain"].id]) if row.kind == "resolution")
        steps = {row.step: row for row in db.session.scalars(sa.select(Escalation).where(Escalation.clock_id == clock_row.id))}
        assert steps["50"].fire_at == MONDAY.replace(day=2) + timedelta(hours=4)
        assert (steps["75"].state, steps["75"].fire_at) == ("armed", None), "the new version has no such step"
        assert steps["90"].actions == [], "nobody is told any more"


def test_another_clients_definitions_cannot_be_tried(console_app: Any, acme: Any, birch: Any) -> None:
    _, limited = world.agent(console_app, "account_manager", clients=[birch.id])
    with world.acting(console_app, limited), pytest.raises(NotFound):
        preview.of_content(acme.id, "calendar", {"tz": "UTC", "hours": {"mon": [["09:00", "10:00"]]}}, by=limited)


def test_another_matrix_moves_by_priority(console_app: Any, acme: Any, tickets: Any) -> None:
    _, lead = world.agent(console_app, "lead")
    with clock.at(LATER), world.acting(console_app, lead):
        triage.classify(tickets["urgent"].id, {"priority": 2}, by=lead)
    with clock.at(LATER), world.as_staff(console_app) as by:
        found = db.session.scalars(sa.select(Definition).where(Definition.tenant_id == acme.id, Definition.kind == "matrix")).one()
        cells = {impact: dict.fromkeys("123", 1) for impact in "123"}
        effect = reprioritise.of_matrix(acme.id, {"cells": cells}, by=by)
        assert {move.subject_id for move in effect.moves} == {tickets["plain"].id, tickets["paused"].id}, "set by hand stays"
        assert {move.becomes.priority for move in effect.moves} == {"P1"}
        version = definitions.add_version(found.id, {"cells": cells}, version=found.version, effective_at=LATER, by=by)
        reprioritise.begin(version, moves_open=True, by=by)
    with clock.at(LATER + timedelta(seconds=5)):
        assert work_off(console_app, acme, reprioritise.PLAN) == ["done"]
        assert work_off(console_app, acme, reprioritise.MOVE) == ["done"]
    with world.as_staff(console_app):
        row = next(row for row in queries.clocks(acme.id, [tickets["plain"].id]) if row.kind == "resolution")
        assert (row.priority, row.due_at) == ("P1", MONDAY + timedelta(hours=4))
        mine = sa.select(TimelineEntry).where(TimelineEntry.ticket_id == tickets["plain"].id).order_by(TimelineEntry.at, TimelineEntry.id)
        [classified, moved] = [entry for entry in db.session.scalars(mine) if entry.kind in ("classified", "retargeted")]
        assert (classified.data["changes"], classified.data["matrix"]) == ({"priority": [3, 1]}, LATER.isoformat())
        assert [told.text for told in feed.feed([], [classified], [], me=None, read_at=None, tz=UTC, is_whole=True).items] == [
            "<b>test</b> changed priority from P3 to P1: priority matrix, version of 1 Mar"
        ]
        assert retargeted.staff_words(moved, UTC) == (
            "Response target moved from Mon 13:00 to Mon 09:30; resolution target moved from Wed 17:00 to Mon 13:00: "
            "priority matrix, version of 1 Mar, by test"
        )
        rollout = db.session.scalars(sa.select(Rollout).where(Rollout.version_id == version.id)).one()
        assert (rollout.total, rollout.moved) == (2, 2)
        assert rollout.finished_at is not None
