"""Web-hooks of escalation steps: a JSON body sent to the address that the policy names, signed for who listens there.

By the Standard Webhooks specification. The secret of an address is derived from `MSP_SECRET_KEY`, the client and the
address, so it is stored nowhere; while a key is rotated in, a message carries a signature under each.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from msp.core import clock, outbound, webhooks
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db
from msp.core.jobs import GiveUp
from msp.core.secrets import Keyring
from msp.itsm.sla.models import Definition, DefinitionVersion
from tenants.permissions import Permission

WEB_HOOK = "sla.web_hook"
WORKED = range(200, 300)


class HookRefused(RuntimeError):
    """The other side answered that it did not take it; another time perhaps."""


@dataclass(frozen=True)
class Endpoint:
    """An address that a client's policies name, and the secret by which its messages are checked."""

    tenant_id: UUID
    url: str
    secret: str


def post(url: str, body: Mapping[str, Any], *, id: UUID, tenant_id: UUID) -> None:
    """Send the body once; `id` stays the same at every attempt, so that the other side knows a second one."""
    content = json.dumps(body).encode()
    headers = webhooks.signed_headers(id, content, _secrets(tenant_id, url), now=clock.now())
    try:
        answer = outbound.fetch("POST", url, headers=headers, body=content)
    except outbound.OutboundRefused as error:
        raise GiveUp(error.message) from error
    if answer.status not in WORKED:
        raise HookRefused(f"answered {answer.status}")


def endpoints(*, by: Actor) -> list[Endpoint]:
    """Every address in the policies of the clients that the actor may see, with its present secret."""
    by.require(Permission.SLA_MANAGE)
    statement = (
        sa.select(DefinitionVersion.tenant_id, DefinitionVersion.content)
        .join(
            Definition,
            sa.and_(Definition.tenant_id == DefinitionVersion.tenant_id, Definition.id == DefinitionVersion.definition_id),
        )
        .where(Definition.kind == "policy", Definition.is_active)
    )
    if by.tenant_ids is not None:
        statement = statement.where(DefinitionVersion.tenant_id.in_(by.tenant_ids))
    found = {(row.tenant_id, url) for row in db.session.execute(statement) for url in _urls(row.content)}
    return [Endpoint(tenant_id, url, secret_of(tenant_id, url)) for tenant_id, url in sorted(found)]


def secret_of(tenant_id: UUID, url: str) -> str:
    """The secret as the receiver's library takes it."""
    return webhooks.secret_text(_secrets(tenant_id, url)[0])


def _urls(content: Mapping[str, Any]) -> Iterator[str]:
    for steps in content.get("steps", {}).values():
        for step in steps:
            yield from (action["to"] for action in step.get("actions", ()) if action["kind"] == "web_hook")


def _secrets(tenant_id: UUID, url: str) -> list[bytes]:
    """The address's secret under each key, the newest first."""
    keys = Keyring(settings().secret_keys).derive("web-hook")
    return [hmac.digest(key, tenant_id.bytes + url.encode(), hashlib.sha256) for key in keys]
