"""Streams from a real live process: who hears what, what is replayed, and when a stream ends."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote
from uuid import uuid4

import pytest

from msp.core.config import Settings
from msp.core.db import apart, call
from msp.core.ids import new_id
from msp.core.live import publish as live
from msp.core.live.admission import Doorkeeper, StreamTicket
from msp.core.live.hub import Hub
from msp.core.live.pages import channels_of
from msp.core.live.server import LiveApp
from msp.core.scope import Scope
from tenants.services import people
from tests.conftest import SECRET
from tests.support import world

ORIGIN = "http://console.localhost"


@pytest.fixture(scope="module")
def port(settings: Settings) -> Iterator[int]:
    """A live process of its own on a free port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    environment = os.environ | {
        "MSP_ENVIRONMENT": "test", "MSP_SECRET_KEY": SECRET, "MSP_PUBLIC_SCHEME": "http",
        "MSP_CONSOLE_HOST": settings.console_host, "MSP_REDIS_URL": settings.redis_url,
        "MSP_LIVE_DATABASE_URL": settings.live_database_url,
    }  # fmt: skip
    program = str(Path(sys.executable).with_name("msp"))
    process = subprocess.Popen([program, "live", "--port", str(port)], env=environment)
    try:
        until = time.monotonic() + 60  # only a busy machine needs so long
        while run(_status(port, "/healthz")) != 200:
            assert time.monotonic() < until, "the live process does not answer"
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)


