"""Telling open pages that something changed, after the commit."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from redis.exceptions import RedisError

from msp.core.db import after_commit
from msp.core.outbox.queue import connection
from msp.core.outbox.services import is_suppressed

KEEP = 1000
STAFF = "staff"
FANOUT = "live"
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Message:
    """That `topic` changed, for the channels named; only ids and versions travel. `records` are those of a batch."""

    channels: tuple[str, ...]
    topic: str
    ids: Mapping[str, Any] = field(default_factory=dict)
    records: tuple[UUID, ...] = ()

    @property
    def body(self) -> str:
        """What pages read: they hear `topic`, and `topic:id` for each id."""
        told: dict[str, Any] = {"topic": self.topic, **{key: str(value) for key, value in self.ids.items()}}
        if self.records:
            told["ids"] = [str(id) for id in self.records]
        return json.dumps(told)


def internal(tenant_id: UUID) -> str:
    """The channel of a client that only agents listen to."""
    return f"tenant:{tenant_id}:internal"


def public(tenant_id: UUID) -> str:
    """The channel of a client that its own people listen to as well."""
    return f"tenant:{tenant_id}:public"


def agent(agent_id: UUID) -> str:
    """The channel of one agent."""
    return f"agent:{agent_id}"


def stream(channel: str) -> str:
    """The capped stream that keeps a channel's last messages for those who come back."""
    return f"live:{channel}"


def publish(channels: tuple[str, ...], topic: str, **ids: Any) -> None:
    """After the commit, tell the channels that `topic` changed."""
    publish_many([Message(channels, topic, ids)])


def publish_many(messages: Iterable[Message]) -> None:
    """After the commit, send these messages together; nothing of what is replayed."""
    made = [(message.channels, message.body) for message in messages]
    if made and not is_suppressed():
        after_commit(lambda: _send(made))


def _send(messages: list[tuple[tuple[str, ...], str]]) -> None:
    """Keep each message for its channels, then call it out with the id that it got there."""
    sent = [(channel, body) for channels, body in messages for channel in channels]
    try:
        pipe = connection().pipeline(transaction=False)
        for channel, body in sent:
            pipe.xadd(stream(channel), {"body": body}, maxlen=KEEP, approximate=True)
        for (channel, body), id in zip(sent, pipe.execute(), strict=True):
            pipe.publish(FANOUT, json.dumps({"channel": channel, "id": id.decode(), "body": body}))
        pipe.execute()
    except RedisError as error:
        log.warning("live_refused", messages=len(messages), error=str(error))
