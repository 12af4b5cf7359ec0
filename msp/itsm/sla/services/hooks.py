"""Web-hooks of escalation steps: a JSON body sent to the address that the policy names."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msp.core import clock, outbound
from msp.core.jobs import GiveUp

WEB_HOOK = "sla.web_hook"
WORKED = range(200, 300)


class HookRefused(RuntimeError):
    """The other side answered that it did not take it; another time perhaps."""


def post(url: str, body: Mapping[str, Any], *, id: UUID) -> None:
    """Send the body once; `id` stays the same at every attempt, so that the other side knows a second one."""
    headers = {
        "Content-Type": "application/json",
        "webhook-id": str(id),
        "webhook-timestamp": str(int(clock.now().timestamp())),
    }
    try:
        answer = outbound.fetch("POST", url, headers=headers, body=json.dumps(body).encode())
    except outbound.OutboundRefused as error:
        raise GiveUp(error.message) from error
    if answer.status not in WORKED:
        raise HookRefused(f"answered {answer.status}")
