"""One signed message to a runbook's address, and what came back."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import digest
from typing import Any
from uuid import UUID

from msp.core import clock, outbound, webhooks
from msp.core.app import settings
from msp.core.outbound import OutboundFailed, OutboundRefused
from msp.core.secrets import Keyring
from msp.itsm.runbooks import addresses, results
from msp.itsm.runbooks.models import Runbook
from msp.itsm.runbooks.results import Result

SECONDS = 15
TOO_MANY = 429


@dataclass(frozen=True)
class Answer:
    """`is_taken`: the other side works on it, or has done so where there is a `result`; `may_retry`: another time perhaps."""

    words: str
    milliseconds: int
    status: int | None = None
    is_taken: bool = False
    may_retry: bool = False
    result: Result | None = None


def send(url: str, body: Mapping[str, Any], *, id: UUID, secrets: list[bytes]) -> Answer:
    """Send the body once; the answer says in words what came of it, whatever it was."""
    content = json.dumps(body, ensure_ascii=False).encode()
    headers = webhooks.signed_headers(id, content, secrets, now=clock.now())
    begun = time.monotonic()
    try:
        policy = addresses.check(url)
        answer = outbound.fetch("POST", url, headers=headers, body=content, timeout_seconds=SECONDS, policy=policy)
    except OutboundRefused as error:
        words = addresses.PRIVATE if error.message == OutboundRefused.title else error.message
        return Answer(words, _since(begun))
    except OutboundFailed as error:
        return Answer(f"No answer: {error.message}", _since(begun), may_retry=True)
    return _read(answer, _since(begun))


def secrets_of(runbook: Runbook) -> list[bytes]:
    """What signs for a runbook: its secret under each key, the newest first, then the secret that it had before."""
    keys = Keyring(settings().secret_keys).derive("runbook")
    numbers = [number for number in (runbook.secret_number, runbook.secret_number - 1) if number > 0]
    return [digest(key, runbook.id.bytes + str(number).encode(), "sha256") for number in numbers for key in keys]


def _read(answer: outbound.Response, milliseconds: int) -> Answer:
    status = answer.status
    if not 200 <= status < 300:
        return Answer(f"Answered {status}.", milliseconds, status, may_retry=status == TOO_MANY or status >= 500)
    try:
        result = results.in_answer(answer.body)
    except results.Unreadable as error:
        return Answer(f"Answered {status} with a result that cannot be read: {error}", milliseconds, status)
    words = f"Answered {status} with the result." if result else f"Answered {status}: taken."
    return Answer(words, milliseconds, status, is_taken=True, result=result)


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
