"""Bulk runs: many tickets worked by jobs, how far they are, what was skipped, and their undoing."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa

from msp.core import clock
from msp.core.db import db
from msp.core.outbox import worker
from msp.core.outbox.models import Outbox
from msp.itsm.tickets import listing, queries
from msp.itsm.tickets.models import BulkItem, BulkRun, Ticket
from msp.itsm.tickets.services import bulk, moves, triage
from tenants.models import Agent
from tests.agent_console.conftest import TEN, Desk
from tests.agent_console.test_bulk import chosen, plain
from tests.conftest import SECRET
from tests.support import world
from tests.support.statements import counted

ALL = "is:open sort:due"


@pytest.fixture(autouse=True)
def many_is_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tickets are done at once, more by jobs of two."""
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(bulk, "_CHUNK", 2)


@pytest.fixture
def five(acme: Any, opened: Any) -> list[Any]:
    return [opened(acme, f"Number {number}") for number in range(5)]


def run_at(answer: Any) -> UUID:
    """The run whose page an act leads to."""
    found = re.fullmatch(r"/queue/bulk/([0-9a-f-]{36})", answer.headers["Location"])
    assert found, answer.headers["Location"]
    return UUID(found.group(1))


def jobs_of(app: Any, run_id: UUID) -> list[Outbox]:
    with world.as_staff(app):
        statement = sa.select(Outbox).where(Outbox.kind == bulk.WORK, Outbox.args["run_id"].astext == str(run_id))
        return list(db.session.scalars(statement.order_by(Outbox.id)))


def work(app: Any, run_id: UUID, at: datetime = TEN) -> list[str]:
    """Let a worker do what the run still asks for."""
    with app.app_context(), clock.at(at):
        return [worker.do(job.id) for job in jobs_of(app, run_id) if job.done_at is None]


def begun(desk: Desk, **fields: Any) -> UUID:
    answer = desk.post("/queue/bulk", matching="1", q=ALL, **fields)
    assert answer.status_code == 303
    return run_at(answer)


def owned(desk: Desk, tickets: list[Any]) -> list[str | None]:
    return [desk.ticket(ticket).assignee_name for ticket in tickets]


def items(app: Any, run_id: UUID) -> dict[UUID, str]:
    with world.as_staff(app):
        return {item.ticket_id: item.state for item in db.session.scalars(sa.select(BulkItem).where(BulkItem.run_id == run_id))}


def test_all_that_match_are_worked_by_jobs_under_the_agents_name(desk: Desk, five: list[Any], servers: Any) -> None:
    run_id = begun(desk, act="mine")
    assert owned(desk, five) == [None] * 5, "nothing happens in the request"
    page = desk.get(f"/queue/bulk/{run_id}").text
    assert "0 of 5 tickets are worked" in page
    assert f'hx-get="/queue/bulk/{run_id}"' in page
    assert f'href="/queue/bulk/{run_id}"' in page, "a link refreshes it without a script"
    jobs = jobs_of(desk.app, run_id)
    assert [(job.queue, len(job.tenant_ids)) for job in jobs] == [("bulk", 1)] * 3
    with desk.app.app_context(), clock.at(TEN):
        assert worker.do(jobs[0].id) == "done"
    part = desk.get(f"/queue/bulk/{run_id}", **{"HX-Target": "div#bulk-run", "HX-Request": "true"}).text
    assert "2 of 5 tickets are worked" in part
    assert "<html" not in part
    assert "hx-trigger" in part
    assert "bulk.undo" not in part
    assert "/undo" not in part, "it is not finished"
    assert work(desk.app, run_id) == ["done", "done"]
    assert owned(desk, five) == [desk.actor.name] * 5
    assert all(desk.told(ticket).count("assigned") == 1 for ticket in five)
    with world.acting(desk.app, desk.actor):
        entry = queries.timeline(five[0], by=desk.actor)[-1]
    assert (entry.actor_kind, entry.actor_id, entry.actor_name) == ("agent", desk.actor.id, desk.actor.name)
    with psycopg.connect(servers.url("msp_owner")) as owner:
        names = owner.execute(
            "SELECT actor_name, actor_kind, actor_id FROM audit_entry WHERE subject_id = %s AND action = 'changed'", (five[0].id,)
        ).fetchall()
    assert set(names) == {(desk.actor.name, "agent", desk.actor.id)}
    done = desk.get(f"/queue/bulk/{run_id}").text
    assert "Done, for all 5 tickets." in plain(desk.get(f"/queue/bulk/{run_id}"))
    assert f'action="/queue/bulk/{run_id}/undo"' in done
    assert "hx-trigger" not in done
    assert "Assign to" in desk.get("/queue/bulk").text


