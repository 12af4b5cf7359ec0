"""The link in the mail: signed, for one survey, one contact and one client's host. It opens nothing else."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from itsdangerous import BadSignature, Signer

from msp.core.errors import NotFound
from msp.core.secrets import Keyring

PURPOSE = "csat"


class RatingLinkRefused(NotFound):
    """Altered, incomplete, or another client's: the holder is not told which."""

    code, title = "rating_link_refused", "This link is not valid"


@dataclass(frozen=True)
class Invited:
    """Whose link it is, and for which survey."""

    survey_id: UUID
    contact_id: UUID


def token_of(survey_id: UUID, contact_id: UUID, *, tenant_id: UUID, keys: Keyring) -> str:
    """The token that stands in the address."""
    payload = urlsafe_b64encode(survey_id.bytes + contact_id.bytes).rstrip(b"=")
    return _signer(tenant_id, keys).sign(payload).decode()


def invited(token: str, *, tenant_id: UUID, keys: Keyring) -> Invited:
    """Who holds the link; RatingLinkRefused unless we signed it for this client."""
    try:
        raw = urlsafe_b64decode(_signer(tenant_id, keys).unsign(token.encode()) + b"=")
    except (BadSignature, UnicodeError, ValueError):
        raise RatingLinkRefused from None
    return Invited(UUID(bytes=raw[:16]), UUID(bytes=raw[16:]))


def _signer(tenant_id: UUID, keys: Keyring) -> Signer:
    # itsdangerous signs with the last key and reads with all of them.
    return Signer(list(reversed(keys.derive(PURPOSE))), salt=tenant_id.bytes, digest_method=hashlib.sha256)
