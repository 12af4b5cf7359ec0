"""The outbox: an effect happens exactly once, whoever dies, and Redis may forget everything."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
import psycopg
import pytest
import sqlalchemy as sa
from redis import Redis

from msp.core import clock, jobs
from msp.core.db import db, transaction
from msp.core.outbox import forgotten, queue, services, worker
from msp.core.outbox.models import Outbox
from msp.core.scope import Scope
from msp.itsm.tickets.services import opening
from tenants.models import Site
from tests.conftest import SECRET
from tests.support import world


@jobs.job("test.note", tries=2)
def note(call: jobs.Call) -> None:
    """Add a site; misbehave as told."""
    match call.args.get("then"):
        case "fail":
            raise ValueError("not today")
        case "give up":
            raise jobs.GiveUp("never")
        case "lose":
            _steal(call.outbox_id)
    db.session.add(Site(tenant_id=call.tenant_ids[0], name=call.args["name"]))
    db.session.flush()


def _steal(outbox_id: UUID) -> None:
    """Another worker has taken the row meanwhile, as after a claim that ran out."""
    with psycopg.connect(_owner) as connection:
        connection.execute("UPDATE outbox SET claim = 'somebody else' WHERE id = %s", (outbox_id,))


_owner = ""


@pytest.fixture(autouse=True)
def owner(servers: Any) -> None:
    global _owner
    _owner = servers.url("msp_owner")


def ask(app: Any, company: Any, **options: Any) -> UUID:
    with world.as_staff(app):
        run_after = options.pop("run_after", None)
        args = {"name": f"Site {uuid4().hex}", **options}
        return services.enqueue("test.note", args, tenant_id=company.id, run_after=run_after)


def do(app: Any, id: UUID) -> str:
    with app.app_context():
        return worker.do(id)


def row(app: Any, id: UUID) -> Outbox:
    with world.as_staff(app):
        return db.session.get_one(Outbox, id)


def sites(app: Any, id: UUID) -> int:
    name = row(app, id).args["name"]
    with world.as_staff(app):
        return db.session.scalar(sa.select(sa.func.count()).select_from(Site).where(Site.name == name)) or 0


def change(app: Any, id: UUID, **values: Any) -> None:
    with world.as_staff(app):
        db.session.execute(sa.update(Outbox).where(Outbox.id == id).values(**values))


def test_a_row_is_done_once_however_often_it_is_pushed(console_app: Any, acme: Any) -> None:
    id = ask(console_app, acme)
    assert [do(console_app, id) for _ in range(3)] == ["done", "gone", "gone"]
    assert sites(console_app, id) == 1
    assert row(console_app, id).done_at is not None


def test_nothing_is_asked_for_by_a_transaction_that_is_undone(console_app: Any, acme: Any) -> None:
    class Undone(Exception):
        pass

    ids: list[UUID] = []
    with contextlib.suppress(Undone), world.as_staff(console_app):
        ids.append(services.enqueue("test.note", {"name": "never"}, tenant_id=acme.id))
        raise Undone
    assert do(console_app, ids[0]) == "gone"
    with console_app.app_context():
        assert queue.waiting(ids) == set(), "its id never left"


def test_a_failure_is_tried_again_and_at_last_parked(console_app: Any, acme: Any) -> None:
    id = ask(console_app, acme, then="fail")
    assert do(console_app, id) == "failed"
    assert do(console_app, id) == "gone", "its time has not come again"
    with clock.at(clock.now() + timedelta(seconds=6)):
        assert do(console_app, id) == "parked"
    found = row(console_app, id)
    assert (found.attempts, found.error, found.done_at) == (2, "ValueError: not today", None)
    with world.as_staff(console_app):
        worker.retry(id)
    change(console_app, id, args={"name": f"Site {uuid4().hex}"})
    assert do(console_app, id) == "done"


def test_what_is_hopeless_is_parked_at_once(console_app: Any, acme: Any) -> None:
    assert do(console_app, ask(console_app, acme, then="give up")) == "parked"


def test_a_kind_that_this_version_does_not_know_waits_for_one_that_does(console_app: Any, acme: Any) -> None:
    id = ask(console_app, acme)
    change(console_app, id, kind="test.of-tomorrow")
    assert do(console_app, id) == "failed"
    change(console_app, id, kind="test.note", run_after=clock.now())
    assert do(console_app, id) == "done"


def test_who_lost_his_claim_has_done_nothing(console_app: Any, acme: Any) -> None:
    id = ask(console_app, acme, then="lose")
    assert do(console_app, id) == "gone"
    assert sites(console_app, id) == 0


def test_a_claim_keeps_others_away_until_it_runs_out(console_app: Any, acme: Any) -> None:
    id = ask(console_app, acme)
    change(console_app, id, claim="other:1:x", claimed_until=clock.now() + timedelta(seconds=30))
    assert do(console_app, id) == "gone"
    with clock.at(clock.now() + timedelta(seconds=31)):
        assert do(console_app, id) == "done"


def test_a_dead_process_lets_go_and_one_that_kills_every_process_is_parked(console_app: Any, acme: Any) -> None:
    id = ask(console_app, acme)
    change(
        console_app, id, claim=f"{worker.holder(4711)}x", claimed_until=clock.now() + timedelta(seconds=30), attempts=1
    )
    with console_app.app_context():
        worker.release(id, 4712)
        assert row(console_app, id).claim is not None, "it was not his"
        worker.release(id, 4711)
    assert (row(console_app, id).claim, row(console_app, id).parked_at) == (None, None)
    change(console_app, id, claim=f"{worker.holder(4711)}x", attempts=2)
    with console_app.app_context():
        worker.release(id, 4711)
    assert row(console_app, id).parked_at is not None


def test_what_redis_forgot_is_pushed_again_and_what_it_knows_is_not(console_app: Any, acme: Any) -> None:
    redis = console_app.extensions["msp.redis"]
    id = ask(console_app, acme)
    with console_app.app_context():
        assert queue.waiting([id]) == {id}
        with clock.at(clock.now() + timedelta(seconds=11)):
            assert forgotten.push_due()
        listed = [item.decode() for item in redis.lrange("rq:queue:default", 0, -1)]
        assert listed.count(f"outbox-{id}") == 1, "a long queue does not grow by being looked at"
        redis.flushdb()
        with clock.at(clock.now() + timedelta(seconds=5)):
            assert forgotten.push_due()
        assert queue.waiting([id]) == set(), "its writer may just be pushing it"
        with clock.at(clock.now() + timedelta(seconds=11)):
            assert forgotten.push_due()
        assert queue.waiting([id]) == {id}
    redis.flushdb()


def test_without_redis_the_loop_does_what_is_urgent_itself(
    console_app: Any, acme: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(console_app.extensions, "msp.redis", Redis.from_url("redis://127.0.0.1:1/0"))
    id, other = ask(console_app, acme), ask(console_app, acme)
    change(console_app, id, queue="urgent")
    with console_app.app_context(), clock.at(clock.now() + timedelta(seconds=11)):
        assert not forgotten.push_due()
        assert forgotten.do_due("urgent", within=timedelta(seconds=5)) >= 1
    assert row(console_app, id).done_at is not None
    assert row(console_app, other).done_at is None


def test_rows_of_a_replay_are_never_done(console_app: Any, acme: Any) -> None:
    with services.suppressed():
        id = ask(console_app, acme)
    assert do(console_app, id) == "gone"
    with console_app.app_context(), transaction(Scope.staff()):
        assert db.session.get_one(Outbox, id).suppressed_at is not None


def test_what_was_done_long_ago_is_forgotten_and_what_gave_up_is_not(console_app: Any, acme: Any) -> None:
    with services.suppressed():
        suppressed = ask(console_app, acme)
    done, fresh, waiting = (ask(console_app, acme) for _ in range(3))
    parked = ask(console_app, acme, then="give up")
    assert [do(console_app, id) for id in (done, parked)] == ["done", "parked"]
    with console_app.app_context():
        with clock.at(clock.now() + timedelta(days=29)):
            forgotten.forget_done(older_than=timedelta(days=30))
        assert left(console_app, done, suppressed) == [done, suppressed]
        with clock.at(clock.now() + timedelta(days=29)):
            assert do(console_app, fresh) == "done"
        with clock.at(clock.now() + timedelta(days=31)):
            assert forgotten.forget_done(older_than=timedelta(days=30), batch=1) >= 2
    assert left(console_app, done, suppressed, fresh, waiting, parked) == [fresh, waiting, parked]


def left(app: Any, *ids: UUID) -> list[UUID]:
    """Those that are still there."""
    with world.as_staff(app):
        found = set(db.session.scalars(sa.select(Outbox.id).where(Outbox.id.in_(ids))))
    return [id for id in ids if id in found]


def test_the_database_lets_nobody_delete_what_is_not_finished(console_app: Any, acme: Any) -> None:
    waiting, parked = ask(console_app, acme), ask(console_app, acme, then="give up")
    assert do(console_app, parked) == "parked"
    with world.as_staff(console_app):
        db.session.execute(sa.delete(Outbox).where(Outbox.id.in_([waiting, parked])))
    assert left(console_app, waiting, parked) == [waiting, parked]


def test_forgetting_is_a_daily_schedule_of_the_bulk_worker() -> None:
    from msp.core import cron

    [found] = [item for item in cron.schedules() if item.name == "outbox.forget"]
    assert (found.every, found.through) == (timedelta(days=1), "bulk")
    module, _, function = found.path.rpartition(".")
    assert callable(getattr(__import__(module, fromlist=["x"]), function))


@pytest.fixture
def start_worker(settings: Any, servers: Any) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    environment = os.environ | {
        "MSP_ENVIRONMENT": "test", "MSP_SECRET_KEY": SECRET, "MSP_PUBLIC_SCHEME": "http",
        "MSP_CONSOLE_HOST": settings.console_host, "MSP_REDIS_URL": settings.redis_url,
        "MSP_CONSOLE_DATABASE_URL": servers.url("msp_console"), "MSP_MAIL_URL": "null:",
    }  # fmt: skip
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        program = str(Path(sys.executable).with_name("msp"))
        started.append(subprocess.Popen([program, "worker"], env=environment, start_new_session=True))
        return started[-1]

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def until(what: Callable[[], bool], seconds: float = 12) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def test_real_workers_survive_the_death_of_a_child_and_lose_nothing_when_killed(
    console_app: Any, acme: Any, servers: Any, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    """A lock holds the job in its middle: its child is killed, then the next one with its worker, Redis flushed."""
    redis = console_app.extensions["msp.redis"]
    redis.flushdb()
    workers = [start_worker(), start_worker()]
    subject_id = subject(console_app, acme)
    with psycopg.connect(servers.url("msp_owner")) as blocker:
        blocker.execute("SELECT 1 FROM sla_subject WHERE id = %s FOR UPDATE", (subject_id,))
        with world.as_staff(console_app):
            id = services.enqueue("sla.recompute_internal", {"subject_id": str(subject_id)}, tenant_id=acme.id)
        until(lambda: row(console_app, id).claim is not None)
        os.kill(child_of(console_app, id), signal.SIGKILL)
        until(lambda: row(console_app, id).attempts == 2 and row(console_app, id).claim is not None, 5)
        child = child_of(console_app, id)
        parent = psutil.Process(child).ppid()
        assert parent in [process.pid for process in workers]
        os.kill(parent, signal.SIGKILL)
        os.kill(child, signal.SIGKILL)
        redis.flushdb()
    assert row(console_app, id).done_at is None
    change(console_app, id, claimed_until=clock.now() - timedelta(seconds=1))  # as half a minute later
    with console_app.app_context():
        assert forgotten.push_due()
    until(lambda: row(console_app, id).done_at is not None)
    assert row(console_app, id).attempts == 3


def child_of(app: Any, id: UUID) -> int:
    """The process that works on a row."""
    return int((row(app, id).claim or "").split(":")[1])


def subject(app: Any, company: Any) -> UUID:
    requester = company.actor()
    with world.acting(app, requester):
        return opening.open_ticket(company.id, "Held", by=requester).id
