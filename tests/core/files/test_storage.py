"""Files in a folder and in a bucket: streamed, counted, and never outside their place."""

import hashlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest

from msp.core.files import storage
from msp.core.files.scan import NullScanner
from msp.core.files.storage import (
    FileMissing,
    FileTooLarge,
    ObjectStorage,
    StorageUnavailable,
    file_key,
    storage_from_url,
)

ACME, BIRCH, FILE = (UUID(f"01920000-0000-7000-8000-00000000abc{n}") for n in (1, 2, 3))  # the same in every test process
MIB = 1024 * 1024


class Bucket(BaseHTTPRequestHandler):
    """As much of S3 as the store speaks: put, get, delete, and uploads in parts."""

    objects: dict[str, bytes]
    parts: dict[str, dict[int, bytes]]
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None: ...

    def _target(self) -> tuple[str, dict[str, list[str]]]:
        parts = urlsplit(self.path)
        return parts.path, parse_qs(parts.query, keep_blank_values=True)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), "ETag": '"x"', **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        path, query = self._target()
        if "partNumber" in query:
            self.parts[query["uploadId"][0]][int(query["partNumber"][0])] = self._body()
        else:
            self.objects[path] = self._body()
        self._answer(200)

    def do_POST(self) -> None:
        path, query = self._target()
        sent = self._body().decode()
        if "delete" in query:
            keys = re.findall("<Key>(.*?)</Key>", sent)
            for key in keys:
                self.objects.pop(f"{path}/{key}", None)
            deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
            body = f"<DeleteResult>{deleted}</DeleteResult>"
        elif "uploads" in query:
            upload = str(len(self.parts))
            self.parts[upload] = {}
            body = f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
        else:
            parts = self.parts.pop(query["uploadId"][0])
            self.objects[path] = b"".join(parts[number] for number in sorted(parts))
            body = "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>"
        self._answer(200, body.encode())

    def do_GET(self) -> None:
        path, _ = self._target()
        if path in self.objects:
            self._answer(200, self.objects[path], Last_Modified="Wed, 31 Mar 2027 09:46:00 GMT")
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def do_DELETE(self) -> None:
        path, query = self._target()
        if "uploadId" in query:
            self.parts.pop(query["uploadId"][0], None)
        self.objects.pop(path, None)
        self._answer(204)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Bucket]]:
    handler = type("OneBucket", (Bucket,), {"objects": {}, "parts": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    for name, value in {
        "AWS_ENDPOINT": f"http://127.0.0.1:{server.server_port}", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "here",
        "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
    }.items():
        monkeypatch.setenv(name, value)
    yield handler
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStorage:
    if request.param == "folder":
        return storage_from_url((tmp_path / "files").as_uri())
    request.getfixturevalue("bucket")
    return storage_from_url("s3://attachments/msp")


def key() -> str:
    return file_key(ACME, uuid4())


def read(store: ObjectStorage, name: str) -> bytes:
    return b"".join(store.get(name))


@pytest.mark.parametrize("size", [0, 1, storage.CHUNK_BYTES, 3 * MIB, 12 * MIB + 7])
def test_there_and_back(store: ObjectStorage, size: int) -> None:
    data = os.urandom(size)
    name = key()
    stored = store.put(name, (data[at : at + 100_000] for at in range(0, size, 100_000)), max_bytes=size)
    assert stored == (name, size, hashlib.sha256(data).hexdigest())
    assert read(store, name) == data


def test_what_is_absent(store: ObjectStorage) -> None:
    name = key()
    with pytest.raises(FileMissing):
        store.get(name)
    store.delete(name)
    store.put(name, [b"x"], max_bytes=1)
    store.delete(name)
    with pytest.raises(FileMissing):
        store.get(name)


@pytest.mark.parametrize("size", [11, 12 * MIB])
def test_too_large_keeps_nothing(
    store: ObjectStorage, size: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(size // 10)

    name = key()
    with pytest.raises(FileTooLarge) as caught:
        store.put(name, endless(), max_bytes=size)
    assert caught.value.details["max_bytes"] == size
    assert taken <= 12, "reading stops at the limit"
    with pytest.raises(FileMissing):
        store.get(name)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    if "bucket" in request.fixturenames:
        assert request.getfixturevalue("bucket").parts == {}


def test_a_sender_that_breaks_off_keeps_nothing(store: ObjectStorage, tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * 1000
        raise ConnectionResetError

    name = key()
    with pytest.raises(ConnectionResetError):
        store.put(name, broken(), max_bytes=MIB)
    with pytest.raises(FileMissing):
        store.get(name)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


MEASURE = """
import resource, sys
from uuid import UUID
from msp.core.files.storage import file_key, storage_from_url

store, key, mib = storage_from_url(sys.argv[1]), file_key(UUID(int=1), UUID(int=2)), 1024 * 1024
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
store.put(key, (bytes(mib) for _ in range(200)), max_bytes=200 * mib)
assert sum(map(len, store.get(key))) == 200 * mib
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Measured in a process of its own, as the store's buffers are not Python's."""
    url = (tmp_path / "files").as_uri()
    done = subprocess.run([sys.executable, "-c", MEASURE, url], capture_output=True, text=True, check=True)
    grown_kib = int(done.stdout)
    assert grown_kib < 60 * 1024


def test_keys_are_apart_by_client_and_spread() -> None:
    file = UUID("01920000-0000-7000-8000-000000000001")
    name = file_key(ACME, file)
    assert name.startswith(f"{ACME}/")
    assert name.endswith(f"/{file}")
    assert file_key(BIRCH, file) != name
    assert file_key(ACME, file, "thumbnail") == f"{name}.thumbnail"
    assert len({file_key(ACME, UUID(int=n)).split("/")[1] for n in range(500)}) > 200


@pytest.mark.parametrize(
    "bad",
    ["", "x", "../x", "/etc/passwd", f"{ACME}", f"{ACME}/00/../../{BIRCH}/00/{FILE}", f"{ACME}/00/{FILE}/x",
     f"{ACME}/00/{FILE}.a/b", f"{ACME}/00/{FILE}.", f"{ACME}/0g/{FILE}", f"{ACME}/00/{FILE}\n",
     f"/{ACME}/00/{FILE}",
     f"{str(ACME).upper()}/00/{FILE}", f"{ACME}\\00\\{FILE}", f"{ACME}/00/{FILE}\x00"],
)
def test_no_other_key_is_taken(tmp_path: Path, bad: str) -> None:
    store = storage_from_url((tmp_path / "files").as_uri())
    for act in (lambda: store.put(bad, [b"x"], max_bytes=9), lambda: store.get(bad), lambda: store.delete(bad)):
        with pytest.raises(ValueError, match="key"):
            act()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("variant", ["../x", "a/b", "A", "", "x" * 17, "a.b"])
def test_variants_are_words(variant: str) -> None:
    if not variant:
        assert "." not in file_key(ACME, uuid4(), variant)
        return
    with pytest.raises(ValueError, match="key"):
        file_key(ACME, uuid4(), variant)


def test_the_folder_is_private() -> None:
    with tempfile.TemporaryDirectory() as outer:
        storage_from_url(Path(outer, "new folder", "files").as_uri())
        assert Path(outer, "new folder", "files").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("url", ["", "files", "/files", "file:", "file:///", "file://host/x", "http://x/y", "s3://", "s3:///x"])
def test_addresses_that_name_no_store(url: str) -> None:
    with pytest.raises(ValueError, match="file store"):
        storage_from_url(url)


def test_a_store_that_refuses(bucket: type[Bucket], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "do_PUT", lambda self: self._answer(403))
    monkeypatch.setattr(bucket, "do_GET", lambda self: self._answer(403))
    store = storage_from_url("s3://attachments")
    with pytest.raises(StorageUnavailable):
        store.put(key(), [b"x"], max_bytes=1)
    with pytest.raises(StorageUnavailable):
        store.get(key())


def test_a_forked_child_is_told_instead_of_hanging(tmp_path: Path) -> None:
    store = storage_from_url((tmp_path / "files").as_uri())
    name = key()
    store.put(name, [b"x"], max_bytes=1)
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        try:
            store.get(name)
        except RuntimeError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_the_null_scanner_reads_nothing() -> None:
    def untouched() -> Iterator[bytes]:
        raise AssertionError("read")
        yield b""

    assert NullScanner().scan(untouched(), name="a", size=1, sha256="") == ("clean", "")
