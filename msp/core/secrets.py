"""Encryption at rest of what must be read again: second factors, passwords of mailboxes, web-hook keys."""

import base64
import binascii
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from msp.core.errors import MspError

MIN_SECRET_LENGTH = 32
_FORMAT = "v1"
_NONCE_BYTES = 12


class CannotDecrypt(MspError):
    """Damaged, moved from another row, or written under a key that is no longer listed."""

    code, title = "cannot_decrypt", "A stored secret cannot be read"


@dataclass(frozen=True)
class Seals:
    """How many stored secrets are under the newest key, under an older one, under none that is listed."""

    current: int
    older: int
    unreadable: int


class Keyring:
    """Keys derived from `MSP_SECRET_KEY`, the newest first: it writes, all of them read.

    To rotate, put a new key in front, write again whatever is not `is_current` (`msp keys renew`), then drop the old one.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets or any(len(secret) < MIN_SECRET_LENGTH for secret in secrets):
            raise ValueError(f"a secret key has at least {MIN_SECRET_LENGTH} characters")
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._ids = [_derive(secret, "key id")[:4].hex() for secret in self._secrets]
        self._ciphers = {
            id: AESGCM(_derive(secret, "encryption at rest"))
            for id, secret in zip(self._ids, self._secrets, strict=True)
        }

    def derive(self, purpose: str) -> list[bytes]:
        """A 32-byte key for another use under each secret, newest first: for hashing tokens, for signing links."""
        return [_derive(secret, f"purpose:{purpose}") for secret in self._secrets]

    def encrypt(self, plain: str, *, context: str) -> str:
        """The text to store. `context` names table, column and row: the text is worthless in any other place."""
        nonce = os.urandom(_NONCE_BYTES)
        id = self._ids[0]
        sealed = nonce + self._ciphers[id].encrypt(nonce, plain.encode(), context.encode())
        return f"{_FORMAT}.{id}.{base64.urlsafe_b64encode(sealed).decode()}"

    def decrypt(self, stored: str, *, context: str) -> str:
        """What was encrypted for this place, or CannotDecrypt."""
        parts = stored.split(".")
        if len(parts) != 3 or parts[0] != _FORMAT or parts[1] not in self._ciphers:
            raise CannotDecrypt
        try:
            sealed = base64.b64decode(parts[2], altchars=b"-_", validate=True)
            plain = self._ciphers[parts[1]].decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
        except (InvalidTag, binascii.Error, ValueError):
            raise CannotDecrypt from None
        return plain.decode()

    def is_current(self, stored: str) -> bool:
        """Whether it was written under the newest key."""
        return stored.startswith(f"{_FORMAT}.{self._ids[0]}.")

    def renewed(self, stored: str, *, context: str) -> str:
        """The same under the newest key, or CannotDecrypt."""
        return self.encrypt(self.decrypt(stored, context=context), context=context)

    def seals(self, places: Iterable[tuple[str, str]]) -> Seals:
        """Under which keys these are, each stored text with its context; what is damaged counts as unreadable."""
        current = older = unreadable = 0
        for stored, context in places:
            try:
                self.decrypt(stored, context=context)
            except CannotDecrypt:
                unreadable += 1
            else:
                current, older = (current + 1, older) if self.is_current(stored) else (current, older + 1)
        return Seals(current, older, unreadable)


def _derive(secret: bytes, info: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=b"msp", info=info.encode()).derive(secret)
