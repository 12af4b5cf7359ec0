"""What happens to articles by the clock: their owners are told when a review is due."""

from datetime import timedelta

from msp.core import clock, cron
from msp.core.actor import Actor
from msp.core.db import apart
from msp.core.scope import Scope
from msp.itsm.knowledge import services
from tenants.permissions import Permission


def remind() -> None:
    """Tell owners whose articles are due for a review."""
    with apart(Scope.staff()):
        services.remind_owners(clock.now().date(), by=Actor.system("article reviews", Permission.ARTICLE_MANAGE))


cron.schedule(cron.Schedule("knowledge.remind", timedelta(hours=1), remind))
