"""Signing in: password, second step, confirmation of a session that is older than ten minutes."""

from typing import Any
from uuid import UUID

from msp.core import clock, refusals
from msp.core.actor import Actor
from msp.core.auth import passwords, recovery, totp
from msp.core.db import apart, call
from msp.core.errors import Invalid, SignInRequired
from msp.core.scope import Scope
from tenants.identity import second_factor, visits
from tenants.identity.sessions import LIFETIME
from tenants.identity.visits import Visit

SECOND_STEP_SECONDS = 10 * 60


class SignInRefused(Invalid):
    """One answer for an unknown account, a wrong password, and somebody who has no business on this host."""

    code, title = "sign_in_refused", "This address and password do not match"


class CodeRefused(Invalid):
    code, title = "code_refused", "This code is not valid, or was used already"


class SecondStepOver(SignInRequired):
    """The password was given too long ago, or the step was done meanwhile."""

    code, title = "second_step_over", "Sign in again"


def sign_in(e_mail: str, password: str, *, token_hash: str, at: Visit) -> bool:
    """Check the password; True: a session is open under `token_hash`, False: it names the second step to come."""
    throttle = visits.sign_in_throttle()
    visits.count_attempt(throttle, e_mail, at=at)
    found = _proven(e_mail, password, at=at)
    with apart(Scope.signin()):
        if found["has_second_factor"]:
            call(
                "make_link", p_hash=token_hash, p_purpose="second_step", p_person=found["person_id"],
                p_tenant=at.tenant_id, p_lifetime_seconds=SECOND_STEP_SECONDS,
            )  # fmt: skip
            return False
        open_session(found["person_id"], token_hash, second_factor=False, at=at)
    throttle.succeeded(account=e_mail, address=at.address)
    return True


def awaited_second_step(token_hash: str | None, *, at: Visit) -> dict[str, Any]:
    """Whose second step this browser owes; SecondStepOver where it owes none."""
    rows = visits.signin_call("one_time_link_of", p_hash=token_hash) if token_hash else []
    if not rows or rows[0]["purpose"] != "second_step" or rows[0]["tenant_id"] != at.tenant_id:
        raise SecondStepOver
    return rows[0]


def second_step(code: str, *, step_hash: str | None, token_hash: str, at: Visit) -> None:
    """Check the code and open the session under a new token; the step is over with it."""
    owed = awaited_second_step(step_hash, at=at)
    throttle = visits.second_step_throttle()
    visits.count_attempt(throttle, owed["e_mail"], at=at)
    found = visits.credential_of(owed["e_mail"], at=at)
    if found is None:
        raise SecondStepOver
    with apart(Scope.signin()):
        passes = _code_passes(found, code)
        if passes:
            spent = call("spend_link", p_hash=step_hash, p_purpose="second_step", p_tenant=at.tenant_id)
            if spent[0]["spend_link"] is None:
                raise SecondStepOver
            open_session(found["person_id"], token_hash, second_factor=True, at=at)
    _refuse_unless(passes, owed["e_mail"])
    for passed in (throttle, visits.sign_in_throttle()):
        passed.succeeded(account=owed["e_mail"], address=at.address)


def confirm(e_mail: str, password: str, code: str, *, token_hash: str, at: Visit, by: Actor) -> None:
    """Prove again who one is; the session goes on under a new token."""
    throttle = visits.sign_in_throttle()
    visits.count_attempt(throttle, e_mail, at=at)
    found = _proven(e_mail, password, at=at)
    if found["has_second_factor"]:
        with apart(Scope.signin()):
            passes = _code_passes(found, code)
        _refuse_unless(passes, e_mail)
    call("renew_session", p_id=by.session_id, p_token_hash=token_hash, p_second_factor=found["has_second_factor"])
    throttle.succeeded(account=e_mail, address=at.address)


def open_session(person_id: UUID, token_hash: str, *, second_factor: bool, at: Visit) -> None:
    """A new session in the running sign-in transaction; SignInRefused where the person may not enter any more."""
    opened = call(
        "open_session", p_token_hash=token_hash, p_tenant=at.tenant_id, p_person=person_id, p_host=at.host,
        p_address=at.address, p_user_agent=at.user_agent, p_second_factor=second_factor,
        p_lifetime_seconds=int(LIFETIME.total_seconds()),
    )  # fmt: skip
    if opened[0]["open_session"] is None:
        raise SignInRefused
    at.note("signed in", person_id)


def sign_out(token_hash: str, *, person_id: UUID, at: Visit) -> None:
    """End this session."""
    with apart(Scope.signin()):
        call("end_session", p_token_hash=token_hash, p_reason="signed out")
        at.note("signed out", person_id)


def _proven(e_mail: str, password: str, *, at: Visit) -> dict[str, Any]:
    """The credential that the password fits; every other case costs the same work and gets the same answer."""
    found = visits.credential_of(e_mail, at=at)
    stored = found["password_hash"] if found else None
    verdict = passwords.verify_password(stored, password)
    if found is None or not verdict.ok:
        refusals.record("wrong_password", account=e_mail)
        raise SignInRefused
    if verdict.needs_rehash:
        fresh = passwords.hash_password(password)
        visits.signin_call("rehash_credential", p_person=found["person_id"], p_old=stored, p_new=fresh)
    return found


def _refuse_unless(passes: bool, e_mail: str) -> None:
    if not passes:
        refusals.record("wrong_code", account=e_mail)
        raise CodeRefused


def _code_passes(found: dict[str, Any], code: str) -> bool:
    """A code of the authenticator or a recovery code; either passes once, decided by one UPDATE."""
    if not found["has_second_factor"]:
        return False
    secret = second_factor.readable(found["totp_secret"], found["person_id"])
    step = totp.verify(secret, code, last_step=found["totp_last_step"], now=clock.now()) if secret else None
    if step is not None:
        second_factor.renew_one(found["totp_secret"], found["person_id"])
        return bool(call("use_totp_step", p_person=found["person_id"], p_step=step)[0]["use_totp_step"])
    spent = call("spend_recovery_code", p_person=found["person_id"], p_hash=recovery.code_hash(code))
    return bool(spent[0]["spend_recovery_code"])
