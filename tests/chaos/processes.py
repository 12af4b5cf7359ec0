"""The worker and cron processes of a run: started, killed without warning, started again as `msp up` does."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from msp.core.embedded.processes import kill_session

PROGRAMS = {
    "urgent": ("worker", "urgent"),
    "worker": ("worker", "default", "mail", "bulk"),
    "second worker": ("worker", "default", "mail", "bulk"),
    "cron": ("cron",),
}
_PAUSE_SECONDS = 1.0  # as the supervisor of `msp up` waits before it revives


class Processes:
    """Keeps the programs running; each in a session of its own, its output in a file."""

    def __init__(self, environment: Mapping[str, str], folder: Path, names: Sequence[str]) -> None:
        self.names = names
        self._environment, self._folder = environment, folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._revive_at: dict[str, float] = {}
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self.restarts = 0

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in self.names:
            self._start(name)
        self._keeper.start()

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def kill(self, name: str, part: str) -> None:
        """`kill -9`: the `whole` process with what it forked, only the `child` at work, or only its `parent`."""
        leader = self.pid(name)
        if part == "whole":
            kill_session(leader)
            return
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(leader)
            victims = parent.children(recursive=True) if part == "child" else [parent]
            for victim in victims:
                victim.send_signal(signal.SIGKILL)

    def stop(self) -> None:
        """End all of them, and whatever they left behind."""
        self._stopping.set()
        self._keeper.join()
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            kill_session(process.pid)
            process.wait()

    def _keep(self) -> None:
        while not self._stopping.wait(0.1):
            for name, process in list(self._running.items()):
                if process.poll() is None:
                    continue
                due = self._revive_at.setdefault(name, time.monotonic() + _PAUSE_SECONDS)
                if time.monotonic() >= due:
                    del self._revive_at[name]
                    self.restarts += 1
                    self._start(name)

    def _start(self, name: str) -> None:
        with (self._folder / f"{name.replace(' ', '-')}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", "msp.cli", *PROGRAMS[name]], env=self._environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
