"""Stream tickets: made by the web process for a page, read by the live process, good for a minute and one stream."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from itsdangerous import BadData, URLSafeTimedSerializer

SECONDS = 60


@dataclass(frozen=True)
class StreamTicket:
    """Who may listen to what, on a page of which origin. `nonce` tells two tickets apart."""

    session_id: UUID
    channels: tuple[str, ...]
    origin: str
    nonce: str = ""


class Doorkeeper:
    """Signs tickets and reads them. The first key signs, all of them read."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._serializer = URLSafeTimedSerializer(
            list(reversed(keys)), salt="msp.live", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def write(self, ticket: StreamTicket) -> str:
        nonce = ticket.nonce or secrets.token_urlsafe(9)
        return str(self._serializer.dumps([ticket.session_id.hex, list(ticket.channels), ticket.origin, nonce]))

    def read(self, text: str) -> StreamTicket | None:
        """The ticket; None when it was tampered with or is too old."""
        try:
            session_id, channels, origin, nonce = self._serializer.loads(text, max_age=SECONDS)
        except (BadData, UnicodeError):
            return None
        return StreamTicket(UUID(session_id), tuple(channels), origin, nonce)