@dataclass
class Page:
    """A page's end of a stream."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    opened: ClassVar[list["Page"]] = []
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    async def event(self, seconds: float = 5) -> dict[str, str]:
        """The next event as its fields; `{}` when the stream has ended."""
        found: dict[str, str] = {}
        async with asyncio.timeout(seconds):
            while line := await self.reader.readline():
                text = line.decode().rstrip("\r\n")
                if text == "0":  # the last chunk of the answer
                    break
                if ": " in text and not text.startswith(":"):
                    name, _, value = text.partition(": ")
                    found[name] = value
                elif not text and "data" in found:
                    return found
        return {}

    async def is_silent(self, seconds: float = 0.3) -> bool:
        try:
            return await self.event(seconds) == {}
        except TimeoutError:
            return True


def run(scene: Coroutine[Any, Any, Any]) -> Any:
    """Play the scene, then close every page that it opened."""

    async def play() -> Any:
        try:
            return await scene
        finally:
            pages, Page.opened[:] = Page.opened[:], []
            for page in pages:
                page.writer.close()
            await asyncio.gather(*(page.writer.wait_closed() for page in pages), return_exceptions=True)

    return asyncio.run(play())


async def _status(port: int, path: str, **headers: str) -> int:
    try:
        return (await _get(port, path, **headers)).status
    except OSError:
        return 0


async def _get(port: int, path: str, **headers: str) -> Page:
    page = Page(*await asyncio.open_connection("127.0.0.1", port))
    Page.opened.append(page)
    lines = [f"GET {path} HTTP/1.1", "Host: live", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    page.writer.write("\r\n".join(lines).encode())
    page.status = int((await page.reader.readline()).split()[1])
    while line := (await page.reader.readline()).decode().strip():
        name, _, value = line.partition(": ")
        page.headers[name.lower()] = value
    return page


def ticket(*channels: str, session_id: Any = None, origin: str = ORIGIN) -> str:
    return Doorkeeper([SECRET]).write(StreamTicket(session_id or uuid4(), channels, origin))


async def listen(port: int, *channels: str, after: str = "", origin: str = ORIGIN, **known: Any) -> Page:
    """An open stream that hears these channels."""
    page = await _get(port, f"/live?ticket={quote(ticket(*channels, **known))}&after={after}", Origin=origin)
    assert page.status == 200
    await page.reader.readuntil(b": open")
    return page


def say(app: Any, *channels: str, topic: str = "ticket", **ids: Any) -> None:
    with world.as_staff(app):
        live.publish(channels, topic, **ids)


def test_one_message_reaches_exactly_the_streams_of_its_channel(port: int, console_app: Any) -> None:
    mine, other, id = live.public(new_id()), live.public(new_id()), new_id()

    async def scene() -> None:
        pages = await asyncio.gather(*(listen(port, mine if number % 4 == 0 else other) for number in range(200)))
        await asyncio.to_thread(say, console_app, mine, id=id)
        heard = await asyncio.gather(*(page.event() for page in pages[::4]))
        assert [json.loads(event["data"])["id"] for event in heard] == [str(id)] * 50
        assert all(await asyncio.gather(*(page.is_silent() for number, page in enumerate(pages) if number % 4)))

    run(scene())


def test_what_was_missed_comes_again_and_what_is_lost_is_said(port: int, console_app: Any) -> None:
    channel = live.internal(new_id())

    async def scene() -> None:
        page = await listen(port, channel)
        await asyncio.to_thread(say, console_app, channel, id="first")
        last = (await page.event())["id"]
        page.writer.close()
        await asyncio.to_thread(say, console_app, channel, id="second")
        again = await listen(port, channel, after=last)
        heard = [json.loads((await again.event())["data"])["id"] for _ in range(2)]
        assert heard == ["first", "second"], "a little before the last one, so that nothing falls between"
        assert await again.is_silent()
        await asyncio.to_thread(_fill, console_app, channel)
        for lost in (last, "nonsense"):
            late = await listen(port, channel, after=lost)
            event = await late.event()
            assert event["event"] == "reset"
            assert event["id"] > last

    run(scene())


def test_what_is_called_out_while_one_looks_back_comes_once(monkeypatch: Any) -> None:
    """The subscription may be late: then a message is among the missed ones, and is called out afterwards."""
    hub, channel, sent = Hub("redis://127.0.0.1:1/0", ""), live.internal(new_id()), bytearray()
    hub._seen_at = time.monotonic()
    over = asyncio.Event()

    async def missed(*_: Any) -> list[tuple[str, str]]:
        for id in ("5-0", "6-0"):
            hub._pass_on({"channel": channel, "id": id, "body": f'{{"id": "{id}"}}'})
        return [("4-0", '{"id": "4-0"}'), ("5-0", '{"id": "5-0"}')]

    async def receive() -> dict[str, str]:
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.extend(message.get("body", b""))
        if b"id: 6-0" in sent:
            over.set()

    async def scene() -> None:
        query = f"ticket={quote(ticket(channel))}&after=3-0".encode()
        scope = {"type": "http", "path": "/live", "method": "GET", "query_string": query, "headers": []}
        async with asyncio.timeout(5):
            await LiveApp(hub, Doorkeeper([SECRET]))(scope, receive, send)

    monkeypatch.setattr(hub, "missed", missed)
    run(scene())
    assert [line for line in sent.decode().splitlines() if line.startswith("id:")] == ["id: 4-0", "id: 5-0", "id: 6-0"]


def _fill(app: Any, channel: str) -> None:
    with app.app_context():
        pipe = app.extensions["msp.redis"].pipeline(transaction=False)
        for number in range(live.KEEP + 200):
            pipe.xadd(
                live.stream(channel), {"body": json.dumps({"topic": str(number)})}, maxlen=live.KEEP, approximate=False
            )
        pipe.execute()


def test_a_ticket_is_for_one_stream_on_one_origin_for_a_minute(port: int, monkeypatch: Any) -> None:
    def status(text: str, **headers: str) -> int:
        return run(_status(port, f"/live?ticket={quote(text)}", **headers))

    good = ticket("staff")
    assert status(good, Origin="http://evil.localhost") == 403
    assert status(good[:-2] + "xx", Origin=ORIGIN) == 403
    assert status("", Origin=ORIGIN) == 403
    assert status(good, Origin=ORIGIN) == 200
    assert status(good, Origin=ORIGIN) == 503, "it has opened a stream already"
    assert status(ticket("staff")) == 200, "behind one origin the browser sends none"
    with monkeypatch.context() as past:
        past.setattr("itsdangerous.timed.time.time", lambda: time.monotonic())  # long ago
        old = ticket("staff")
    assert status(old, Origin=ORIGIN) == 403
    assert run(_status(port, "/elsewhere")) == 404


def test_only_the_pages_own_origin_may_read(port: int) -> None:
    async def scene() -> dict[str, str]:
        return (await listen(port, "staff")).headers

    headers = run(scene())
    assert headers["access-control-allow-origin"] == ORIGIN
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize("is_limited", [False, True], ids=["by himself", "by a limited administrator"])
def test_a_forced_log_out_ends_the_stream_within_five_seconds(
    port: int, console_app: Any, console_of: Any, acme: Any, is_limited: bool
) -> None:
    _, actor = world.agent(console_app, clients=[acme.id] if is_limited else None)
    client = console_of(actor)
    answer = client.post("/live/ticket", headers={"X-CSRFToken": world.csrf(client)})
    assert answer.status_code == 200, answer.data
    text = answer.get_json()["ticket"]
    session_id = Doorkeeper([SECRET]).read(text).session_id

    async def scene() -> float:
        page = await _get(port, f"/live?ticket={quote(text)}", Origin=ORIGIN)
        await page.reader.readuntil(b": open")
        stays = await listen(port, "staff")
        if is_limited:
            await asyncio.to_thread(_lower, console_app, actor.id, acme.id)
        else:
            await asyncio.to_thread(_end_sessions, console_app, actor.person_id)
        began = time.monotonic()
        assert await page.event(8) == {}, "the stream has ended"
        assert await stays.is_silent()
        assert not stays.reader.at_eof(), "nobody else's has"
        return time.monotonic() - began

    assert run(scene()) < 5
    refused = ticket("staff", session_id=session_id)
    assert run(_status(port, f"/live?ticket={quote(refused)}", Origin=ORIGIN)) == 503


def _lower(app: Any, agent_id: Any, client_id: Any) -> None:
    """A limited administrator takes a right away from one of his agents."""
    with world.acting(app, world.agent(app, "admin", clients=[client_id])[1]) as by:
        people.change_agent(agent_id, version=1, roles=["read_only"], by=by)


def _end_sessions(app: Any, person_id: Any) -> None:
    with app.app_context(), apart(Scope.signin()):
        assert call("end_sessions", p_person=person_id, p_except=None, p_reason="test")[0]["end_sessions"] == 1


def test_each_hears_only_what_is_his(console_app: Any, portal_of: Any, acme: Any, birch: Any) -> None:
    _, free = world.agent(console_app)
    _, limited = world.agent(console_app, clients=[acme.id])
    assert channels_of(free) == (live.STAFF, live.agent(free.id))
    assert channels_of(limited) == (live.internal(acme.id), live.agent(limited.id))
    client = portal_of(acme)
    answer = client.post("/live/ticket", headers={"X-CSRFToken": world.csrf(client)})
    read = Doorkeeper([SECRET]).read(answer.get_json()["ticket"])
    assert read.channels == (live.public(acme.id),)
    assert read.origin == f"http://{acme.host}"
    assert portal_of(birch, None).post("/live/ticket").status_code in (400, 401), "nobody is signed in"


def test_a_slow_reader_loses_its_place_and_not_the_process(port: int, console_app: Any) -> None:
    channel, body = live.internal(new_id()), "x" * 20_000

    async def scene() -> None:
        slow, quick = await listen(port, channel), await listen(port, channel)
        for _ in range(60):
            await asyncio.to_thread(_burst, console_app, channel, body)
            async with asyncio.timeout(5):
                for _ in range(50):
                    assert json.loads((await quick.event())["data"])["topic"] == "ticket"
        heard = [await slow.event()]
        while heard[-1].get("event") != "reset":
            assert len(heard) < 3000, "whoever is that slow is told to begin anew"
            heard.append(await slow.event())

    run(scene())


def _burst(app: Any, channel: str, body: str) -> None:
    with world.as_staff(app):
        live.publish_many(live.Message((channel,), "ticket", {"id": number, "why": body}) for number in range(50))


def test_who_stops_reading_is_dropped(monkeypatch: Any) -> None:
    monkeypatch.setattr("msp.core.live.server.STALLED_SECONDS", 0.05)
    hub, sent = Hub("redis://127.0.0.1:1/0", ""), []
    hub._seen_at = time.monotonic()

    async def receive() -> dict[str, str]:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])
        if message["type"] == "http.response.body" and message.get("more_body"):
            await asyncio.sleep(60)

    async def scene() -> None:
        query = f"ticket={quote(ticket('staff'))}".encode()
        scope = {"type": "http", "path": "/live", "method": "GET", "query_string": query, "headers": []}
        async with asyncio.timeout(2):
            await LiveApp(hub, Doorkeeper([SECRET]))(scope, receive, send)

    run(scene())
    assert sent == ["http.response.start", "http.response.body", "http.response.body"], "begun, stalled, ended"
    assert hub.count == 0
