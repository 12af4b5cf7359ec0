"""Throttling that a parallel burst cannot beat: an attempt is counted before it is looked at, in one atomic step."""

import hashlib
import math
import threading
from collections import deque
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

import structlog
from redis import Redis
from redis.exceptions import RedisError

from msp.core import clock

log = structlog.get_logger(__name__)

# A sliding window as a sorted set of the instants of allowed attempts, by the server's own clock. Refused attempts
# are not counted: whoever keeps trying is let through again as the window moves, never more often than the limit.
_HIT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local window = ARGV[2] * 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local count = redis.call('ZCARD', KEYS[1])
if count >= tonumber(ARGV[1]) then
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return {0, math.ceil((oldest[2] + window - now) / 1000000)}
end
redis.call('ZADD', KEYS[1], now, string.format('%.0f-%d', now, redis.call('INCR', KEYS[2])))
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[2])
return {1, 0}
"""


class Verdict(NamedTuple):
    """Whether the attempt may go on, and if not, in how many seconds another one may."""

    allowed: bool
    retry_after: int = 0


class Throttle:
    """At most `limit` attempts per key in any `window_seconds`.

    While Redis does not answer, each process counts for itself: the limit is then per process, never absent. The
    client should be one that gives up quickly; by default redis-py tries again for about five seconds.
    """

    def __init__(self, redis: Redis, name: str, limit: int, window_seconds: int) -> None:
        self._redis = redis
        self._name = name
        self._limit = limit
        self._window_seconds = window_seconds
        self._script = redis.register_script(_HIT)
        self._local = _LocalWindow(limit, window_seconds)

    def hit(self, key: str) -> Verdict:
        """Count one attempt and say whether it may go on."""
        try:
            allowed, retry_after = self._script(keys=self._keys(key), args=[self._limit, self._window_seconds])
        except RedisError as error:
            log.warning("throttle_without_redis", throttle=self._name, error=str(error))
            return self._local.hit(key)
        return Verdict(bool(allowed), int(retry_after))

    def give_back(self, key: str) -> None:
        """Take back one counted attempt, because it turned out to be a rightful one."""
        self._local.give_back(key)
        self._quietly(lambda: self._redis.zpopmax(self._keys(key)[0]))

    def reset(self, key: str) -> None:
        """Forget all attempts of this key."""
        self._local.reset(key)
        self._quietly(lambda: self._redis.delete(self._keys(key)[0]))

    def _quietly(self, command: Callable[[], object]) -> None:
        """Without Redis the attempts stay counted; that harms less than an error after a good sign-in."""
        try:
            command()
        except RedisError as error:
            log.warning("throttle_without_redis", throttle=self._name, error=str(error))

    def _keys(self, key: str) -> list[str]:
        # Hashed: a dump of Redis should not list who tries to sign in. Braces keep both keys in one cluster slot.
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        name = f"throttle:{{{self._name}:{digest}}}"
        return [name, f"{name}:n"]


class _LocalWindow:
    """The same window inside one process."""

    # Bounded, so that an outage of Redis cannot be turned into one of memory.
    MAX_KEYS = 50_000

    def __init__(self, limit: int, window_seconds: int) -> None:
        self._limit = limit
        self._window_seconds = window_seconds
        self._hits: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def hit(self, key: str) -> Verdict:
        now = clock.now().timestamp()
        with self._lock:
            hits = self._of(key, now)
            if hits is None:
                return Verdict(False, self._window_seconds)
            while hits and hits[0] <= now - self._window_seconds:
                hits.popleft()
            if len(hits) >= self._limit:
                return Verdict(False, math.ceil(hits[0] + self._window_seconds - now))
            hits.append(now)
            return Verdict(True)

    def give_back(self, key: str) -> None:
        with self._lock:
            if hits := self._hits.get(key):
                hits.pop()

    def reset(self, key: str) -> None:
        with self._lock:
            self._hits.pop(key, None)

    def _of(self, key: str, now: float) -> deque[float] | None:
        """The attempts of a key; None when there is room for no other key."""
        if key not in self._hits and len(self._hits) >= self.MAX_KEYS:
            since = now - self._window_seconds
            self._hits = {key: hits for key, hits in self._hits.items() if hits and hits[-1] > since}
            if len(self._hits) >= self.MAX_KEYS:
                return None
        return self._hits.setdefault(key, deque())


class SignInThrottle:
    """Sign-in, second factor and recovery codes: per address, per account and address, and per account.

    The account's own limit is asked last and is wider than the pair's, so that one address cannot lock somebody
    else's account; several addresses together can, for a quarter of an hour: the price of a limit per account.
    """

    WINDOW_SECONDS = 15 * 60
    PER_ADDRESS, PER_PAIR, PER_ACCOUNT = 50, 5, 20

    def __init__(self, redis: Redis, name: str = "sign_in") -> None:
        self._address = Throttle(redis, f"{name}:address", self.PER_ADDRESS, self.WINDOW_SECONDS)
        self._pair = Throttle(redis, f"{name}:pair", self.PER_PAIR, self.WINDOW_SECONDS)
        self._account = Throttle(redis, f"{name}:account", self.PER_ACCOUNT, self.WINDOW_SECONDS)

    def hit(self, *, account: str, address: str) -> Verdict:
        """Count an attempt, before the password is looked at and whether or not the account exists."""
        account, network = _account_key(account), network_of(address)
        for throttle, key in (
            (self._address, network),
            (self._pair, f"{account} {network}"),
            (self._account, account),
        ):
            verdict = throttle.hit(key)
            if not verdict.allowed:
                return verdict
        return Verdict(True)

    def succeeded(self, *, account: str, address: str) -> None:
        """After a full sign-in: the account starts afresh; its address is not charged for it, as offices share one."""
        account, network = _account_key(account), network_of(address)
        self._account.reset(account)
        self._pair.reset(f"{account} {network}")
        self._address.give_back(network)


def _account_key(account: str) -> str:
    return account.strip().casefold()


def network_of(address: str) -> str:
    """The address as an attacker holds it: one IPv4 address, or a whole /64 of IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
