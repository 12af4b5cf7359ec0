"""Bulk runs that are stopped before they are finished, and what is forgotten of them in time."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from msp.core import clock, cron
from msp.core.db import db
from msp.core.errors import Forbidden
from msp.core.outbox.models import Outbox
from msp.itsm.tickets import jobs
from msp.itsm.tickets.models import BulkItem, BulkRun
from msp.itsm.tickets.services import bulk
from tests.agent_console.conftest import TEN, Desk
from tests.agent_console.test_bulk import chosen, plain
from tests.agent_console.test_bulk_runs import begun, five, items, jobs_first, jobs_of, many_is_few, owned, run_at, work
from tests.core.test_outbox import do
from tests.support import world

__all__ = ["five", "many_is_few"]  # fixtures


def first_job(desk: Desk, run_id: UUID) -> None:
    with clock.at(TEN):
        assert do(desk.app, jobs_of(desk.app, run_id)[0].id) == "done"


def test_a_run_is_stopped_between_two_jobs(desk: Desk, five: list[Any]) -> None:
    run_id = begun(desk, act="mine")
    first_job(desk, run_id)
    page = desk.get(f"/queue/bulk/{run_id}").text
    assert f'action="/queue/bulk/{run_id}/stop"' in page
    assert "What is done stays and can be undone" in page
    stopped = desk.post(f"/queue/bulk/{run_id}/stop")
    assert (stopped.status_code, stopped.headers["Location"]) == (303, f"/queue/bulk/{run_id}")
    page = desk.get(f"/queue/bulk/{run_id}").text
    assert "Stopped: 2 of 5 tickets changed, 3 left as they were." in page
    assert page.count("It was stopped before this one&#39;s turn.") == 3
    assert "hx-trigger" not in page
    assert "/stop" not in page
    assert ">stopped<" in desk.get("/queue/bulk").text
    assert work(desk.app, run_id) == ["done", "done"], "the jobs that were asked for find nothing to do"
    assert [name for name in owned(desk, five) if name] == [desk.actor.name] * 2
    assert sorted(desk.ticket(ticket).version for ticket in five) == [1, 1, 1, 2, 2]
    assert sorted(desk.told(ticket).count("assigned") for ticket in five) == [0, 0, 0, 1, 1]


def test_a_run_is_stopped_in_the_middle_of_a_job(desk: Desk, five: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_CHUNK", 3)
    run_id = begun(desk, act="mine")
    done, seen = bulk._do, []

    def stop() -> None:
        seen.append(desk.post(f"/queue/bulk/{run_id}/stop").status_code)
        seen.append(plain(desk.get(f"/queue/bulk/{run_id}")))

    def do_and_stop(*args: Any, **named: Any) -> Any:
        made = done(*args, **named)
        if not seen:  # another transaction, while the job's has its three tickets locked
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(stop).result(30)
        return made

    monkeypatch.setattr(bulk, "_do", do_and_stop)
    first_job(desk, run_id)
    assert seen[0] == 303
    assert "Stopping: 3 of 5 tickets are being worked at this moment; some of them may still change." in seen[1]
    assert "Stopped: 1 of 5 tickets changed, 4 left as they were." in plain(desk.get(f"/queue/bulk/{run_id}"))
    assert sorted(items(desk.app, run_id).values()) == ["done"] + ["skipped"] * 4
    work(desk.app, run_id)
    assert [name for name in owned(desk, five) if name] == [desk.actor.name]


def test_what_was_done_before_the_stop_can_be_undone(desk: Desk, five: list[Any]) -> None:
    run_id = begun(desk, act="priority", priority="1")
    first_job(desk, run_id)
    early = desk.post(f"/queue/bulk/{run_id}/undo")
    assert (early.status_code, "It can be undone once it is finished." in plain(early)) == (409, True)
    desk.post(f"/queue/bulk/{run_id}/stop")
    assert sorted(desk.ticket(ticket).priority for ticket in five) == [1, 1, 3, 3, 3]
    assert f'action="/queue/bulk/{run_id}/undo"' in desk.get(f"/queue/bulk/{run_id}").text
    undone = desk.post(f"/queue/bulk/{run_id}/undo")
    assert undone.headers["Location"].startswith("/queue?"), "two are done at once"
    assert [desk.ticket(ticket).priority for ticket in five] == [3] * 5
    assert "2 tickets put back." in plain(desk.get("/queue"))


def test_an_undoing_is_stopped_as_well(desk: Desk, five: list[Any]) -> None:
    run_id = begun(desk, act="priority", priority="1")
    work(desk.app, run_id)
    undoing = run_at(desk.post(f"/queue/bulk/{run_id}/undo"))
    first_job(desk, undoing)
    assert "cannot be put back at once any more" in desk.get(f"/queue/bulk/{undoing}").text
    assert desk.post(f"/queue/bulk/{undoing}/stop").status_code == 303
    assert "Stopped: 2 of 5 tickets put back, 3 left as they were." in plain(desk.get(f"/queue/bulk/{undoing}"))
    work(desk.app, undoing)
    assert sorted(desk.ticket(ticket).priority for ticket in five) == [1, 1, 1, 3, 3]


def test_work_that_gave_up_is_stopped_and_not_taken_up_again(desk: Desk, five: list[Any]) -> None:
    run_id = begun(desk, act="mine")
    with world.as_staff(desk.app):
        jobs_first(run_id).parked_at = TEN
    assert desk.post(f"/queue/bulk/{run_id}/stop").status_code == 303
    page = plain(desk.get(f"/queue/bulk/{run_id}"))
    assert "Stopped: 0 of 5 tickets changed, 5 left as they were." in page
    assert "Nothing was changed." in page
    with world.as_staff(desk.app):
        jobs_first(run_id).parked_at = None
    work(desk.app, run_id)
    assert owned(desk, five) == [None] * 5


def test_a_stop_that_comes_too_late_or_twice_is_told(desk: Desk, five: list[Any]) -> None:
    run_id = begun(desk, act="mine")
    work(desk.app, run_id)
    late = desk.post(f"/queue/bulk/{run_id}/stop")
    assert (late.status_code, "This is finished; there is nothing left to stop." in plain(late)) == (409, True)
    assert "Done, for all 5 tickets." in plain(late)
    again = begun(desk, act="priority", priority="1")
    assert [desk.post(f"/queue/bulk/{again}/stop").status_code for _ in range(2)] == [303, 409]
    assert "This has been stopped already." in plain(desk.post(f"/queue/bulk/{again}/stop"))
    assert desk.post(f"/queue/bulk/{uuid4()}/stop").status_code == 404
    assert desk.post("/queue/bulk/nonsense/stop").status_code == 404


def test_nobody_else_stops_a_run(sit: Any, desk: Desk, acme: Any, five: list[Any]) -> None:
    run_id = begun(desk, act="mine")
    for other in (sit(roles=("lead",)), sit(acme), sit(roles=("admin",))):
        assert other.post(f"/queue/bulk/{run_id}/stop").status_code == 404, "it is somebody else's"
    with world.as_staff(desk.app):
        assert db.session.get_one(BulkRun, run_id).stopped_at is None
    work(desk.app, run_id)
    assert owned(desk, five) == [desk.actor.name] * 5


def test_the_right_to_read_is_asked_for(desk: Desk, five: list[Any]) -> None:
    run_id = begun(desk, act="mine")
    with world.acting(desk.app, desk.actor), pytest.raises(Forbidden):
        bulk.stop(run_id, by=replace(desk.actor, permissions=frozenset()))
    assert set(items(desk.app, run_id).values()) == {"waiting"}


def kept(app: Any, *ids: UUID) -> list[bool]:
    with world.as_staff(app):
        runs = set(db.session.scalars(sa.select(BulkRun.id).where(BulkRun.id.in_(ids))))
        owning = set(db.session.scalars(sa.select(BulkItem.run_id).where(BulkItem.run_id.in_(ids)).distinct()))
    assert runs == owning
    return [id in runs for id in ids]


def forget(app: Any, days: float) -> None:
    """Let the schedule ask on that day, and a worker do what is asked until nobody asks any more."""
    with app.app_context(), clock.at(TEN + timedelta(days=days)):
        [found] = [item for item in cron.schedules() if item.name == jobs.FORGET_BULK]
        assert found.every == timedelta(days=1)
        found.work()
    while ids := asked_for(app):
        with clock.at(TEN + timedelta(days=days)):
            assert [do(app, id) for id in ids] == ["done"] * len(ids)


def asked_for(app: Any) -> list[UUID]:
    with world.as_staff(app):
        found = sa.select(Outbox.id).where(Outbox.kind == jobs.FORGET_BULK, Outbox.done_at.is_(None))
        return list(db.session.scalars(found))


def test_finished_runs_are_forgotten_after_ninety_days(desk: Desk, five: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk.forget, "__kwdefaults__", {"batch": 1})
    done = begun(desk, act="mine")
    work(desk.app, done)
    undoing = run_at(desk.post(f"/queue/bulk/{done}/undo"))
    work(desk.app, undoing)
    waiting = begun(desk, act="priority", priority="1")
    young = desk.post("/queue/bulk", act="tag", tags_add="new", ticket_id=chosen(five), at=TEN + timedelta(days=5))
    ids = (done, undoing, waiting, run_at(young))
    assert work(desk.app, ids[3], at=TEN + timedelta(days=5)) == ["done"] * 3
    forget(desk.app, 89.9)
    assert kept(desk.app, *ids) == [True, True, True, True]
    forget(desk.app, 90.1)
    assert kept(desk.app, *ids) == [False, False, True, True], "what still waits is nobody's to forget, nor what is younger"
    assert desk.get(f"/queue/bulk/{done}").status_code == 404
    assert desk.ticket(five[0]).subject == "Number 0", "tickets stay"
    desk.post(f"/queue/bulk/{waiting}/stop")
    forget(desk.app, 95.1)
    assert kept(desk.app, *ids) == [False] * 4
