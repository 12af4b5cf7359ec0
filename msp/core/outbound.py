"""Requests to addresses that somebody typed in (web-hooks, picture and calendar links), without reaching what is ours.

The name is resolved once, every answer is checked, and the connection goes to the checked address: a second answer
of the name server has no say. Redirects are not followed, proxies of the environment not used.
"""

import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import NamedTuple
from urllib.parse import urlsplit

from msp.core.errors import Invalid, Unavailable

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Sequence[str]]

# Every block that is not the public Internet (IANA's special-purpose registries) or that wraps another address.
# `ipaddress.is_global` would pass 64:ff9b::7f00:1 and 2002:7f00:1::, which a gateway turns into 127.0.0.1.
DENIED: tuple[IPNetwork, ...] = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's host, reachable from every virtual machine there, in public space
        "::/3",  # unspecified, loopback, IPv4-mapped, -compatible and -translated, NAT64, discard, service identifiers
        "2001::/23",  # Teredo, benchmarking, ORCHID
        "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
        "4000::/2", "8000::/1",  # not assigned; unique local, link-local, site-local, multicast
    )
)


class OutboundRefused(Invalid):
    """The address may not be asked. Whatever of ours lies there, the words are the same, so that nobody can map it."""

    code, title = "outbound_refused", "This address cannot be used"


class OutboundFailed(Unavailable):
    """The other side could not be reached, broke off, took too long or sent too much."""

    code, title = "outbound_failed", "The other side did not answer"


class Response(NamedTuple):
    """What came back; a redirect is an answer like any other."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of a host, by the system's resolver."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What may be reached. `allowed` lifts the deny list for networks that the operator names."""

    ports: frozenset[int] = frozenset({80, 443})
    allowed: tuple[IPNetwork, ...] = ()
    max_bytes: int = 256 * 1024
    resolver: Resolver = resolve
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    def permits(self, address: IPAddress) -> bool:
        """Whether a connection to this address may be made."""
        if any(address in network for network in self.allowed):
            return True
        return not any(address in network for network in DENIED)


class Target(NamedTuple):
    """A checked URL: where to connect, and what to call it there."""

    is_https: bool
    host: str
    port: int
    path: str
    addresses: tuple[IPAddress, ...]


def fetch(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout_seconds: float = 10,
    policy: Policy | None = None,
) -> Response:
    """Send one request; `timeout_seconds` is for all of it, from the first packet to the last.

    OutboundRefused: never without another URL or policy; OutboundFailed: another time perhaps.
    """
    policy = policy or Policy()
    target = check(url, policy=policy)
    clean = _checked_headers(headers or {})
    connection = http.client.HTTPConnection(target.host, target.port)
    deadline = _Deadline(timeout_seconds)
    try:
        with deadline:
            connection.sock = _connected(target, policy, timeout_seconds, deadline)
            connection.request(method, target.path, body, clean | {"Host": _host_header(target), "Connection": "close"})
            response = _read(connection.getresponse(), policy.max_bytes)
        if deadline.is_over:
            raise TimeoutError
        return response
    except (OSError, http.client.HTTPException) as error:
        reason = "timed out" if deadline.is_over else str(error) or type(error).__name__
        raise OutboundFailed(f"{target.host}: {reason}") from error
    except ValueError as error:
        raise OutboundRefused(str(error)) from error
    finally:
        connection.close()


def check(url: str, *, policy: Policy) -> Target:
    """The URL taken apart and its addresses checked; OutboundRefused if any part of it may not be used."""
    target = check_text(url, policy=policy)
    addresses = target.addresses or _resolved(target.host, target.port, policy)
    if not addresses or not all(map(policy.permits, addresses)):
        raise OutboundRefused
    return target._replace(addresses=addresses)


