"""Processes of this machine, asked of /proc, or of ps where there is none (macOS)."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_HAS_PROC = (_PROC / "self" / "cmdline").exists()


def wait_until(condition: Callable[[], object], *, seconds: float) -> bool:
    """Ask again and again until `condition` holds; False when the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def runs_with(pid: int, word: str) -> bool:
    """Whether `pid` is alive with `word` among its arguments; a zombie has none."""
    if _HAS_PROC:
        try:
            return word in (_PROC / str(pid) / "cmdline").read_text(errors="replace").split("\0")
        except OSError:
            return False
    return word in _ps("-p", str(pid), "-o", "command=")


@dataclass(frozen=True)
class PidFile:
    """The file in which a detached server writes its number, and how it is told to end.

    `word` is one of its arguments: a number is used again after a crash, and a copied folder brings the pid
    file of the original with it.
    """

    path: Path
    word: str
    stop_signal: signal.Signals

    def holder(self) -> int | None:
        """The server, if it still runs."""
        try:
            pid = int(self.path.read_text().split()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return None
        return pid if runs_with(pid, self.word) else None

    def end(self) -> None:
        """Stop the server and wait for its end; kill it after a minute."""
        pid = self.holder()
        if pid is None:
            return
        for number, patience in ((self.stop_signal, 60), (signal.SIGKILL, 10)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            if wait_until(lambda: not runs_with(pid, self.word), seconds=patience):
                return


def kill_session(leader: int) -> None:
    """Kill what is left of the session that `leader` began, also after its own death."""
    for pid in _all_pids():
        with contextlib.suppress(OSError):
            if os.getsid(pid) == leader:
                os.kill(pid, signal.SIGKILL)


def _all_pids() -> list[int]:
    if _HAS_PROC:
        return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]
    return [int(pid) for pid in _ps("-A", "-o", "pid=").split()]


def _ps(*arguments: str) -> str:
    return subprocess.run(["/bin/ps", *arguments], capture_output=True, text=True, check=False).stdout  # noqa: S603 - own arguments
