"""Messages to other programs, signed by the Standard Webhooks specification."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

PREFIX = "whsec_"


def signed_headers(id: UUID, content: bytes, secrets: Sequence[bytes], *, now: datetime) -> dict[str, str]:
    """The headers of one message, with a signature under each secret; `id` stays the same when it is sent again."""
    at = str(int(now.timestamp()))
    signed = f"{id}.{at}.".encode() + content
    each = (hmac.digest(secret, signed, hashlib.sha256) for secret in secrets)
    return {
        "Content-Type": "application/json",
        "webhook-id": str(id),
        "webhook-timestamp": at,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(made).decode()}" for made in each),
    }


def secret_text(secret: bytes) -> str:
    """The secret as the receiver's library takes it."""
    return PREFIX + base64.b64encode(secret).decode()
