"""The loop: one leads, ticks do not pile up, and it works alone when Redis or the workers are away."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from redis import Redis

from msp.core import cron, heartbeats
from msp.core.cron import Schedule
from msp.core.db import db
from msp.itsm.sla.services import escalation

calls: list[str] = []
registered: set[str] = set()


def work() -> None:
    calls.append("work")


@pytest.fixture(autouse=True)
def _clean(console_app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls.clear()
    registered.update(item.name for item in cron.schedules())
    console_app.extensions["msp.redis"].flushdb()
    monkeypatch.setattr(cron, "_schedules", {})


def through_rq(**options: Any) -> Schedule:
    made = Schedule("test", timedelta(seconds=1), work, through="urgent", path="tests.core.test_cron.work", **options)
    cron.schedule(made)
    return made


def queued(app: Any) -> int:
    return int(app.extensions["msp.redis"].llen("rq:queue:urgent"))


def test_features_have_registered_what_recurs() -> None:
    assert {escalation.SWEEP, "outbox.push"} <= registered


def test_a_tick_goes_through_rq_and_does_not_pile_up(console_app: Any) -> None:
    item = through_rq()
    for _ in range(3):
        item.due_at = 0
        cron.tick(console_app)
    assert (queued(console_app), calls) == (1, [])
    console_app.extensions["msp.redis"].flushdb()
    item.due_at = 0
    cron.tick(console_app)
    assert queued(console_app) == 1, "what Redis forgot is asked for again"


def test_without_redis_the_loop_works_itself(console_app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(console_app.extensions, "msp.redis", Redis.from_url("redis://127.0.0.1:1/0"))
    through_rq()
    cron.tick(console_app)
    assert calls == ["work"]


def test_when_nobody_has_ended_for_too_long_the_loop_works_itself(console_app: Any) -> None:
    item = through_rq(patience=timedelta(seconds=3))
    cron.tick(console_app)
    assert calls == ["work"], "nobody has ever ended"
    with console_app.app_context():
        heartbeats.beat("test")
        assert heartbeats.seconds_since("test") < 2
    item.due_at = 0
    cron.tick(console_app)
    assert calls == ["work"], "somebody has just ended"


def test_one_that_fails_does_not_stop_the_others(console_app: Any) -> None:
    def fail() -> None:
        raise ValueError("broken")

    cron.schedule(Schedule("a", timedelta(seconds=1), fail))
    cron.schedule(Schedule("b", timedelta(seconds=1), work))
    cron.tick(console_app)
    cron.tick(console_app)
    assert calls == ["work"], "and each has its own turn"


def test_a_second_loop_stands_by_and_takes_over(console_app: Any) -> None:
    """The leader loses its connection; whoever waits for the lock goes on."""
    cron.schedule(Schedule("test", timedelta(seconds=0.01), work))
    stop = threading.Event()

    def stand_by() -> None:
        with (
            console_app.app_context(),
            db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        ):
            cron._lead(console_app, connection, stop)

    with console_app.app_context(), db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as holder:
        assert holder.scalar(sa.text("SELECT pg_try_advisory_lock(:lock)"), {"lock": cron.LOCK})
        other = threading.Thread(target=stand_by)
        other.start()
        time.sleep(0.3)
        assert calls == [], "it waits for the lock"
        holder.invalidate()
    end = time.monotonic() + 5
    while not calls and time.monotonic() < end:
        time.sleep(0.05)
    stop.set()
    other.join(5)
    assert calls, "it leads"
