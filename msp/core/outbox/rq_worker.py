"""RQ's worker, set so that a crash is noticed soon and nothing depends on Redis remembering."""

from collections.abc import Sequence

from flask import Flask
from redis import Redis
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from msp.core.db import db


class OutboxWorker(Worker):
    """Forks a child for each job; the child must not share the parent's connections."""

    app: Flask

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        with self.app.app_context():
            for engine in db.engines.values():
                engine.dispose(close=False)
        super().main_work_horse(job, queue)


def run(app: Flask, queues: Sequence[str], *, burst: bool = False) -> bool:
    """Work until told to stop (or, in a burst, until the queues are empty)."""
    connection: Redis = app.extensions["msp.redis"]
    worker = OutboxWorker(
        [Queue(name, connection=connection, serializer=JSONSerializer) for name in queues],
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=30,
        maintenance_interval=15,
        job_monitoring_interval=5,
        log_job_description=False,
    )
    worker.app = app
    return bool(worker.work(burst=burst, with_scheduler=False, logging_level="WARNING"))
