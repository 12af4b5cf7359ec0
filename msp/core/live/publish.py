"""Telling open pages that something changed, after the commit."""

import json
from typing import Any
from uuid import UUID

import structlog
from redis.exceptions import RedisError

from msp.core.db import after_commit
from msp.core.outbox.queue import connection

KEEP = 1000
STAFF = "staff"
FANOUT = "live"
log = structlog.get_logger(__name__)


def internal(tenant_id: UUID) -> str:
    """The channel of a client that only agents listen to."""
    return f"tenant:{tenant_id}:internal"


def public(tenant_id: UUID) -> str:
    """The channel of a client that its own people listen to as well."""
    return f"tenant:{tenant_id}:public"


def publish(channels: tuple[str, ...], topic: str, **ids: Any) -> None:
    """After the commit, tell the channels that `topic` changed; only ids and versions travel."""
    body = json.dumps({"topic": topic, **{key: str(value) for key, value in ids.items()}})
    after_commit(lambda: _send(channels, body))


def _send(channels: tuple[str, ...], body: str) -> None:
    try:
        pipe = connection().pipeline(transaction=False)
        for channel in channels:
            pipe.xadd(f"live:{channel}", {"body": body}, maxlen=KEEP, approximate=True)
        for channel, id in zip(channels, pipe.execute(), strict=True):
            connection().publish(FANOUT, json.dumps({"channel": channel, "id": id.decode(), "body": body}))
    except RedisError as error:
        log.warning("live_refused", channels=channels, error=str(error))
