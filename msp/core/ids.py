"""Identifiers: UUIDv7, so that keys sort by creation. They are names, never secrets."""

from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return UUID(bytes=uuid_utils.uuid7().bytes)
