"""Where files lie: a local folder or an S3 bucket, written and read as streams."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, S3Store

from msp.core.errors import NotFound, TooLarge, Unavailable
from msp.core.web.formats import file_size

if TYPE_CHECKING:
    from obstore import GetResult  # a name for type checkers only

CHUNK_BYTES = 64 * 1024
# S3 wants parts of at least 5 MiB; two under way at a time bound the memory of one upload to about 15 MiB.
PART_BYTES = 5 * 1024 * 1024
PARTS_UNDER_WAY = 2

_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KEY = re.compile(rf"{_UUID}/[0-9a-f]{{2}}/{_UUID}(\.[a-z]{{1,16}})?")


class FileTooLarge(TooLarge):
    """More bytes came than are allowed; nothing was kept."""

    code, title = "file_too_large", "This file is too large"


class FileMissing(NotFound):
    """The row is there, its bytes are not."""

    code, title = "file_missing", "This file is not there"


class StorageUnavailable(Unavailable):
    """The store refused or did not answer."""

    code, title = "storage_unavailable", "Files cannot be reached at the moment"


class Stored(NamedTuple):
    """What was kept under a key."""

    key: str
    size: int
    sha256: str


class Storage(Protocol):
    """Keeps bytes under the keys of `file_key`; any other key is a ValueError."""

    def put(self, key: str, chunks: Iterable[bytes], *, max_bytes: int) -> Stored: ...

    def get(self, key: str) -> Iterator[bytes]: ...

    def delete(self, key: str) -> None: ...


def file_key(tenant_id: UUID, file_id: UUID, variant: str = "") -> str:
    """`<tenant>/<two digits>/<file>`: a client's files lie together, spread evenly although ids begin alike.

    A variant (`thumbnail`) lies beside the file it was made from.
    """
    spread = hashlib.sha256(file_id.bytes).hexdigest()[:2]
    return _checked(f"{tenant_id}/{spread}/{file_id}" + (f".{variant}" if variant else ""))


class ObjectStorage:
    """A store that obstore reaches. Its threads do not survive a fork: use it in the child, or do not fork after it."""

    _used_by: ClassVar[int | None] = None

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def put(self, key: str, chunks: Iterable[bytes], *, max_bytes: int) -> Stored:
        """Keep what `chunks` yield, in bounded memory; FileTooLarge keeps nothing."""
        meter = _Meter(chunks, max_bytes)
        try:
            obstore.put(
                self._own_store(), _checked(key), iter(meter), chunk_size=PART_BYTES, max_concurrency=PARTS_UNDER_WAY
            )
        except BaseError as error:
            raise StorageUnavailable from error
        return Stored(key, meter.size, meter.sha256)

    def get(self, key: str) -> Iterator[bytes]:
        """The bytes, piece by piece; FileMissing is raised before the first."""
        try:
            found = obstore.get(self._own_store(), _checked(key))
        except (FileNotFoundError, NotFoundError) as error:
            raise FileMissing from error
        except BaseError as error:
            raise StorageUnavailable from error
        return _pieces(found)

    def delete(self, key: str) -> None:
        """Forget a file; one that is already gone is no error."""
        try:
            obstore.delete(self._own_store(), _checked(key))
        except (FileNotFoundError, NotFoundError):
            return
        except BaseError as error:
            raise StorageUnavailable from error

    def _own_store(self) -> ObjectStore:
        """The store, unless it would hang for ever because this process was forked from one that had used it."""
        if ObjectStorage._used_by not in (None, os.getpid()):
            raise RuntimeError("the file store was used before this process was forked")
        ObjectStorage._used_by = os.getpid()
        return self._store


def storage_from_url(url: str) -> ObjectStorage:
    """The store that a setting names: `file:///folder`, or `s3://bucket/prefix` with keys and endpoint from `AWS_*`."""
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path not in ("", "/"):
        folder = Path(unquote(parts.path))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return ObjectStorage(LocalStore(folder))
    if parts.scheme == "s3" and parts.netloc:
        return ObjectStorage(S3Store(parts.netloc, prefix=parts.path.strip("/") or None))
    raise ValueError("the address of the file store starts with file:/// or s3://bucket")


def _checked(key: str) -> str:
    """Keys are made of ids only, so that no name of a file or person ever becomes a path."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a key of a file: {key!r}")
    return key


def _pieces(found: "GetResult") -> Iterator[bytes]:
    try:
        for piece in found.stream(min_chunk_size=CHUNK_BYTES):
            yield bytes(piece)
    except BaseError as error:
        raise StorageUnavailable from error


class _Meter:
    """Passes chunks on, counts and hashes them, and stops at the limit."""

    def __init__(self, chunks: Iterable[bytes], max_bytes: int) -> None:
        self._chunks = chunks
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            if self.size > self._max_bytes:
                raise FileTooLarge(f"At most {file_size(self._max_bytes)} in one file.", max_bytes=self._max_bytes)
            self._hash.update(chunk)
            yield chunk

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()
