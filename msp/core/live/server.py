"""The live process: an ASGI application that holds the pages' streams of server-sent events."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import structlog

from msp.core.config import ConfigError, Settings
from msp.core.live.admission import Doorkeeper, StreamTicket
from msp.core.live.hub import RESET, Event, Hub, Listener

LIFE_SECONDS = 15 * 60.0
HEARTBEAT_SECONDS = 15.0
STALLED_SECONDS = 20.0
MOST_STREAMS = 5000
PATHS = ("/", "/live")
log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class LiveApp:
    """Answers the stream and the question whether it works; everything else is not here."""

    def __init__(self, hub: Hub, doorkeeper: Doorkeeper) -> None:
        self._hub, self._doorkeeper = hub, doorkeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._hub.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self._hub.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/healthz":
            return await _say(send, 503 if self._hub.is_blind else 200, f"{self._hub.count} streams\n")
        if scope["path"] not in PATHS or scope["method"] != "GET":
            return await _say(send, 404, "There is nothing here\n")
        query = parse_qs(scope["query_string"].decode("latin-1"))
        ticket = self._doorkeeper.read(query.get("ticket", [""])[0])
        origin = dict(scope["headers"]).get(b"origin", b"").decode("latin-1")
        if ticket is None or (origin and origin != ticket.origin):
            return await _say(send, 403, "This stream is not for you\n")
        if self._hub.count >= MOST_STREAMS or not self._hub.admits(ticket.session_id, ticket.nonce):
            return await _say(send, 503, "Not now\n", origin)
        return await self._stream(ticket, query.get("after", [""])[0], origin, receive, send)

    async def _stream(self, ticket: StreamTicket, after: str, origin: str, receive: Receive, send: Send) -> None:
        """Write until the page leaves or stops reading, its session ends, or the stream is old enough to be renewed."""
        listener = Listener(ticket.session_id, ticket.channels)
        self._hub.add(listener)  # before looking back, so that nothing falls between
        tasks = [
            asyncio.create_task(self._write(listener, after, origin, send)),
            asyncio.create_task(_left(receive)),
            asyncio.create_task(_ended(listener)),
        ]
        try:
            await asyncio.wait(tasks, timeout=LIFE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._hub.remove(listener)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(OSError, RuntimeError, TimeoutError):
            await asyncio.wait_for(send({"type": "http.response.body", "body": b""}), 1)

    async def _write(self, listener: Listener, after: str, origin: str, send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"x-accel-buffering", b"no"),
            *_common(origin),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await _write(send, b": open\n\n")
        missed = await self._hub.missed(listener.channels, after) if after else []
        for event in missed:
            await _write(send, _lines(event))
        again = set(missed)  # the subscription may be late, and call these out only now
        while True:
            coming = await listener.next(HEARTBEAT_SECONDS)
            if coming in again:
                continue
            await _write(send, _lines(coming) if coming else b": still here\n\n")


def required_settings() -> Settings:
    """The settings in the environment; ConfigError where one that this process needs is missing."""
    settings = Settings.from_env()
    for name, value in (("MSP_LIVE_DATABASE_URL", settings.live_database_url), ("MSP_REDIS_URL", settings.redis_url)):
        if not value:
            raise ConfigError(f"{name} is not set")
    return settings


def create() -> LiveApp:
    """Factory of the process; its settings come from the environment."""
    settings = required_settings()
    return LiveApp(Hub(settings.redis_url, settings.live_database_url), Doorkeeper(settings.secret_keys))


async def _write(send: Send, body: bytes) -> None:
    await asyncio.wait_for(send({"type": "http.response.body", "body": body, "more_body": True}), STALLED_SECONDS)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _ended(listener: Listener) -> None:
    await listener.ended.wait()


def _lines(event: Event) -> bytes:
    id, body = event
    named = f"id: {id}\n" if id else ""
    return (f"event: reset\n{named}data: {{}}\n\n" if body == RESET else f"{named}data: {body}\n\n").encode()


def _common(origin: str) -> list[tuple[bytes, bytes]]:
    shared = [(b"cache-control", b"no-store"), (b"vary", b"Origin"), (b"x-content-type-options", b"nosniff")]
    return [*shared, (b"access-control-allow-origin", origin.encode("latin-1"))] if origin else shared


async def _say(send: Send, status: int, text: str, origin: str = "") -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_common(origin)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
