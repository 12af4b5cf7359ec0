"""A worker for the tests of exactly-once: `python -m tests.itsm.automation.drain` does what is due of the rules until nothing is."""

import sys
from datetime import timedelta

import sqlalchemy as sa

from msp.core import clock
from msp.core.config import Settings
from msp.core.db import db, transaction
from msp.core.outbox import worker
from msp.core.outbox.models import Outbox
from msp.core.process import set_application
from msp.core.scope import Scope
from msp.wsgi import app_of


def drain() -> int:
    """Do what is due and unclaimed until there is nothing; how many jobs were done here. Needs an application context."""
    done = 0
    while True:
        now = clock.now()
        statement = sa.select(Outbox.id).where(
            Outbox.kind == "automation.happened", Outbox.done_at.is_(None), Outbox.parked_at.is_(None), Outbox.run_after <= now,
            sa.or_(Outbox.claimed_until.is_(None), Outbox.claimed_until < now),
        )  # fmt: skip
        with transaction(Scope.staff()):
            ids = db.session.scalars(statement.order_by(sa.func.random()).limit(20)).all()
        if not ids:
            return done
        done += sum(worker.do(id) == "done" for id in ids)


def main() -> int:
    app = app_of("console", Settings.from_env())
    set_application(app)
    with app.app_context():
        print(drain(), flush=True)
    return 0


def drain_later(app: object, hours: int = 2) -> int:
    """What is left once the claims of those who died have run out."""
    with clock.at(clock.now() + timedelta(hours=hours)), app.app_context():  # type: ignore[attr-defined]
        return drain()


if __name__ == "__main__":
    sys.exit(main())
