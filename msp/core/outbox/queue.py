"""The way to RQ: only ids travel, as text. PostgreSQL is the truth; a Redis that refuses loses nothing."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

import structlog
from flask import current_app
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry
from rq.serializers import JSONSerializer

WORK = "msp.core.outbox.worker.work"
log = structlog.get_logger(__name__)


def connection() -> Redis:
    """The application's Redis."""
    return cast(Redis, current_app.extensions["msp.redis"])


def push(queue: str, ids: Sequence[UUID]) -> bool:
    """Poke the workers; False when Redis refuses (the sweep pushes again)."""
    try:
        rq = Queue(queue, connection=connection(), serializer=JSONSerializer)
        data = [
            Queue.prepare_data(WORK, args=[str(id)], job_id=f"outbox-{id}", result_ttl=0, failure_ttl=60, timeout=600)
            for id in ids
        ]
        rq.enqueue_many(data)
    except RedisError as error:
        log.warning("redis_refused", queue=queue, jobs=len(ids), error=str(error))
        return False
    return True


def call_job(queue: str, function: str, *args: str, job_id: str | None = None, ttl: int | None = None) -> bool:
    """Enqueue a function by name, for sweeps that need no outbox row."""
    try:
        Queue(queue, connection=connection(), serializer=JSONSerializer).enqueue(
            function, *args, job_id=job_id, ttl=ttl, result_ttl=0, failure_ttl=60, job_timeout=60, retry=Retry(max=1)
        )
    except RedisError as error:
        log.warning("redis_refused", queue=queue, function=function, error=str(error))
        return False
    return True