def check_text(url: str, *, policy: Policy | None = None) -> Target:
    """All of `check` that the text tells, without asking a name server: its addresses are those that it spells out."""
    policy = policy or Policy()
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _host(parts.hostname or "")
    except (ValueError, UnicodeError) as error:
        raise OutboundRefused("This is not a web address.") from error
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None or parts.password is not None:
        raise OutboundRefused("A web address starts with https:// or http:// and carries no password.")
    port = port if port is not None else {"http": 80, "https": 443}[parts.scheme]
    if port not in policy.ports:
        raise OutboundRefused(f"Port {port} is not used for this.")
    addresses = _spelled_out(host)
    if not all(map(policy.permits, addresses)):
        raise OutboundRefused
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii() or any(character <= " " or character == "\x7f" for character in path):
        raise OutboundRefused("This is not a web address.")
    return Target(parts.scheme == "https", host, port, path, addresses)


def _host(host: str) -> str:
    """The host in ASCII; ValueError for the ways of writing an address that only the C library understands."""
    if ":" in host:
        if "%" in host:
            raise ValueError("an address with a zone")
        return str(IPv6Address(host))
    name = host.encode("idna").decode().lower().removesuffix(".")
    last = name.rpartition(".")[2]
    # As browsers decide it: what ends in a number is an address, so 2130706433, 0x7f.1, 0177.0.0.1 and 127.1 are none.
    if last.isdigit() or last.startswith("0x"):
        return str(IPv4Address(name))
    if not re.fullmatch(r"[a-z0-9._-]+", name):
        raise ValueError("not a host name")
    return name


def _spelled_out(host: str) -> tuple[IPAddress, ...]:
    try:
        return (ipaddress.ip_address(host),)
    except ValueError:
        return ()


def _resolved(host: str, port: int, policy: Policy) -> tuple[IPAddress, ...]:
    try:
        return tuple(ipaddress.ip_address(answer) for answer in policy.resolver(host, port))
    except (OSError, UnicodeError) as error:
        raise OutboundFailed(f"{host}: the name cannot be resolved") from error
    except ValueError as error:
        raise OutboundRefused from error


_OWN_HEADERS = {"host", "connection", "content-length", "transfer-encoding", "te", "upgrade", "expect", "trailer"}


def _checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    for name in headers:
        if name.lower() in _OWN_HEADERS:
            raise OutboundRefused(f"The header {name} is not the caller's to set.")
    return dict(headers)


def _host_header(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == (443 if target.is_https else 80) else f"{host}:{target.port}"


class _Deadline:
    """Shuts the socket when time is up: a time-out of each read alone lets a slow sender hold us for ever."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, sock: socket.socket) -> None:
        with self._lock:
            self._socket = sock
            if self.is_over:
                raise TimeoutError

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            if self._socket is not None:
                # By the plain socket's method, as TLS would first take its own state away from the reading thread;
                # and the socket may have been closed in the same moment.
                with suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _connected(target: Target, policy: Policy, timeout_seconds: float, deadline: _Deadline) -> socket.socket:
    """A connection to one of the checked addresses, with TLS for the name that was asked for."""
    sock = _first_that_answers(target, timeout_seconds)
    try:
        if target.is_https:
            context = policy.tls or _default_tls()
            sock = context.wrap_socket(sock, server_hostname=target.host, do_handshake_on_connect=False)
        sock.settimeout(timeout_seconds)
        deadline.watch(sock)
        if isinstance(sock, ssl.SSLSocket):
            sock.do_handshake()
    except BaseException:
        sock.close()
        raise
    return sock


def _first_that_answers(target: Target, timeout_seconds: float) -> socket.socket:
    """The addresses share the time, so that a dead one does not use up all of it."""
    errors: list[OSError] = []
    for address in target.addresses:
        try:
            return socket.create_connection((str(address), target.port), timeout_seconds / len(target.addresses))
        except OSError as error:
            errors.append(error)
    raise errors[0]


@cache
def _default_tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _read(response: http.client.HTTPResponse, max_bytes: int) -> Response:
    body = response.read(max_bytes + 1)
    if len(body) > max_bytes:
        raise http.client.HTTPException(f"the answer is larger than {max_bytes} bytes")
    if response.length:
        raise http.client.IncompleteRead(body, response.length)
    return Response(response.status, {name.lower(): value for name, value in response.getheaders()}, body)
