"""What a request without a scope brings along, and the throttles that stand before every password and code."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from msp.core import refusals
from msp.core.app import this_app
from msp.core.auth.throttle import SignInThrottle, Throttle, Verdict, network_of
from msp.core.db import apart, call
from msp.core.errors import TooManyRequests
from msp.core.scope import Scope, Trail

T = TypeVar("T")
HOUR = 3600


@dataclass(frozen=True)
class Visit:
    """A request to one tenant's host: where it arrived and what the trail notes about it."""

    tenant_id: UUID
    tenant_name: str
    host: str
    is_console: bool
    address: str
    user_agent: str
    request_id: str | None

    @property
    def trail(self) -> Trail:
        return Trail(actor_name="visitor", request_id=self.request_id, address=self.address)

    @property
    def home(self) -> Scope:
        """The scope in which the host's own tenant can ask for work."""
        return Scope.staff(trail=self.trail) if self.is_console else Scope.of_tenant(self.tenant_id, trail=self.trail)

    def note(self, action: str, person_id: UUID) -> None:
        """An audit entry about a person who has no scope yet; in the running sign-in transaction."""
        call(
            "note_sign_in", p_action=action, p_tenant=self.tenant_id, p_person=person_id, p_address=self.address,
            p_request_id=self.request_id,
        )  # fmt: skip


def signin_call(function: str, **arguments: Any) -> list[dict[str, Any]]:
    """One reviewed function in a transaction of its own."""
    with apart(Scope.signin()):
        return call(function, **arguments)


def credential_of(e_mail: str, *, at: Visit) -> dict[str, Any] | None:
    """How the person of this address proves himself on this host; None where he has nothing to do there."""
    if not 3 <= len(e_mail) <= 254 or "\0" in e_mail:
        return None
    rows = signin_call("credential_of", p_tenant=at.tenant_id, p_e_mail=e_mail)
    return rows[0] if rows else None


def sign_in_throttle() -> SignInThrottle:
    """Passwords, at sign-in and at confirmation."""
    return _kept("sign_in", lambda redis: SignInThrottle(redis))


def second_step_throttle() -> SignInThrottle:
    """Codes of the second factor and recovery codes."""
    return _kept("second_step", lambda redis: SignInThrottle(redis, "second_step"))


def count_attempt(throttle: SignInThrottle, account: str, *, at: Visit) -> None:
    """Count before anything is looked at; TooManyRequests when it is one too many."""
    refuse_beyond(throttle.hit(account=account, address=at.address), account)


def count_link_request(account: str, *, at: Visit) -> None:
    """Asking for a link by mail: few for one account, more for one network."""
    by_network = _kept("links_network", lambda redis: Throttle(redis, "links:network", 20, HOUR))
    refuse_beyond(by_network.hit(network_of(at.address)), account)
    by_account = _kept("links_account", lambda redis: Throttle(redis, "links:account", 3, HOUR))
    refuse_beyond(by_account.hit(account.strip().casefold()), account)


def refuse_beyond(verdict: Verdict, account: str) -> None:
    """Raise TooManyRequests, with the time to wait, unless the attempt may go on."""
    if verdict.allowed:
        return
    refusals.record("throttled", account=account)
    minutes = -(-verdict.retry_after // 60)
    raise TooManyRequests(
        f"There were too many attempts. Try again in {minutes} minute{'s' if minutes != 1 else ''}.",
        retry_after=verdict.retry_after,
    )


def _kept(name: str, make: Callable[[Redis], T]) -> T:
    """One throttle an application: it remembers attempts itself while Redis is away."""
    extensions = this_app().extensions
    key = f"msp.throttle.{name}"
    if key not in extensions:
        extensions[key] = make(_quick_redis())
    found: T = extensions[key]
    return found


def _quick_redis() -> Redis:
    """A connection that gives up at once: nobody waits at the door because Redis is away."""
    extensions = this_app().extensions
    if "msp.throttle.redis" not in extensions:
        extensions["msp.throttle.redis"] = Redis.from_url(
            this_app().settings.redis_url or "redis://127.0.0.1:1/0",
            socket_timeout=0.5,
            socket_connect_timeout=0.5,
            retry=Retry(NoBackoff(), 0),
        )
    found: Redis = extensions["msp.throttle.redis"]
    return found