def test_what_refuses_is_skipped_and_named(desk: Desk, five: list[Any]) -> None:
    run_id = begun(desk, act="status", status="resolved")
    with clock.at(TEN), world.acting(desk.app, desk.actor):
        moves.move(five[1].id, "cancelled", by=desk.actor)
        triage.classify(five[2].id, {"subject": "Another"}, by=desk.actor)
    work(desk.app, run_id)
    assert [desk.ticket(ticket).status for ticket in five] == ["resolved", "cancelled", "new", "resolved", "resolved"]
    page = plain(desk.get(f"/queue/bulk/{run_id}"))
    assert f"{five[1].ref} Number 1 Somebody else changed this in the meantime" in page
    assert f"{five[2].ref} Another Somebody else changed this in the meantime" in page
    assert five[0].ref not in page.partition("Why")[2]
    assert sorted(items(desk.app, run_id).values()) == ["done"] * 3 + ["skipped"] * 2


def test_a_forbidden_move_is_named(desk: Desk, five: list[Any]) -> None:
    desk.post(f"/tickets/{five[0].ref}/status", status="resolved")
    answer = desk.post("/queue/bulk", act="status", status="scheduled", reason="Tuesday", ticket_id=chosen(five))
    work(desk.app, run_at(answer))
    page = plain(desk.get(answer.headers["Location"]))
    assert f"{five[0].ref} Number 0 A ticket cannot go from “Resolved” to “Scheduled”." in page
    assert [desk.ticket(ticket).status for ticket in five] == ["resolved", *["scheduled"] * 4]


def test_undo_puts_back_what_was_not_changed_since(desk: Desk, five: list[Any]) -> None:
    desk.post("/queue/bulk", act="mine", ticket_id=chosen(five[:1]))
    other = world.agent(desk.app)[1]
    run_id = begun(desk, act="assign", assignee=str(other.id))
    work(desk.app, run_id)
    assert owned(desk, five) == [other.name] * 5
    desk.post(f"/tickets/{five[3].ref}/status", status="open")
    desk.post("/queue/bulk", act="mine", ticket_id=chosen(five[4:]))
    undoing = run_at(desk.post(f"/queue/bulk/{run_id}/undo"))
    assert "0 of 5 tickets are worked" in desk.get(f"/queue/bulk/{undoing}").text
    work(desk.app, undoing)
    assert owned(desk, five) == [desk.actor.name, None, None, None, desk.actor.name]
    assert desk.ticket(five[3]).status == "open", "a change of another kind stays, and is in nobody's way"
    page = plain(desk.get(f"/queue/bulk/{undoing}"))
    assert "Undo: Assign to" in page
    assert "Done, for 4 of 5 tickets; the others are as they were." in page
    assert f"{five[4].ref} Number 4 It was changed since." in page
    assert [entry for entry in desk.told(five[1]) if entry == "assigned"] == ["assigned"] * 2, "the timeline tells of both"
    assert f'href="/queue/bulk/{undoing}"' in desk.get(f"/queue/bulk/{run_id}").text
    again = desk.post(f"/queue/bulk/{run_id}/undo")
    assert (again.status_code, "This has been undone already." in plain(again)) == (409, True)
    both = desk.post(f"/queue/bulk/{undoing}/undo")
    assert (both.status_code, "What was undone is not done again." in plain(both)) == (409, True)


