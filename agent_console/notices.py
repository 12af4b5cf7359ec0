"""A word about what was just done, said on the next page of the same session and then forgotten."""

import json
from collections.abc import Sequence
from typing import Any

import structlog
from flask import current_app, g
from redis.exceptions import RedisError

from msp.core.db import after_commit
from msp.core.web.shell import Flash, Tone

KEEP_SECONDS = 300
log = structlog.get_logger(__name__)


def say(text: str, tone: Tone = "ok", *, undo_url: str = "") -> None:
    """One line at the foot of the next page, once the act is committed."""
    _keep({"text": text, "tone": tone, "undo_url": undo_url})


def report(title: str, lines: Sequence[tuple[str, str]]) -> None:
    """Several lines above the next page: what became of which ticket."""
    _keep({"title": title, "lines": [list(line) for line in lines]})


def flashes() -> tuple[Flash, ...]:
    """The lines at the foot of this page."""
    return tuple(Flash(item["text"], item["tone"], item["undo_url"]) for item in _taken() if "text" in item)


def reports() -> list[dict[str, Any]]:
    """The lines above this page: `title`, and `lines` of reference and words."""
    return [item for item in _taken() if "title" in item]


def _keep(item: dict[str, Any]) -> None:
    name, redis = _name(), current_app.extensions["msp.redis"]

    def send() -> None:
        try:
            pipe = redis.pipeline()
            pipe.rpush(name, json.dumps(item))
            pipe.expire(name, KEEP_SECONDS)
            pipe.execute()
        except RedisError as error:
            log.warning("notice_refused", error=str(error))

    after_commit(send)


def _taken() -> list[dict[str, Any]]:
    """What was kept for this session; taken once and then shared by all parts of the page."""
    if "notices" not in g:
        g.notices = _take()
    return list(g.notices)


def _take() -> list[dict[str, Any]]:
    try:
        pipe = current_app.extensions["msp.redis"].pipeline()
        pipe.lrange(_name(), 0, -1)
        pipe.delete(_name())
        return [json.loads(item) for item in pipe.execute()[0]]
    except RedisError as error:
        log.warning("notice_refused", error=str(error))
        return []


def _name() -> str:
    return f"console:notices:{g.session.id}"
