"""RQ's worker, set so that a crash is noticed soon and nothing depends on Redis remembering."""

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from flask import Flask
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy.exc import SQLAlchemyError

from msp.core.db import db
from msp.core.outbox import worker
from msp.core.outbox.queue import PREFIX

log = structlog.get_logger(__name__)


class OutboxWorker(Worker):
    """Forks a child for each job; the child must not share the parent's connections."""

    app: Flask
    max_connection_wait_time = 5.0

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        with self.app.app_context():
            for engine in db.engines.values():
                engine.dispose(close=False)
        super().main_work_horse(job, queue)

    @property
    def was_told_to_stop(self) -> bool:
        return self._shutdown_requested_date is not None

    def handle_work_horse_killed(self, job: Job, retpid: int, ret_val: int, rusage: Any) -> None:
        """The child died in the middle: its claim need not run out before somebody takes the row up again."""
        super().handle_work_horse_killed(job, retpid, ret_val, rusage)  # type: ignore[no-untyped-call]  # RQ says nothing of types here
        if not job.id.startswith(PREFIX):
            return
        try:
            with self.app.app_context():
                worker.release(UUID(job.id.removeprefix(PREFIX)), retpid)
        except SQLAlchemyError as error:
            log.warning("claim_not_released", job=job.id, error=str(error).splitlines()[0])


def run(app: Flask, queues: Sequence[str], *, burst: bool = False) -> bool:
    """Work until told to stop (or, in a burst, until the queues are empty).

    RQ gives up when Redis goes away in the middle of a job; here a new worker takes its place.
    """
    while True:
        made, did = None, False
        try:
            made = _worker(app, queues)
            did = bool(made.work(burst=burst, with_scheduler=False, logging_level="WARNING"))
            if not burst and not made.was_told_to_stop:
                time.sleep(1)
        except StopRequested:
            return did
        except RedisError as error:
            if burst:
                raise
            log.warning("redis_refused", error=str(error))
            time.sleep(1)
        if burst or (made is not None and made.was_told_to_stop):
            return did


def _worker(app: Flask, queues: Sequence[str]) -> OutboxWorker:
    connection: Redis = app.extensions["msp.redis"]
    made = OutboxWorker(
        [Queue(name, connection=connection, serializer=JSONSerializer) for name in queues],
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=30,
        maintenance_interval=15,
        job_monitoring_interval=5,
        log_job_description=False,
    )
    made.app = app
    return made
