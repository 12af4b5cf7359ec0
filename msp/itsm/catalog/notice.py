"""How far ahead an order's dates must lie: working days of the client, counted from today in its time zone."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from msp.core.actor import Actor
from msp.itsm.sla.agreed import working_days
from tenants import queries as tenants

FURTHEST = timedelta(days=1500)  # a calendar may have no working days at all


def earliest_for(tenant_id: UUID, now: datetime, *, by: Actor) -> Callable[[int], date]:
    """The first day that lies so many working days ahead; 0 is today. The calendar is read once, and only if a date asks."""
    known: dict[int, date] = {}

    def earliest(days: int) -> date:
        if days not in known:
            today = now.astimezone(ZoneInfo(tenants.visible_client(tenant_id, by=by).time_zone)).date()
            known[days] = _ahead(tenant_id, now, today, days)
        return known[days]

    return earliest


def _ahead(tenant_id: UUID, now: datetime, today: date, days: int) -> date:
    is_working, day = working_days(tenant_id, now), today
    while days > 0 and day < today + FURTHEST:
        day += timedelta(days=1)
        days -= is_working(day)
    return day
