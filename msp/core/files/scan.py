"""The hook for a malware scanner. The product brings none; what is plugged in decides whether a file is shown."""

from collections.abc import Iterable
from typing import Literal, NamedTuple, Protocol

Outcome = Literal["clean", "held", "refused"]


class Verdict(NamedTuple):
    """`clean` is shown, `held` waits for another look (and is scanned again), `refused` is removed.

    `reason` is for staff: the uploader is told no more than the outcome.
    """

    outcome: Outcome
    reason: str = ""


class Scanner(Protocol):
    """Looks at one file. A scanner that cannot be reached answers `held`, never `clean`."""

    def scan(self, chunks: Iterable[bytes], *, name: str, size: int, sha256: str) -> Verdict: ...


class NullScanner:
    """Finds everything clean, without reading it."""

    def scan(self, chunks: Iterable[bytes], *, name: str, size: int, sha256: str) -> Verdict:
        return Verdict("clean")
