"""The link in the mail: signed for one client's host, one link row and one contact. The row says whether it is still good."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from itsdangerous import BadSignature, Signer

from msp.core.secrets import Keyring
from msp.itsm.approvals.errors import ApprovalLinkRefused

PURPOSE = "approval"


@dataclass(frozen=True)
class Held:
    """Which link it is, and whose."""

    link_id: UUID
    contact_id: UUID


def token_of(link_id: UUID, contact_id: UUID, *, tenant_id: UUID, keys: Keyring) -> str:
    """The token that stands in the address."""
    payload = urlsafe_b64encode(link_id.bytes + contact_id.bytes).rstrip(b"=")
    return _signer(tenant_id, keys).sign(payload).decode()


def held(token: str, *, tenant_id: UUID, keys: Keyring) -> Held:
    """Who holds the link; ApprovalLinkRefused unless we signed it for this client."""
    try:
        raw = urlsafe_b64decode(_signer(tenant_id, keys).unsign(token.encode()) + b"=")
        return Held(UUID(bytes=raw[:16]), UUID(bytes=raw[16:]))
    except (BadSignature, UnicodeError, ValueError):
        raise ApprovalLinkRefused from None


def _signer(tenant_id: UUID, keys: Keyring) -> Signer:
    # itsdangerous signs with the last key and reads with all of them.
    return Signer(list(reversed(keys.derive(PURPOSE))), salt=tenant_id.bytes, digest_method=hashlib.sha256)
