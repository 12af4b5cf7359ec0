"""`/healthz`: the process answers. `/readyz`: the database and Redis answer too."""

import sqlalchemy as sa
from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from msp.core.db import apart
from msp.core.outbox.queue import connection
from msp.core.scope import Scope
from msp.core.web.gates import open_to_all

SURFACE = "both"
health = Blueprint("health", __name__)
health.gate = open_to_all("probes of the platform that runs us")  # type: ignore[attr-defined]  # read by core.web.gates
BLUEPRINTS = (health,)


@health.get("/healthz", endpoint="live")
def live() -> ResponseReturnValue:
    return jsonify(status="ok", surface=current_app.surface)  # type: ignore[attr-defined]  # set by create_app


@health.get("/readyz", endpoint="ready")
def ready() -> ResponseReturnValue:
    parts = {"database": _database(), "redis": _redis()}
    # Redis is a convenience: the sweep carries the work while it is away, so only the database decides.
    return jsonify(status="ok" if parts["database"] else "unavailable", **parts), 200 if parts["database"] else 503


def _database() -> bool:
    try:
        with apart(Scope.signin()) as session:
            session.execute(sa.text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _redis() -> bool:
    try:
        return bool(connection().ping())
    except RedisError:
        return False
