"""Saying that a recurring work has ended, so that another process can tell whether anybody still does it."""

import math

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from msp.core.db import transaction
from msp.core.outbox.platform import Heartbeat
from msp.core.scope import Scope

# The server's clock at both ends: the processes may run on machines whose clocks differ.
_NOW = sa.func.clock_timestamp()


def beat(name: str) -> None:
    """The work has just ended; in a transaction of its own."""
    row = insert(Heartbeat).values(name=name, ended_at=_NOW)
    with transaction(Scope.staff()) as session:
        session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"ended_at": row.excluded.ended_at}))


def seconds_since(name: str) -> float:
    """How long ago the work last ended; infinity when it never did."""
    age = sa.select(sa.extract("epoch", _NOW - Heartbeat.ended_at)).where(Heartbeat.name == name)
    with transaction(Scope.staff()) as session:
        found = session.scalar(age)
    return math.inf if found is None else float(found)
