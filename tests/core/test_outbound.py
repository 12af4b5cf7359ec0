"""Outbound requests: what may never be reached, however it is written, and a real server for what may."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import pytest

from msp.core import outbound
from msp.core.outbound import OutboundFailed, OutboundRefused, Policy, fetch
from tests.support import certificates

LOOPBACK = (ipaddress.ip_network("127.0.0.1/32"),)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Seen: yes\r\n\r\nok"

Answer = Callable[[socket.socket], None]


class Server:
    """Listens on loopback, keeps what it is sent, answers with bytes or as a function says."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.answer: bytes | Answer = OK
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def policy(self, **changes: object) -> Policy:
        values: dict[str, object] = {
            "allowed": LOOPBACK, "ports": frozenset({self.port}), "resolver": lambda _host, _port: ["127.0.0.1"]
        }
        return Policy(**(values | changes))  # type: ignore[arg-type]  # the tests' own shorthand

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: socket.socket) -> None:
        with closing(connection):
            try:
                with self._tls.wrap_socket(connection, server_side=True) if self._tls else connection as stream:
                    self.requests.append(self._request(stream))
                    if callable(self.answer):
                        self.answer(stream)
                    else:
                        stream.sendall(self.answer)
            except OSError:
                return

    def _request(self, stream: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more(stream)
        head, _, body = data.partition(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                while len(body) < int(line.split(b":")[1]):
                    body += self._more(stream)
        return head + b"\r\n\r\n" + body

    def _more(self, stream: socket.socket) -> bytes:
        if not (received := stream.recv(65536)):
            raise ConnectionError("the other side has left")
        return received


@pytest.fixture
def server() -> Iterator[Server]:
    with closing(Server()) as running:
        yield running


def test_a_request_and_its_answer(server: Server) -> None:
    answer = fetch(
        "POST", f"http://hook.example:{server.port}/a/b?x=1#part", headers={"Content-Type": "application/json"},
        body=b"{}", policy=server.policy(),
    )
    assert (answer.status, answer.body, answer.headers["x-seen"]) == (200, b"ok", "yes")
    head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    assert head.startswith("POST /a/b?x=1 HTTP/1.1\r\n")
    assert f"Host: hook.example:{server.port}" in head
    assert "Content-Type: application/json" in head
    assert "Content-Length: 2" in head
    assert body == "{}"


def test_a_redirect_is_an_answer(server: Server) -> None:
    server.answer = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    answer = fetch("GET", f"http://hook.example:{server.port}/", policy=server.policy())
    assert (answer.status, answer.headers["location"]) == (302, "http://169.254.169.254/")
    assert len(server.requests) == 1


PRIVATE = [
    "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.255",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "168.63.129.16", str(ipaddress.IPv4Address(0)),
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::",
    "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1",
    "febf::1", "fec0::1", "ff02::1",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "192.169.0.1", "223.255.255.1",
          "2606:4700:4700::1111", "2001:4860:4860::8888", "2a00:1450::1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_never_reached(address: str) -> None:
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(OutboundRefused):
        outbound.check(f"http://{literal}/", policy=Policy())
    with pytest.raises(OutboundRefused):
        outbound.check("http://name.example/", policy=Policy(resolver=lambda _host, _port: ["1.1.1.1", address]))


@pytest.mark.parametrize("address", PUBLIC)
def test_what_may_be_reached(address: str) -> None:
    literal = f"[{address}]" if ":" in address else address
    target = outbound.check(f"https://{literal}/x", policy=Policy())
    assert target.addresses == (ipaddress.ip_address(address),)
    assert target.port == 443


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "127.0.0.1.", "0", "0x0",
     "127.0.0.01", "127.0.0.0x1", "①②⑦.0.0.1", "127。0。0。1", "1.1.1.1.1", "1.1.1.256"],
)
def test_addresses_in_disguise(host: str) -> None:
    """The resolver would understand each of them; it is not even asked."""
    def never(_host: str, _port: int) -> Sequence[str]:
        raise AssertionError("resolved")

    with pytest.raises(OutboundRefused):
        outbound.check(f"http://{host}/", policy=Policy(resolver=never))


def test_the_systems_resolver_finds_localhost_and_it_is_refused() -> None:
    for host in ("localhost", "localhost.", "LOCALHOST"):
        with pytest.raises((OutboundRefused, OutboundFailed)):
            fetch("GET", f"http://{host}/")
    assert "127.0.0.1" in outbound.resolve("localhost", 80)


@pytest.mark.parametrize(
    "url",
    ["", "x", "//host/", "ftp://host.example/", "file:///etc/passwd", "gopher://host.example/", "javascript:alert(1)",
     "http://", "http:///path", "http://user@host.example/", "http://user:pw@host.example/", "http://:pw@host.example/",
     "http://host.example:22/", "http://host.example:0/", "http://host.example:99999/", "http://host.example:x/",
     "http://[::1", "http://[fe80::1%25eth0]/", "http://[1.1.1.1]/", "http://ho st/", "http://ho%73t.example/",
     "http://host.example/a b", "http://host.example/\x7f", "http://host.example/é", "http://" + "a" * 64 + ".example/",
     "http://a..example/", "http://host.example\\@1.1.1.1/"],
)
def test_what_is_no_address_of_ours_to_call(url: str) -> None:
    with pytest.raises(OutboundRefused):
        outbound.check(url, policy=Policy(resolver=lambda _host, _port: ["1.1.1.1"]))


def test_a_name_in_any_script() -> None:
    target = outbound.check("https://MÜNCHEN.example/", policy=Policy(resolver=lambda _host, _port: ["1.1.1.1"]))
    assert target.host == "xn--mnchen-3ya.example"


def test_the_name_is_resolved_once(server: Server) -> None:
    """DNS rebinding: a second answer would point elsewhere, but nobody asks for it."""
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    policy = server.policy(resolver=lambda _host, _port: answers.pop(0))
    assert fetch("GET", f"http://rebind.example:{server.port}/", policy=policy).status == 200
    assert answers == [["10.0.0.1"]]


def test_rebinding_to_what_is_ours(server: Server) -> None:
    policy = server.policy(allowed=())
    with pytest.raises(OutboundRefused):
        fetch("GET", f"http://rebind.example:{server.port}/", policy=policy)
    assert server.requests == []


def test_an_allowance_is_for_the_named_network_only(server: Server) -> None:
    for address in ("127.0.0.2", "10.0.0.1", "::ffff:127.0.0.1", "::1"):
        policy = server.policy(resolver=lambda _host, _port, answer=address: [answer])
        with pytest.raises(OutboundRefused):
            fetch("GET", f"http://x.example:{server.port}/", policy=policy)


def test_a_name_that_nobody_knows() -> None:
    def unknown(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror("unknown")

    with pytest.raises(OutboundFailed, match="resolved"):
        fetch("GET", "http://nowhere.example/", policy=Policy(resolver=unknown))
    with pytest.raises(OutboundRefused):
        fetch("GET", "http://nowhere.example/", policy=Policy(resolver=lambda _host, _port: []))


def test_the_next_address_is_tried(server: Server) -> None:
    policy = server.policy(
        allowed=(ipaddress.ip_network("127.0.0.0/8"),), resolver=lambda _host, _port: ["127.0.0.9", "127.0.0.1"]
    )
    assert fetch("GET", f"http://two.example:{server.port}/", policy=policy).status == 200


def test_tls_is_for_the_name_though_the_connection_is_to_the_address(tmp_path: Path) -> None:
    served, trusted = certificates.contexts(tmp_path, "hook.example")
    names: list[str | None] = []
    served.sni_callback = lambda _socket, name, _context: names.append(name)
    with closing(Server(served)) as server:
        policy = server.policy(tls=trusted)
        assert fetch("GET", f"https://hook.example:{server.port}/", policy=policy).body == b"ok"
        assert names == ["hook.example"]
        with pytest.raises(OutboundFailed, match="certificate"):
            fetch("GET", f"https://other.example:{server.port}/", policy=policy)
        with pytest.raises(OutboundFailed, match="certificate"):
            fetch("GET", f"https://hook.example:{server.port}/", policy=server.policy())


def test_an_answer_that_is_too_large(server: Server) -> None:
    def endless(stream: socket.socket) -> None:
        stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            stream.sendall(b"x" * 65536)

    for answer in (endless, b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001):
        server.answer = answer
        with pytest.raises(OutboundFailed, match="larger"):
            fetch("GET", f"http://x.example:{server.port}/", policy=server.policy(max_bytes=1000))
    server.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000
    assert len(fetch("GET", f"http://x.example:{server.port}/", policy=server.policy(max_bytes=1000)).body) == 1000


@pytest.mark.parametrize(
    "answer",
    [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort",
     b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
     b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n"],
)
def test_a_damaged_answer(server: Server, answer: bytes) -> None:
    server.answer = answer
    with pytest.raises(OutboundFailed):
        fetch("GET", f"http://x.example:{server.port}/", policy=server.policy())


def drip(stream: socket.socket) -> None:
    """A byte at a time: no single read ever waits long."""
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50:
        stream.sendall(bytes([byte]))
        time.sleep(0.05)


def drip_body(stream: socket.socket) -> None:
    stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(100):
        stream.sendall(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize("answer", [drip, drip_body, lambda _stream: time.sleep(3)])
@pytest.mark.parametrize("with_tls", [False, True])
def test_the_time_out_is_for_the_whole_request(answer: Answer, with_tls: bool, tmp_path: Path) -> None:
    served, trusted = certificates.contexts(tmp_path, "x.example")
    with closing(Server(served if with_tls else None)) as server:
        server.answer = answer
        started = time.monotonic()
        with pytest.raises(OutboundFailed, match="timed out"):
            fetch(
                "GET", f"http{'s' * with_tls}://x.example:{server.port}/", timeout_seconds=0.4,
                policy=server.policy(tls=trusted),
            )
        assert time.monotonic() - started < 2


def test_nobody_listens(server: Server) -> None:
    policy = server.policy()
    server.close()
    with pytest.raises(OutboundFailed):
        fetch("GET", f"http://x.example:{server.port}/", policy=policy)


@pytest.mark.parametrize(
    "headers",
    [{"Host": "other.example"}, {"content-length": "5"}, {"Transfer-Encoding": "chunked"}, {"X": "a\r\nY: b"},
     {"X\r\nY": "b"}, {"X": "é東"}, {"": "x"}],
)
def test_headers_that_would_change_the_request(server: Server, headers: dict[str, str]) -> None:
    with pytest.raises(OutboundRefused):
        fetch("GET", f"http://x.example:{server.port}/", headers=headers, policy=server.policy())
    assert server.requests == []


def test_a_method_is_one_word(server: Server) -> None:
    with pytest.raises(OutboundRefused):
        fetch("GET / HTTP/1.1\r\nX: y", f"http://x.example:{server.port}/", policy=server.policy())
    assert server.requests == []
