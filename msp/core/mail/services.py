"""Asking for a mail: an outbox row in the running transaction; it leaves after the commit."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msp.core.outbox import services as outbox

SEND = "mail.send"


def send(
    template: str, *, to: str, context: Mapping[str, Any], tenant_id: UUID | None, reply_headers: Mapping[str, str] | None = None
) -> UUID:
    """Ask for one mail from a template; the id of its outbox row, from which its Message-ID is made."""
    args = {"template": template, "to": to, "context": dict(context), "headers": dict(reply_headers or {})}
    return outbox.enqueue(SEND, args, tenant_id=tenant_id)
