"""Pages and searches of the running web process: server time, requests a second, bytes, queries."""

import http.client
import statistics
import threading
import time
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from msp.prove.browser import browser
from tests.benchmarks.stage import PORT, Stage, wait_for_web
from tests.support import world
from tests.support.statements import counted

REPEATS = 120
BURST_SECONDS = 4
THREADS = 8


@dataclass(frozen=True)
class Visit:
    """One page, asked as one person."""

    name: str
    host: str
    cookie: str
    path: str
    body: str = ""


def measure(stage: Stage) -> dict[str, dict[str, float]]:
    """Median and p95 server time (ms), requests a second, bytes and queries of each page."""
    stage.start("web", "web", "--surface", "both", "--port", str(PORT))
    wait_for_web()
    visits = _visits(stage)
    return {visit.name: _measure(visit) | {"queries": _queries(stage, visit)} for visit in visits}


def _visits(stage: Stage) -> list[Visit]:
    loaded: Any = stage.loaded
    company = loaded.companies[0]
    agent = _cookie(stage.console, "console.localhost", loaded.actor.provider_id, loaded.actor.person_id)
    contact = _cookie(stage.portal, company.host, company.id, company.people["manager"].person_id)
    key = company.tenant.key
    return [
        Visit("queue page", "console.localhost", agent, "/queue"),
        Visit("queue of one client", "console.localhost", agent, f"/queue?q=client:{key.lower()}+is:open"),
        Visit("ticket page", "console.localhost", agent, f"/tickets/{key}-5"),
        Visit("search over all clients", "console.localhost", agent, "/queue?q=scanner+password"),
        Visit("portal list", company.host, contact, "/company"),
        Visit("portal home", company.host, contact, "/"),
    ]


def _measure(visit: Visit) -> dict[str, float]:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    times, size = [], 0
    for number in range(REPEATS + 10):
        began = time.perf_counter()
        size = _ask(connection, visit)
        if number >= 10:
            times.append((time.perf_counter() - began) * 1000)
    connection.close()
    times.sort()
    return {
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(times[int(len(times) * 0.95) - 1], 1),
        "requests_per_second": _burst(visit),
        "bytes": size,
    }


def _burst(visit: Visit) -> float:
    """Requests a second with eight callers at a time."""
    done = [0] * THREADS
    ends = time.perf_counter() + BURST_SECONDS

    def call(index: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
        while time.perf_counter() < ends:
            _ask(connection, visit)
            done[index] += 1
        connection.close()

    threads = [threading.Thread(target=call, args=(index,)) for index in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return round(sum(done) / BURST_SECONDS, 1)


def _ask(connection: http.client.HTTPConnection, visit: Visit) -> int:
    connection.request("GET", visit.path, headers={"Host": f"{visit.host}:{PORT}", "Cookie": f"msp={visit.cookie}"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{visit.name}: {answer.status} {answer.getheader('Location', '')}")
    return len(body)


def _queries(stage: Stage, visit: Visit) -> int:
    """Statements of one page, counted in this process."""
    app = stage.console if visit.host == "console.localhost" else stage.portal
    client = browser(app, visit.host, visit.cookie)
    client.get(visit.path)
    with counted(app) as statements:
        client.get(visit.path)
    return len(statements)


def _cookie(app: Flask, host: str, tenant_id: Any, person_id: Any) -> str:
    client: FlaskClient = app.test_client()
    world.signed_in(app, client, host, tenant_id, person_id)
    cookie = client.get_cookie("msp", domain=host)
    if cookie is None:
        raise RuntimeError("no session was opened")
    return str(cookie.value)


def measure_creation(stage: Stage, *, count: int = 200) -> dict[str, float]:
    """Opening tickets through the service, one transaction each (ms)."""
    from msp.itsm.tickets.services import opening

    loaded: Any = stage.loaded
    times = []
    requester = loaded.companies[0].actor("requester")
    for number in range(count):
        began = time.perf_counter()
        with world.acting(stage.console, requester):
            opening.open_ticket(loaded.companies[0].id, f"Benchmark {number}", body="It does not work.", by=requester)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return {"median_ms": round(statistics.median(times), 1), "p95_ms": round(times[int(count * 0.95) - 1], 1)}
