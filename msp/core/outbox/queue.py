"""The way to RQ: only ids travel, as text. PostgreSQL is the truth; a Redis that refuses loses nothing."""

from collections.abc import Iterable, Sequence
from typing import cast
from uuid import UUID

import structlog
from flask import current_app
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

WORK = "msp.core.outbox.worker.work"
PREFIX = "outbox-"
# How long one try may take, and so for how long a claim keeps others away after a crash that nobody saw.
SECONDS = {"urgent": 30, "default": 300, "mail": 120, "bulk": 1800}
log = structlog.get_logger(__name__)


def connection() -> Redis:
    """The application's Redis."""
    return cast(Redis, current_app.extensions["msp.redis"])


def push(queue: str, ids: Sequence[UUID]) -> bool:
    """Poke the workers; False when Redis refuses (the sweep pushes again)."""
    try:
        _queue(queue).enqueue_many(
            Queue.prepare_data(
                WORK, args=[str(id)], job_id=f"{PREFIX}{id}", timeout=SECONDS[queue], result_ttl=0, failure_ttl=60,
                retry=Retry(max=2),
            )
            for id in ids
        )  # fmt: skip
    except RedisError as error:
        log.warning("redis_refused", queue=queue, jobs=len(ids), error=str(error))
        return False
    return True


def waiting(ids: Iterable[UUID]) -> set[UUID]:
    """Those of the rows whose job waits in Redis for a worker; none when Redis refuses."""
    wanted = list(ids)
    try:
        return {id for id, status in zip(wanted, _statuses(f"{PREFIX}{id}" for id in wanted), strict=True) if status}
    except RedisError:
        return set()


def call_job(queue: str, function: str, *, job_id: str, ttl: int, timeout: int = 60) -> bool:
    """Enqueue a function by name, for sweeps that need no outbox row; False when Redis refuses.

    It is forgotten when no worker has begun it after `ttl` seconds.
    """
    try:
        _queue(queue).enqueue(
            function, job_id=job_id, ttl=ttl, result_ttl=0, failure_ttl=60, job_timeout=timeout, retry=Retry(max=1)
        )
    except RedisError as error:
        log.warning("redis_refused", queue=queue, function=function, error=str(error))
        return False
    return True


def is_waiting(job_id: str) -> bool:
    """Whether a job enqueued by `call_job` still waits for a worker."""
    try:
        return _statuses([job_id]) == [True]
    except RedisError:
        return False


def _queue(name: str) -> Queue:
    return Queue(name, connection=connection(), serializer=JSONSerializer)


def _statuses(job_ids: Iterable[str]) -> list[bool]:
    """Whether each job is queued, in one round trip."""
    pipe = connection().pipeline(transaction=False)
    for job_id in job_ids:
        pipe.hget(Job.key_for(job_id), "status")
    return [status is not None and status.decode() == JobStatus.QUEUED.value for status in pipe.execute()]
