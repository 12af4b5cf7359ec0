"""Random tokens and how they are stored, and signed messages that expire."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer

from msp.core.errors import Forbidden

TOKEN_BYTES = 32
API_TOKEN_PREFIX = "msp_"  # noqa: S105  # public by design: it marks a token as ours


class SignatureRefused(Forbidden):
    """Forged, made for another purpose, or too old: the holder is not told which."""

    code, title = "signature_refused", "This link is not valid, or no longer"


def new_token(prefix: str = "") -> str:
    """256 random bits, safe in a URL; a prefix lets people and secret scanners recognise what it is."""
    return prefix + secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str:
    """What is stored of a session or link token. It is random, so a plain hash cannot be reversed by guessing."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def keyed_hash(token: str, *, key: bytes) -> str:
    """What is stored of an API token: worthless to whoever has the table but not the key."""
    return hmac.new(key, token.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def keyed_hashes(token: str, *, keys: Sequence[bytes]) -> list[str]:
    """The hash under each key, newest first: a token made before a key was rotated is still found."""
    return [keyed_hash(token, key=key) for key in keys]


def is_same(left: str, right: str) -> bool:
    """Equality whose time tells nothing about the content."""
    return hmac.compare_digest(left.encode("utf-8", "surrogatepass"), right.encode("utf-8", "surrogatepass"))


def sign(payload: Any, *, purpose: str, keys: Sequence[bytes], now: datetime) -> str:
    """A URL-safe text that carries `payload` (JSON, readable by anybody) and the second it was signed."""
    return _serializer(purpose, keys, now).dumps(payload)


def read_signed(text: str, *, purpose: str, max_age_seconds: int, keys: Sequence[bytes], now: datetime) -> Any:
    """The payload; SignatureRefused unless it was signed for `purpose` at most `max_age_seconds` ago."""
    try:
        return _serializer(purpose, keys, now).loads(text, max_age=max_age_seconds)
    except (BadData, UnicodeError):
        raise SignatureRefused from None


def _serializer(purpose: str, keys: Sequence[bytes], now: datetime) -> URLSafeTimedSerializer:
    # Ours lists the newest key first, itsdangerous signs with the last one.
    return URLSafeTimedSerializer(
        list(reversed(keys)),
        salt=purpose,
        signer=_SignerAt,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256, "now": now},
    )


class _SignerAt(TimestampSigner):
    """A signer that is told the time instead of asking for it."""

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._now = now

    def get_timestamp(self) -> int:
        return int(self._now.timestamp())
