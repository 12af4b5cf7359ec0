"""Alembic's entry: runs as the owner, under an advisory lock, with time-outs."""

import os

import sqlalchemy as sa
from alembic import context

from msp.core.db import Base
from msp.core.features import load_models
from msp.wsgi import FEATURES

LOCK = 7_226_001

load_models(FEATURES)


def run() -> None:
    """Upgrade or downgrade over one connection; a second migrator waits for the first."""
    url = context.config.attributes.get("url") or os.environ["MSP_OWNER_DATABASE_URL"]
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text("SET lock_timeout = '10s'"))
        connection.execute(sa.text("SET statement_timeout = '5min'"))
        connection.execute(sa.text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        connection.commit()
        context.configure(
            connection=connection, target_metadata=Base.metadata, compare_type=True, compare_server_default=False
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
