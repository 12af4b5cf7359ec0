"""How often one token, or one person in his browser, may call: counted by the minute, told in every answer."""

from typing import NamedTuple

import structlog
from flask import Flask, Response, current_app, g, request
from redis import Redis
from redis.exceptions import RedisError

from msp.core import clock
from msp.core.auth.throttle import Throttle
from msp.core.errors import TooManyRequests

PER_MINUTE = 600
MINUTE = 60
log = structlog.get_logger(__name__)


class Window(NamedTuple):
    """The running minute: calls left in it, and seconds until the next begins."""

    left: int
    seconds: int


def init_app(app: Flask) -> None:
    """Count each call of the API once its sender is known."""
    app.config.setdefault("API_CALLS_PER_MINUTE", PER_MINUTE)
    # Used only while Redis is away, when it counts inside this process.
    app.extensions["msp.api_throttle"] = Throttle(app.extensions["msp.redis"], "api", PER_MINUTE, MINUTE)
    app.before_request(count)
    app.after_request(tell)


def count() -> None:
    """Before a view: one call more, or 429."""
    if g.get("actor") is None or not request.path.startswith("/api/"):
        return
    actor, limit = g.actor, current_app.config["API_CALLS_PER_MINUTE"]
    window = _hit(current_app.extensions["msp.redis"], str(actor.token_id or actor.id), limit)
    g.api_window = window
    if window.left < 0:
        raise TooManyRequests(f"At most {limit} calls a minute.", retry_after=window.seconds)


def tell(response: Response) -> Response:
    window: Window | None = g.get("api_window")
    if window is not None:
        response.headers["RateLimit-Limit"] = str(current_app.config["API_CALLS_PER_MINUTE"])
        response.headers["RateLimit-Remaining"] = str(max(0, window.left))
        response.headers["RateLimit-Reset"] = str(window.seconds)
    return response


def _hit(redis: Redis, caller: str, limit: int) -> Window:
    now = int(clock.now().timestamp())
    key, seconds = f"api:{caller}:{now // MINUTE}", MINUTE - now % MINUTE
    try:
        pipeline = redis.pipeline()
        pipeline.incr(key)
        pipeline.expire(key, 2 * MINUTE)
        used = pipeline.execute()[0]
    except RedisError as error:
        log.warning("api_limit_without_redis", error=str(error))
        verdict = current_app.extensions["msp.api_throttle"].hit(caller)
        return Window(0, seconds) if verdict.allowed else Window(-1, verdict.retry_after)
    return Window(limit - int(used), seconds)