def test_few_are_done_at_once_and_undone_from_the_word_about_it(desk: Desk, five: list[Any]) -> None:
    answer = desk.post("/queue/bulk", act="priority", priority="1", ticket_id=chosen(five[:2]), q=ALL)
    page = desk.get(answer.headers["Location"]).text
    found = re.search(r'action="(/queue/bulk/[0-9a-f-]+/undo)"', page)
    assert found
    assert "2 tickets changed." in page
    assert [desk.ticket(ticket).priority for ticket in five] == [1, 1, 3, 3, 3]
    undone = desk.post(found.group(1))
    assert undone.headers["Location"] == "/queue?q=is:open+sort:due"
    assert "2 tickets put back." in plain(desk.get("/queue"))
    now = [desk.ticket(ticket) for ticket in five[:2]]
    assert [(ticket.priority, ticket.is_priority_set) for ticket in now] == [(3, False)] * 2


def test_states_tags_and_weights_come_back(desk: Desk, five: list[Any]) -> None:
    two = five[:2]
    with clock.at(TEN), world.acting(desk.app, desk.actor):
        moves.move(two[0].id, "waiting_for_client", reason="Asked", by=desk.actor)
        triage.set_tags(two[0].id, ["vip", "paper"], by=desk.actor)
    for fields in (
        {"act": "status", "status": "open"},
        {"act": "tag", "tags_add": "Flood, cellar", "tags_remove": "vip"},
        {"act": "priority", "impact": "1", "urgency": "1"},
    ):
        desk.post("/queue/bulk", ticket_id=chosen(two), **fields)
    with world.acting(desk.app, desk.actor):
        assert [queries.tags(ticket) for ticket in two] == [["cellar", "flood", "paper"], ["cellar", "flood"]]
        runs = queries.bulk_runs(by=desk.actor)
    assert [desk.ticket(ticket).priority for ticket in two] == [1, 1]
    for run in runs:  # the newest first
        assert desk.post(f"/queue/bulk/{run.id}/undo").status_code == 303
    now = desk.ticket(two[0])
    assert (now.status, now.waiting_reason, now.impact, now.priority) == ("waiting_for_client", "Asked", 2, 3)
    with world.acting(desk.app, desk.actor):
        assert [queries.tags(ticket) for ticket in two] == [["paper", "vip"], []]
    assert desk.ticket(two[1]).status == "open", "nothing leads back to “New”"
    assert "A ticket cannot go from “In progress” to “New”." in plain(desk.get("/queue"))


def test_the_list_of_runs_asks_no_more_for_many(console_app: Any, desk: Desk, five: list[Any]) -> None:
    asked = []
    for _ in range(2):
        with world.acting(console_app, desk.actor):
            for word in ("one", "two", "three"):
                bulk.begin("tag", {"add": [word]}, [five[0].id], by=desk.actor)
        with counted(console_app) as sent:
            assert "Add tag three" in desk.get("/queue/bulk").text
        asked.append(len([statement for statement in sent if "bulk" in statement]))
    assert asked[0] == asked[1]


