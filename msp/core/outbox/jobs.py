"""Schedules of the outbox."""

from datetime import timedelta

from msp.core import cron
from msp.core.outbox import forgotten

WITHOUT_REDIS = timedelta(seconds=1)


def push_forgotten() -> None:
    """Push again what Redis does not know; while it refuses, the loop does what is urgent itself."""
    if not forgotten.push_due():
        forgotten.do_due("urgent", within=WITHOUT_REDIS)


cron.schedule(cron.Schedule("outbox.push", timedelta(seconds=5), push_forgotten))
