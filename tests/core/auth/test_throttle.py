"""Throttling against a real server: parallel bursts, the moving window, and a Redis that is gone."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from msp.core import clock
from msp.core.auth.throttle import SignInThrottle, Throttle, Verdict, network_of

NOW = datetime(2027, 3, 31, 9, 44, tzinfo=UTC)
THREADS = 40


@pytest.fixture
def gone() -> Redis:
    """A client whose server does not answer."""
    return Redis(unix_socket_path="/nonexistent/socket", retry=Retry(NoBackoff(), 0))


def burst(throttle: Throttle) -> list[Verdict]:
    """The verdicts of 40 attempts that start together."""
    barrier = Barrier(THREADS)

    def attempt(_: int) -> Verdict:
        barrier.wait()
        return throttle.hit("amelia")

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(attempt, range(THREADS)))


def test_a_parallel_burst_gets_the_limit_and_no_more(redis: Redis) -> None:
    verdicts = burst(Throttle(redis, "t", 7, 60))
    assert sum(verdict.allowed for verdict in verdicts) == 7
    assert {verdict.retry_after for verdict in verdicts if not verdict.allowed} <= {59, 60}


def test_a_parallel_burst_without_redis_gets_the_limit_and_no_more(gone: Redis) -> None:
    verdicts = burst(Throttle(gone, "t", 7, 60))
    assert sum(verdict.allowed for verdict in verdicts) == 7


def test_processes_count_together(redis: Redis) -> None:
    first, second = Throttle(redis, "t", 2, 60), Throttle(redis, "t", 2, 60)
    assert first.hit("k").allowed
    assert second.hit("k").allowed
    assert not first.hit("k").allowed
    assert not second.hit("k").allowed


def test_keys_and_names_are_apart(redis: Redis) -> None:
    one, other = Throttle(redis, "one", 1, 60), Throttle(redis, "other", 1, 60)
    assert one.hit("k").allowed
    assert one.hit("l").allowed
    assert other.hit("k").allowed
    assert not one.hit("k").allowed


def test_the_window_moves(redis: Redis) -> None:
    throttle = Throttle(redis, "t", 2, 2)
    assert throttle.hit("k").allowed
    time.sleep(1.1)
    assert throttle.hit("k").allowed
    assert throttle.hit("k") == (False, 1)
    time.sleep(0.95)
    assert throttle.hit("k").allowed, "the first attempt has left the window"
    assert not throttle.hit("k").allowed, "the second one has not"


def test_the_window_moves_without_redis(gone: Redis) -> None:
    throttle = Throttle(gone, "t", 2, 60)
    with clock.at(NOW):
        assert throttle.hit("k").allowed
    with clock.at(NOW + timedelta(seconds=40)):
        assert throttle.hit("k").allowed
        assert throttle.hit("k") == (False, 20)
    with clock.at(NOW + timedelta(seconds=61)):
        assert throttle.hit("k").allowed
        assert throttle.hit("k") == (False, 39)


def test_refused_attempts_do_not_prolong_the_wait(redis: Redis) -> None:
    throttle = Throttle(redis, "t", 1, 1)
    assert throttle.hit("k").allowed
    for _ in range(50):
        throttle.hit("k")
    time.sleep(1.01)
    assert throttle.hit("k").allowed


def test_reset_and_give_back(redis: Redis, gone: Redis) -> None:
    for client in (redis, gone):
        throttle = Throttle(client, "t", 2, 60)
        assert [throttle.hit("k").allowed for _ in range(3)] == [True, True, False]
        throttle.give_back("k")
        assert [throttle.hit("k").allowed for _ in range(2)] == [True, False]
        throttle.reset("k")
        assert [throttle.hit("k").allowed for _ in range(3)] == [True, True, False]
        throttle.reset("never seen")
        throttle.give_back("never seen")


def test_what_redis_holds_expires_and_names_nobody(redis: Redis) -> None:
    Throttle(redis, "t", 2, 60).hit("amelia@northwind.example")
    keys = redis.keys("*")
    assert len(keys) == 2
    for key in keys:
        assert b"amelia" not in key
        assert 0 < redis.ttl(key) <= 60


def test_an_outage_has_bounded_memory(gone: Redis) -> None:
    throttle = Throttle(gone, "t", 1, 60)
    throttle._local.MAX_KEYS = 3
    with clock.at(NOW):
        assert [throttle.hit(str(n)).allowed for n in range(5)] == [True, True, True, False, False]
        assert not throttle.hit("0").allowed
    with clock.at(NOW + timedelta(seconds=61)):
        assert throttle.hit("4").allowed


def test_one_address_cannot_guess_on_nor_lock_an_account(redis: Redis) -> None:
    guard = SignInThrottle(redis)
    attacks = [guard.hit(account="amelia@n.example", address="192.0.2.7").allowed for _ in range(45)]
    assert sum(attacks) == guard.PER_PAIR
    assert guard.hit(account="Amelia@N.example ", address="198.51.100.4").allowed


def test_many_addresses_cannot_guess_on(redis: Redis) -> None:
    guard = SignInThrottle(redis)
    attacks = [guard.hit(account="amelia@n.example", address=f"192.0.2.{n}").allowed for n in range(60)]
    assert sum(attacks) == guard.PER_ACCOUNT


def test_one_address_cannot_try_many_accounts(redis: Redis) -> None:
    guard = SignInThrottle(redis)
    attacks = [guard.hit(account=f"p{n}@n.example", address=f"2001:db8:1:2::{n:x}").allowed for n in range(80)]
    assert sum(attacks) == guard.PER_ADDRESS


def test_a_success_frees_the_account_but_not_the_address(redis: Redis) -> None:
    guard = SignInThrottle(redis)
    for n in range(guard.PER_ADDRESS - 5):
        guard.hit(account=f"p{n}@n.example", address="192.0.2.7")
    for _ in range(5):
        assert guard.hit(account="me@n.example", address="192.0.2.7").allowed
    guard.succeeded(account="me@n.example", address="192.0.2.7")
    assert guard.hit(account="me@n.example", address="192.0.2.7").allowed, "one attempt was given back"
    assert not guard.hit(account="me@n.example", address="192.0.2.7").allowed


def test_a_busy_office_signs_in(redis: Redis) -> None:
    guard = SignInThrottle(redis)
    for n in range(guard.PER_ADDRESS * 2):
        who = {"account": f"p{n}@n.example", "address": "192.0.2.7"}
        assert guard.hit(**who).allowed
        guard.succeeded(**who)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("nonsense", "unknown"),
        ("", "unknown"),
    ],
)
def test_networks(address: str, network: str) -> None:
    assert network_of(address) == network