def test_more_can_be_chosen_than_the_queue_counts(desk: Desk, five: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    monkeypatch.setattr(listing, "MOST_COUNTED", 3)
    assert 'data-pick-matching="5"' in desk.get("/queue?q=is:open+sort:due").text
    monkeypatch.setattr(bulk, "MOST", 4)
    assert "data-pick-matching" not in desk.get("/queue?q=is:open+sort:created").text
    assert 'href="/queue/bulk"' in desk.get("/queue").text, "the menu leads back to what was done"


def test_what_cannot_be_undone_says_so(desk: Desk, five: list[Any]) -> None:
    desk.post("/queue/bulk", act="status", status="cancelled", ticket_id=chosen(five[:1]))
    desk.post("/queue/bulk", act="mine", ticket_id=chosen(five[1:2]))
    waiting = run_at(desk.post("/queue/bulk", act="mine", ticket_id=chosen(five[2:])))
    with world.acting(desk.app, desk.actor):
        found = {run.act: run.id for run in reversed(queries.bulk_runs(by=desk.actor)) if run.id != waiting}

    def told(run_id: UUID, at: datetime = TEN) -> str:
        answer = desk.post(f"/queue/bulk/{run_id}/undo", at=at)
        assert answer.status_code == 409
        return plain(answer)

    assert "No ticket comes back from this status." in told(found["move"])
    assert "It can be undone once it is finished." in told(waiting)
    assert "they are over" in told(found["assign"], TEN + timedelta(hours=24))
    assert desk.ticket(five[1]).assignee_id == desk.actor.id


def test_a_limited_agents_run_never_reaches_another_client(sit: Any, acme: Any, birch: Any, opened: Any, five: list[Any]) -> None:
    other = opened(birch)
    desk = sit(acme)
    answer = desk.post("/queue/bulk", act="mine", ticket_id=[*chosen(five), str(other.id), str(uuid4())])
    run_id = run_at(answer)
    assert {tenant for job in jobs_of(desk.app, run_id) for tenant in job.tenant_ids} == {acme.id}
    assert {job.scope_role for job in jobs_of(desk.app, run_id)} == {"msp_agent"}
    work(desk.app, run_id)
    page = plain(desk.get(f"/queue/bulk/{run_id}"))
    assert "2: there is nothing here" in page
    assert other.ref not in page
    lead = sit(roles=("lead",))
    assert lead.ticket(other).assignee_id is None
    assert lead.ticket(other).version == 1
    assert lead.get(f"/queue/bulk/{run_id}").status_code == 404, "it is somebody else's"
    assert lead.post(f"/queue/bulk/{run_id}/undo").status_code == 404


def test_an_item_smuggled_into_another_clients_job_is_not_worked(desk: Desk, birch: Any, opened: Any, five: list[Any]) -> None:
    """The job is bound to one client by the database: an id from elsewhere finds nothing."""
    other = opened(birch)
    run_id = begun(desk, act="mine")
    with world.as_staff(desk.app):
        item = BulkItem(tenant_id=birch.id, run_id=run_id, ticket_id=other.id, version=1)
        db.session.add(item)
        db.session.flush()
        job = jobs_first(run_id)
        job.args = {**job.args, "item_ids": [*job.args["item_ids"], str(item.id)]}
    work(desk.app, run_id)
    assert items(desk.app, run_id)[other.id] == "waiting"
    with world.as_staff(desk.app):
        assert db.session.scalars(sa.select(Ticket.assignee_id).where(Ticket.id == other.id)).one() is None
    assert owned(desk, five) == [desk.actor.name] * 5


def jobs_first(run_id: UUID) -> Outbox:
    statement = sa.select(Outbox).where(Outbox.kind == bulk.WORK, Outbox.args["run_id"].astext == str(run_id))
    return db.session.scalars(statement.order_by(Outbox.id)).first()  # type: ignore[return-value]  # there is one


def test_rights_are_those_of_the_moment_of_work(sit: Any, acme: Any, birch: Any, five: list[Any]) -> None:
    desk = sit(acme, birch)
    run_id = begun(desk, act="mine")
    with world.as_staff(desk.app):
        db.session.get_one(Agent, desk.actor.id).roles = ["read_only"]
    assert work(desk.app, run_id) == ["done"] * 3
    assert set(items(desk.app, run_id).values()) == {"skipped"}
    assert "This needs the right to assign tickets." in plain(desk.get(f"/queue/bulk/{run_id}"))
    left = sit(acme)
    run_id = begun(left, act="mine")
    with world.as_staff(desk.app):
        db.session.get_one(Agent, left.actor.id).is_active = False
    work(desk.app, run_id)
    assert set(items(desk.app, run_id).values()) == {"skipped"}
    assert owned(desk, five) == [None] * 5
    with world.as_staff(desk.app):
        reasons = set(db.session.scalars(sa.select(BulkItem.reason).where(BulkItem.run_id == run_id)))
    assert reasons == {"Whoever began this may not work for the client any more."}


def test_work_that_gives_up_is_told_and_not_waited_for(desk: Desk, five: list[Any]) -> None:
    run_id = begun(desk, act="mine")
    with world.as_staff(desk.app):
        jobs_first(run_id).parked_at = TEN
    work(desk.app, run_id)
    page = desk.get(f"/queue/bulk/{run_id}").text
    assert "3 of 5 tickets are worked; the work on the others gave up." in page
    assert "hx-trigger" not in page


def test_bad_input_is_refused_and_nothing_begins(desk: Desk, five: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    many = chosen(five)
    for fields in (
        {"act": "explode"}, {"act": "status", "status": "asleep"}, {"act": "status"}, {"act": "priority"},
        {"act": "priority", "priority": "9"}, {"act": "priority", "priority": "x"}, {"act": "tag"},
        {"act": "tag", "tags_add": "no/tag"}, {"act": "assign", "assignee": "nobody"},
    ):  # fmt: skip
        assert desk.post("/queue/bulk", ticket_id=many, **fields).status_code == 422, fields
    assert desk.post("/queue/bulk", act="mine", matching="1", q="is:closed").status_code == 422
    assert desk.post("/queue/bulk", act="mine", matching="1", q="colour:red").status_code == 422
    monkeypatch.setattr(bulk, "MOST", 4)
    assert desk.post("/queue/bulk", act="mine", matching="1", q=ALL).status_code == 422
    assert desk.post("/queue/bulk", act="mine", ticket_id=many).status_code == 422
    assert desk.get(f"/queue/bulk/{uuid4()}").status_code == 404
    assert desk.post(f"/queue/bulk/{uuid4()}/undo").status_code == 404
    assert desk.get("/queue/bulk/nonsense").status_code == 404
    with world.as_staff(desk.app):
        assert db.session.scalars(sa.select(BulkRun).where(BulkRun.agent_id == desk.actor.id)).all() == []
    assert {desk.ticket(ticket).version for ticket in five} == {1}


def test_a_worker_that_is_killed_is_followed_by_one_that_does_nothing_twice(
    sit: Any, acme: Any, opened: Any, servers: Any, settings: Any
) -> None:
    """A lock holds the second ticket of a job: its process and its worker are killed with the first one done."""
    now = datetime.now(UTC)
    tickets = [opened(acme, f"Number {number}", at=now - timedelta(hours=1)) for number in range(3)]
    desk = sit(acme)
    desk.app.extensions["msp.redis"].flushdb()
    run_id = run_at(desk.post("/queue/bulk", act="mine", ticket_id=chosen(tickets), at=now - timedelta(minutes=1)))
    held = jobs_of(desk.app, run_id)[0]
    second = sorted(ticket.id for ticket in tickets)[1]
    with psycopg.connect(servers.url("msp_owner")) as blocker:
        blocker.execute("SELECT 1 FROM ticket WHERE id = %s FOR UPDATE", (second,))
        process = start_worker(settings, servers)
        try:
            until(lambda: is_blocked(servers))
        finally:
            claim = jobs_of(desk.app, run_id)[0].claim or "::"
            for pid in (process.pid, int(claim.split(":")[1] or process.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait(10)
    left = [job.id for job in jobs_of(desk.app, run_id) if job.done_at is None]
    assert held.id in left
    with world.as_staff(desk.app):
        db.session.execute(sa.update(Outbox).where(Outbox.id.in_(left)).values(claimed_until=now - timedelta(minutes=1)))
    work(desk.app, run_id, at=datetime.now(UTC))
    assert work(desk.app, run_id, at=datetime.now(UTC)) == []
    assert owned(desk, tickets) == [desk.actor.name] * 3
    assert [desk.told(ticket).count("assigned") for ticket in tickets] == [1, 1, 1]
    assert set(items(desk.app, run_id).values()) == {"done"}


def start_worker(settings: Any, servers: Any) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "MSP_ENVIRONMENT": "test", "MSP_SECRET_KEY": SECRET, "MSP_PUBLIC_SCHEME": "http",
        "MSP_CONSOLE_HOST": settings.console_host, "MSP_REDIS_URL": settings.redis_url,
        "MSP_CONSOLE_DATABASE_URL": servers.url("msp_console"), "MSP_MAIL_URL": "null:",
    }  # fmt: skip
    return subprocess.Popen([str(Path(sys.executable).with_name("msp")), "worker"], env=environment, start_new_session=True)


def is_blocked(servers: Any) -> bool:
    """Whether somebody waits for a lock that another transaction holds."""
    with psycopg.connect(servers.url("msp_owner")) as watcher:
        found = watcher.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
        return bool(found and found[0])


def until(what: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)
