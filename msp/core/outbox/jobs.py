"""Schedules of the outbox."""

from datetime import timedelta

from msp.core import cron
from msp.core.app import settings
from msp.core.outbox import forgotten
from msp.core.process import application

WITHOUT_REDIS = timedelta(seconds=1)


def push_forgotten() -> None:
    """Push again what Redis does not know; while it refuses, the loop does what is urgent itself."""
    if not forgotten.push_due():
        forgotten.do_due("urgent", within=WITHOUT_REDIS)


def forget_done() -> None:
    """Delete what was done long ago."""
    forgotten.forget_done(older_than=timedelta(days=settings().outbox_days))


def forget_done_alone() -> None:
    """RQ's entry point: the deletion in a worker of its own, so that the loop goes on."""
    with application().app_context():
        forget_done()


cron.schedule(
    cron.Schedule(
        "outbox.forget", timedelta(days=1), forget_done, through="bulk", path="msp.core.outbox.jobs.forget_done_alone"
    )
)
cron.schedule(cron.Schedule("outbox.push", timedelta(seconds=5), push_forgotten))
