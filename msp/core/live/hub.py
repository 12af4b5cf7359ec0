"""The live process inside: open streams, the one Redis subscription that feeds them, the sessions that have ended."""

import asyncio
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from msp.core.live.admission import SECONDS
from msp.core.live.publish import FANOUT, KEEP, stream

QUEUE = 200
POLL_SECONDS = 2.0
# Ended sessions are asked for again this long: a ticket may be a minute old, a transaction that ends one some seconds.
LOOK_BACK_SECONDS = 2 * SECONDS
BLIND_SECONDS = 10.0
OVERLAP_MS = 2000
_ID = re.compile(r"(\d{1,15})-(\d{1,15})")
log = structlog.get_logger(__name__)

K = TypeVar("K")
Event = tuple[str, str]  # an id and the text of a message
RESET = ""  # in place of the text: messages were lost, everything is to be fetched anew


class Listener:
    """One open stream: what waits to be written to it, and whether it has to end."""

    def __init__(self, session_id: UUID, channels: Iterable[str]) -> None:
        self.session_id, self.channels = session_id, tuple(channels)
        self.ended = asyncio.Event()
        self._waiting: asyncio.Queue[Event] = asyncio.Queue(QUEUE)

    def offer(self, event: Event) -> None:
        """Put an event behind the others; a reader who is too slow for them all gets one that replaces them."""
        if self._waiting.full():
            while not self._waiting.empty():
                self._waiting.get_nowait()
            event = (event[0], RESET)
        self._waiting.put_nowait(event)

    async def next(self, seconds: float) -> Event | None:
        """The next event, or None when there is none for so long."""
        try:
            return await asyncio.wait_for(self._waiting.get(), seconds)
        except TimeoutError:
            return None


class Hub:
    """Everything that the streams share. `is_blind` while nobody can say which sessions have ended."""

    def __init__(self, redis_url: str, database_url: str) -> None:
        self._redis = Redis.from_url(redis_url, socket_timeout=None, socket_keepalive=True)
        self._database_url = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._by_channel: dict[str, set[Listener]] = {}
        self._by_session: dict[UUID, set[Listener]] = {}
        self._ended_sessions: frozenset[UUID] = frozenset()
        self._seen_at = 0.0
        self._tickets: dict[str, float] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._watch())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._end(self._listeners())
        await self._redis.aclose()

    @property
    def is_blind(self) -> bool:
        return monotonic() - self._seen_at > BLIND_SECONDS

    @property
    def count(self) -> int:
        return len(self._listeners())

    def admits(self, session_id: UUID, nonce: str) -> bool:
        """Whether a ticket may open a stream: its session has not ended, and it has opened none."""
        now = monotonic()
        self._tickets = {known: until for known, until in self._tickets.items() if until > now}
        if self.is_blind or session_id in self._ended_sessions or nonce in self._tickets:
            return False
        self._tickets[nonce] = now + SECONDS
        return True

    def add(self, listener: Listener) -> None:
        for channel in listener.channels:
            self._by_channel.setdefault(channel, set()).add(listener)
        self._by_session.setdefault(listener.session_id, set()).add(listener)

    def remove(self, listener: Listener) -> None:
        for channel in listener.channels:
            _discard(self._by_channel, channel, listener)
        _discard(self._by_session, listener.session_id, listener)

    async def missed(self, channels: Iterable[str], after: str) -> list[Event]:
        """What the channels said after an id, a little before it too; one RESET when that is no longer known."""
        parts = _ID.fullmatch(after)
        known = int(parts[1]) if parts else -1
        found: list[tuple[int, int, Event]] = []
        try:
            pipe = self._redis.pipeline(transaction=False)
            for channel in channels:
                pipe.xrange(stream(channel), max=f"{max(known, 0)}-0", count=1)  # the oldest that is kept
                pipe.xrange(stream(channel), min=f"{max(known - OVERLAP_MS, 0)}-0")
                pipe.xlen(stream(channel))
            pipe.time()
            *answers, (seconds, microseconds) = await pipe.execute()
        except RedisError:
            return [(after if parts else "", RESET)]
        for oldest, entries, length in zip(answers[::3], answers[1::3], answers[2::3], strict=True):
            if known < 0 or (length >= KEEP and not oldest):
                return [(f"{seconds * 1000 + microseconds // 1000}-0", RESET)]
            found += [(*_key(id), (id.decode(), fields[b"body"].decode())) for id, fields in entries]
        return [event for _, _, event in sorted(found)]

    async def _listen(self) -> None:
        """Hand on what is published. An interruption ends every stream: its page comes back and asks what it missed."""
        while True:
            try:
                async with self._redis.pubsub() as subscription:
                    await subscription.subscribe(FANOUT)
                    async for message in subscription.listen():
                        if message["type"] == "message":
                            self._pass_on(json.loads(message["data"]))
            except RedisError as error:
                log.warning("redis_refused", error=str(error))
            self._end(self._listeners())
            await asyncio.sleep(1)

    def _pass_on(self, told: dict[str, Any]) -> None:
        for listener in self._by_channel.get(told["channel"], ()):
            listener.offer((told["id"], told["body"]))

    async def _watch(self) -> None:
        """Ask which sessions have ended and end their streams; end all when that cannot be asked for too long."""
        connection: psycopg.AsyncConnection[Any] | None = None
        while True:
            try:
                if connection is None:
                    connection = await psycopg.AsyncConnection.connect(
                        self._database_url, autocommit=True, connect_timeout=3
                    )
                await self._end_revoked(connection)
            except (psycopg.Error, TimeoutError) as error:
                log.warning("database_unreachable", error=str(error).strip())
                if connection is not None:
                    with suppress(psycopg.Error):
                        await connection.close()
                    connection = None
            if self.is_blind:
                self._end(self._listeners())
            await asyncio.sleep(POLL_SECONDS)

    async def _end_revoked(self, connection: psycopg.AsyncConnection[Any]) -> None:
        asked = connection.execute(
            "SELECT session_id FROM revoked_since(now() - make_interval(secs => %s))", (LOOK_BACK_SECONDS,)
        )
        rows = await (await asyncio.wait_for(asked, POLL_SECONDS)).fetchall()
        self._ended_sessions, self._seen_at = frozenset(row[0] for row in rows), monotonic()
        for session_id in self._ended_sessions & self._by_session.keys():
            self._end(self._by_session[session_id])

    def _listeners(self) -> set[Listener]:
        return {listener for listeners in self._by_session.values() for listener in listeners}

    def _end(self, listeners: Iterable[Listener]) -> None:
        for listener in listeners:
            listener.ended.set()


def _discard(table: dict[K, set[Listener]], key: K, listener: Listener) -> None:
    found = table.get(key, set())
    found.discard(listener)
    if not found:
        table.pop(key, None)


def _key(id: bytes) -> tuple[int, int]:
    milliseconds, _, sequence = id.decode().partition("-")
    return int(milliseconds), int(sequence)
