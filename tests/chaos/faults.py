"""What goes wrong in a run, and when: drawn from the seed. An outage lasts until what was hit is there again."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg
import redis
from rq import Worker

from msp.core import clock, cron
from msp.core.embedded import home as homes
from msp.core.embedded.processes import wait_until
from tests.chaos.processes import Processes
from tests.chaos.stage import Stage

BACK_WITHIN_SECONDS = 90
_PARTS = ("whole", "whole", "child", "parent")


@dataclass(frozen=True)
class Fault:
    """One blow; `variant` says which process, or how the server ends."""

    kind: str
    after: timedelta
    variant: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return ", ".join((self.kind, *self.variant))


@dataclass(frozen=True)
class Outage:
    """From the blow until what it hit is back."""

    name: str
    began_at: datetime
    ended_at: datetime

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.began_at).total_seconds()


def plan(seed: int, *, seconds: float, kinds: Sequence[str]) -> list[Fault]:
    """The faults of a run, at instants within its first `seconds`."""
    draw = random.Random(seed)  # noqa: S311 - a drawing that can be repeated
    made = []
    for kind in kinds:
        after = timedelta(seconds=draw.uniform(0.02, 0.95) * seconds)
        variant: tuple[str, ...] = ()
        if kind == "kill urgent worker":
            variant = ("urgent", "whole")
        elif kind == "kill worker":
            variant = (draw.choice(("urgent", "urgent", "worker", "second worker")), draw.choice(_PARTS))
        elif kind == "restart PostgreSQL":
            variant = (draw.choice(("in order", "after kill -9")),)
        made.append(Fault(kind, after, variant))
    return sorted(made, key=lambda fault: fault.after)


@dataclass
class Trouble:
    """Deals the blows of a plan, each on a thread of its own, so that they overlap as they fall."""

    stage: Stage
    processes: Processes
    admin_url: str
    outages: list[Outage] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def begin(self, faults: Sequence[Fault], start_at: datetime) -> None:
        self._threads = [threading.Thread(target=self._run, args=(fault, start_at)) for fault in faults]
        for thread in self._threads:
            thread.start()

    def await_start(self) -> None:
        """Until every process is at work: a blow before that would prove nothing."""
        if not wait_until(self._is_all_at_work, seconds=BACK_WITHIN_SECONDS):
            raise RuntimeError("the processes do not start")

    def end(self) -> None:
        """No further blow; those that fell are seen through, so that none revives a server after the run."""
        self._over.set()
        self.wait()

    def wait(self) -> None:
        for thread in self._threads:
            thread.join()
        self.outages.sort(key=lambda outage: outage.began_at)

    def _run(self, fault: Fault, start_at: datetime) -> None:
        if self._over.wait(max(0.0, (start_at + fault.after - clock.now()).total_seconds())):
            return
        blows: dict[str, Callable[..., Callable[[], object]]] = {
            "kill worker": self._kill_worker, "kill urgent worker": self._kill_worker, "kill cron": self._kill_cron,
            "flush Redis": self._flush_redis, "restart Redis": self._restart_redis, "restart PostgreSQL": self._restart_postgres,
        }  # fmt: skip
        began_at = clock.now()
        try:
            is_back = blows[fault.kind](*fault.variant)
            if not wait_until(is_back, seconds=BACK_WITHIN_SECONDS):
                self.failures.append(f"{fault.name}: not back after {BACK_WITHIN_SECONDS} s")
        except Exception as error:
            self.failures.append(f"{fault.name}: {error}")
        self.outages.append(Outage(fault.name, began_at, clock.now()))

    def _kill_worker(self, name: str, part: str) -> Callable[[], object]:
        before = self.processes.pid(name)
        self.processes.kill(name, part)
        if part == "child":
            return lambda: True
        return lambda: self.processes.pid(name) != before and self._is_registered(self.processes.pid(name))

    def _kill_cron(self) -> Callable[[], object]:
        before = self.processes.pid("cron")
        self.processes.kill("cron", "whole")
        return lambda: self.processes.pid("cron") != before and self._is_led()

    def _flush_redis(self) -> Callable[[], object]:
        def flushed() -> bool:
            with suppress(redis.RedisError), redis.Redis.from_url(self.stage.cache.url) as client:
                return bool(client.flushall())
            return False

        wait_until(flushed, seconds=BACK_WITHIN_SECONDS)
        return lambda: True

    def _restart_redis(self) -> Callable[[], object]:
        pid = homes.redis_process(self.stage.cache.home).holder()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not self.stage.cache.is_running(), seconds=10)
        time.sleep(2)
        self.stage.cache.revive()
        return self.stage.cache.is_running

    def _restart_postgres(self, how: str) -> Callable[[], object]:
        if how == "in order":
            self.stage.database.stop()
        else:
            pid = homes.postgres_process(self.stage.database.folder).holder()
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not self.stage.database.is_running(), seconds=10)
        self.stage.database.revive()
        return self.stage.database.is_running

    def _is_all_at_work(self) -> bool:
        return self._is_led() and all(self._is_registered(self.processes.pid(name)) for name in self.processes.names if name != "cron")

    def _is_registered(self, pid: int) -> bool:
        with suppress(redis.RedisError), redis.Redis.from_url(self.stage.cache.url) as client:
            return any(worker.pid == pid for worker in Worker.all(connection=client))
        return False

    def _is_led(self) -> bool:
        """Whether a cron holds its lock."""
        asked = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND granted"
        with suppress(psycopg.OperationalError), psycopg.connect(self.admin_url) as connection:
            return connection.execute(asked, [cron.LOCK]).fetchone() is not None
        return False
