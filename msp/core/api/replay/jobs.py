"""The hourly sweep of keys that nobody may use any more."""

from datetime import timedelta

from msp.core import cron
from msp.core.api.replay import services
from msp.core.db import transaction
from msp.core.scope import Scope


def sweep_keys() -> None:
    """A plain delete by an index: the loop does it itself."""
    with transaction(Scope.staff()):
        services.sweep()


cron.schedule(cron.Schedule("api.sweep_keys", timedelta(hours=1), sweep_keys))
