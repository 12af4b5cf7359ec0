"""Runs the processes of `msp up` in the foreground, revives what dies and ends everything in order.

honcho and its kin end everything as soon as one process does, know no order, and signal only their direct
children: one killed worker would end the demonstration, and what workers fork would be left behind.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Protocol

from .home import CannotStart
from .processes import kill_session

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
_SETTLED_SECONDS = 60.0  # after so long a life the pauses begin anew
_TRIES_AT_START = 3
_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92)


class Service(Protocol):
    """A server that runs detached: it outlives a killed supervisor, and the next start finds it."""

    @property
    def name(self) -> str: ...
    def is_running(self) -> bool: ...
    def revive(self) -> None: ...
    def stop(self) -> None: ...


@dataclass(frozen=True)
class Process:
    """A program to keep running.

    Stages start one after another, each when the one before is ready, and end in the same order: the pages are
    there before the workers compete for the processor, and are gone before the workers finish what they caused.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    ready: Callable[[], bool] | None = None
    stage: int = 0
    grace_seconds: float = 10.0


def run(
    processes: Sequence[Process], *, services: Sequence[Service] = (), on_ready: Callable[[], None] | None = None
) -> int:
    """Keep everything running until a signal comes (0), or until a process fails to get ready at all (1).

    `services` run already; they end after the processes, the last one first. The first SIGINT, SIGTERM or SIGHUP
    ends everything in order, a second one at once. That the parent vanished is no reason to end, as in
    `nohup msp up &`, and a SIGHUP that nohup ignores stays ignored.
    """
    width = max(len(process.name) for process in processes)
    children = [_Child(process, _prefix(process.name, width, index)) for index, process in enumerate(processes)]
    supervisor = _Supervisor(children, services, on_ready)
    with _signals(supervisor.ask_to_stop):
        try:
            supervisor.keep()
        finally:
            supervisor.stop()
    return supervisor.exit_status


@dataclass
class _Child:
    process: Process
    prefix: str
    popen: subprocess.Popen[str] | None = None
    relay: threading.Thread | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    failures: int = 0
    is_ready: bool = False

    def start(self) -> None:
        self.started_at = time.monotonic()
        self.popen = subprocess.Popen(  # noqa: S603 - programs of the caller
            [*_tied_to_us(), *self.process.argv],
            env={"PYTHONUNBUFFERED": "1", **self.process.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # A session of its own: Ctrl-C reaches us alone, and whatever the child forks can be found again.
            start_new_session=True,
        )
        self.relay = threading.Thread(target=_copy_lines, args=(self.popen.stdout, self.prefix), daemon=True)
        self.relay.start()

    def is_alive(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def end(self) -> str:
        """Kill what is left of it, such as a web worker that holds the port; say how it ended."""
        if self.popen is None or self.relay is None:
            return "was not running"
        kill_session(self.popen.pid)
        status = self.popen.wait()
        self.relay.join(timeout=1)
        self.popen, self.is_ready = None, False
        return f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


@dataclass
class _Supervisor:
    children: Sequence[_Child]
    services: Sequence[Service]
    on_ready: Callable[[], None] | None
    requests: int = 0
    exit_status: int = 0
    was_ready: bool = False
    service_due_at: dict[str, float] = field(default_factory=dict)

    def ask_to_stop(self) -> None:
        self.requests += 1

    def keep(self) -> None:
        while not self.requests:
            for service in self.services:
                self._tend_service(service)
            for child in self._due():
                self._tend(child)
            if not self.was_ready and all(child.is_ready for child in self.children):
                self.was_ready = True
                if self.on_ready:
                    self.on_ready()
            time.sleep(0.1)

    def stop(self) -> None:
        say("stopping; press Ctrl-C again to stop at once")
        for stage in sorted({child.process.stage for child in self.children}):
            self._stop_stage([child for child in self.children if child.process.stage == stage])
        for service in reversed(self.services):
            service.stop()
        say("stopped")

    def _due(self) -> Sequence[_Child]:
        """All, once everything was ready; until then no stage above one that is not."""
        waiting = [child.process.stage for child in self.children if not child.is_ready]
        if self.was_ready or not waiting:
            return self.children
        return [child for child in self.children if child.process.stage <= min(waiting)]

    def _tend(self, child: _Child) -> None:
        now = time.monotonic()
        if child.popen is None:
            if now >= child.due_at:
                child.start()
        elif not child.is_alive():
            child.failures = 1 if now - child.started_at > _SETTLED_SECONDS else child.failures + 1
            pause = min(_FIRST_PAUSE_SECONDS * 2 ** (child.failures - 1), _LONGEST_PAUSE_SECONDS)
            child.due_at = now + pause
            say(f"{child.process.name} {child.end()}; starting it again in {pause:.0f} s")
            if not self.was_ready and child.failures >= _TRIES_AT_START:
                say(f"{child.process.name} does not start, giving up; see its lines above")
                self.requests, self.exit_status = 1, 1
        elif not child.is_ready:
            child.is_ready = child.process.ready is None or child.process.ready()

    def _tend_service(self, service: Service) -> None:
        if service.is_running() or time.monotonic() < self.service_due_at.get(service.name, 0):
            return
        say(f"{service.name} died; starting it again")
        try:
            service.revive()
        except CannotStart as error:
            say(f"{error} Trying again in {_LONGEST_PAUSE_SECONDS:.0f} s")
            self.service_due_at[service.name] = time.monotonic() + _LONGEST_PAUSE_SECONDS

    def _stop_stage(self, children: Sequence[_Child]) -> None:
        for child in children:
            if child.popen is not None and child.is_alive():
                child.popen.terminate()
        asked_at = time.monotonic()
        waiting = list(children)
        while waiting and self.requests < 2:
            waiting = [child for child in waiting if child.is_alive()]
            for child in waiting:
                if time.monotonic() - asked_at > child.process.grace_seconds:
                    say(f"{child.process.name} did not end within {child.process.grace_seconds:.0f} s and is killed")
                    child.end()
            time.sleep(0.05)
        for child in children:
            child.end()


@contextlib.contextmanager
def _signals(handle: Callable[[], None]) -> Iterator[None]:
    """Hand over the signals that ask for the end, except those that nohup made us ignore."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, lambda *_: handle())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tied_to_us() -> list[str]:
    """The kernel ends the child when the supervisor itself is killed; elsewhere than Linux nothing does."""
    program = shutil.which("setpriv")
    return [program, "--pdeathsig", "TERM", "--"] if program else []


def _copy_lines(source: IO[str], prefix: str) -> None:
    with source:
        for line in source:
            _write(f"{prefix}{line.rstrip()}")


def _prefix(name: str, width: int, index: int) -> str:
    label = f"{name:<{width}} | "
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return label
    return f"\033[{_COLOURS[index % len(_COLOURS)]}m{label}\033[0m"


def say(text: str) -> None:
    """A line of the supervisor's own."""
    _write(f"msp | {text}")


def _write(line: str) -> None:
    # The terminal may be gone, which must not keep us from ending what we started.
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
