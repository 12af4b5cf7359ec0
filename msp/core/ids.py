"""Identifiers: UUIDv7, so that keys sort by creation. They are names, never secrets."""

from datetime import datetime
from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return UUID(bytes=uuid_utils.uuid7().bytes)


def first_id_at(at: datetime) -> UUID:
    """The lowest UUIDv7 that could be made at an instant: lower ones were made before it."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
