"""The supervisor as a process of its own, since it lives by signals."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from msp.core.embedded.processes import runs_with, wait_until

CHILD = """
import os, signal, sys, time
name, seconds = sys.argv[1], float(sys.argv[2])
def finish(*_):
    print("finishing", flush=True)
    time.sleep(seconds)
    print("finished", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, finish)
forked = os.fork()
if forked == 0:
    os.setpgrp()  # as RQ's work horses do
else:
    print("up", os.getpid(), forked, flush=True)
while True:
    time.sleep(60)
"""

HARNESS = """
import os, sys
from msp.core.embedded import supervisor

class Service:
    def __init__(self, name, dies):
        self.name, self.runs = name, not dies
    def is_running(self):
        return self.runs
    def revive(self):
        self.runs = True
    def stop(self):
        print("stopped", self.name, flush=True)

def child(name, seconds, **options):
    return supervisor.Process(name, [sys.executable, "-c", CHILD, name, str(seconds)], os.environ, **options)

CHILD = os.environ["CHILD"]
sys.exit(supervisor.run(PROCESSES, services=[Service("postgres", False), Service("redis", True)],
    on_ready=lambda: print("all ready", flush=True)))
"""
TWO = "[child('web', 0), child('worker', 1, stage=1)]"


class Run:
    """A supervisor at work and what it said so far."""

    def __init__(self, processes: str, output: Path) -> None:
        self.output = output
        with output.open("w") as stream:
            self.popen = subprocess.Popen(
                [sys.executable, "-c", HARNESS.replace("PROCESSES", processes)],
                env=os.environ | {"CHILD": CHILD},
                stdout=stream,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait_for(self, text: str, *, times: int = 1) -> None:
        assert wait_until(lambda: self.said.count(text) >= times, seconds=15), f"{text!r} is missing in:\n{self.said}"

    def pids(self, name: str) -> list[int]:
        """The newest process of that name and the one it forked; what a process says comes by a way of its own, and may come late."""
        self.wait_for(f"{name} | up")
        return [int(pid) for pid in re.findall(rf"{name} +\| up (\d+) (\d+)", self.said)[-1]]

    def is_alone(self) -> bool:
        """Whether nothing that it started is left."""
        found = re.findall(r"\| up (\d+) (\d+)", self.said)
        return not any(runs_with(int(pid), CHILD) for pair in found for pid in pair)


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[[str], Run]]:
    runs: list[Run] = []

    def start(processes: str = TWO) -> Run:
        runs.append(Run(processes, tmp_path / "output"))
        return runs[-1]

    yield start
    for run in runs:
        run.popen.terminate()
        run.popen.wait(timeout=15)


def test_what_is_killed_comes_back_without_leftovers(supervise: Callable[..., Run]) -> None:
    run = supervise()
    run.wait_for("all ready")
    first, forked = run.pids("worker")
    os.kill(first, signal.SIGKILL)
    run.wait_for("msp | worker was killed by SIGKILL; starting it again in 1 s")
    run.wait_for("worker | up", times=2)
    assert run.pids("worker")[0] != first
    assert wait_until(lambda: not runs_with(forked, CHILD), seconds=2)
    assert run.popen.poll() is None
    assert "msp | redis died; starting it again" in run.said


def test_one_signal_ends_all_in_order(supervise: Callable[..., Run]) -> None:
    run = supervise()
    run.wait_for("all ready")
    run.popen.terminate()
    assert run.popen.wait(timeout=10) == 0
    order = ["web    | finished", "worker | finished", "stopped redis", "stopped postgres", "msp | stopped"]
    places = [run.said.index(text) for text in order]
    assert places == sorted(places)
    assert run.said.index("web    | finished") < run.said.index("worker | finishing")
    assert run.is_alone()


def test_second_signal_ends_all_at_once(supervise: Callable[..., Run]) -> None:
    run = supervise("[child('web', 0), child('worker', 60, stage=1, grace_seconds=60)]")
    run.wait_for("all ready")
    run.popen.terminate()
    run.wait_for("worker | finishing")
    run.popen.terminate()
    assert run.popen.wait(timeout=5) == 0
    assert "stopped postgres" in run.said
    assert run.is_alone()


def test_who_does_not_end_in_time_is_killed(supervise: Callable[..., Run]) -> None:
    run = supervise("[child('web', 60, grace_seconds=0.2)]")
    run.wait_for("all ready")
    run.popen.terminate()
    assert run.popen.wait(timeout=5) == 0
    assert "web did not end within" in run.said
    assert run.is_alone()


def test_program_that_never_starts_ends_the_run(supervise: Callable[..., Run]) -> None:
    run = supervise("[child('web', 0), supervisor.Process('broken', ['/bin/sh', '-c', 'echo reason; exit 3'], {})]")
    assert run.popen.wait(timeout=15) == 1
    assert run.said.count("broken | reason") == 3
    assert "broken ended with status 3" in run.said
    assert "msp | broken does not start, giving up" in run.said
    assert "all ready" not in run.said
    assert "stopped postgres" in run.said
    assert run.is_alone()


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="only Linux ends the children of a killed process")
def test_killed_supervisor_takes_its_children_along(supervise: Callable[..., Run]) -> None:
    run = supervise("[child('web', 0)]")
    run.wait_for("all ready")
    web, forked = run.pids("web")
    run.popen.kill()
    try:
        assert wait_until(lambda: not runs_with(web, CHILD), seconds=5)
    finally:
        os.kill(forked, signal.SIGKILL)
