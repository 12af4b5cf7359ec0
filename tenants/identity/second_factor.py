"""The second factor: set up with an authenticator, confirmed by a code, backed by recovery codes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from msp.core import audit, clock
from msp.core.actor import Actor
from msp.core.app import this_app
from msp.core.auth import recovery, totp
from msp.core.db import call, db
from msp.core.errors import Conflict, Forbidden, Invalid
from msp.core.secrets import CannotDecrypt, Keyring, Seals
from tenants import queries, say
from tenants.identity import notices
from tenants.identity.sessions import home_of
from tenants.models import Agent, Contact
from tenants.permissions import Permission

_PAGE = 500
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Standing:
    """How the acting person proves himself."""

    person_id: UUID
    e_mail: str
    password_changed_at: datetime | None
    confirmed_at: datetime | None
    codes_left: int
    sealed_secret: str | None


@dataclass(frozen=True)
class Setup:
    """What an authenticator needs: the secret to type, its address for the QR code."""

    secret: str
    uri: str


def standing() -> Standing:
    """The acting person's credential."""
    row = call("own_credential")[0]
    return Standing(
        row["person_id"], row["e_mail"], row["password_changed_at"], row["totp_confirmed_at"], row["codes_left"],
        row["totp_secret"],
    )  # fmt: skip


def begin(*, by: Actor) -> None:
    """A new secret, good for nothing until a code has confirmed it; Conflict while another one is in use."""
    own = standing()
    if not call("begin_totp", p_secret=_sealed(totp.new_secret(), own.person_id))[0]["begin_totp"]:
        raise Conflict("A second factor is in use already; remove it first.")
    audit.note(db.session(), "began", "second_factor", own.person_id, tenant_id=home_of(by))


def setup(own: Standing, *, issuer: str) -> Setup | None:
    """What to show while a secret waits for its first code; None at any other time, and where its key is gone: then it begins anew."""
    if own.sealed_secret is None or own.confirmed_at is not None:
        return None
    secret = readable(own.sealed_secret, own.person_id)
    return Setup(secret, totp.provisioning_uri(secret, account=own.e_mail, issuer=issuer)) if secret else None


def confirm(code: str, *, by: Actor, token_hash: str) -> list[str]:
    """Take the secret into use; the recovery codes, shown this once. Other sessions end, this one gets a new token."""
    own = standing()
    pending = own.sealed_secret if own.confirmed_at is None else None
    secret = readable(pending, own.person_id) if pending else None
    step = totp.verify(secret, code, last_step=None, now=clock.now()) if secret else None
    if step is None:
        raise Invalid.field("code", "This code does not fit. Is the clock of your telephone right?", "code")
    codes = recovery.new_codes()
    if not call("confirm_totp", p_step=step, p_code_hashes=_hashes(codes))[0]["confirm_totp"]:
        raise Conflict("A second factor is in use already.")
    _renew(own, by, token_hash, is_second_step=True)
    _tell("confirmed", "second_factor_on", own, by)
    return codes


def new_recovery_codes(*, by: Actor) -> list[str]:
    """Ten new recovery codes, shown this once; the old ones are worthless."""
    own, codes = standing(), recovery.new_codes()
    if not call("replace_recovery_codes", p_code_hashes=_hashes(codes))[0]["replace_recovery_codes"]:
        raise Conflict("There is no second factor to recover.")
    _tell("made recovery codes for", "recovery_codes_new", own, by)
    return codes


def remove(*, by: Actor, token_hash: str) -> None:
    """Go back to the password alone."""
    own = standing()
    if not call("drop_second_factor", p_person=own.person_id)[0]["drop_second_factor"]:
        raise Conflict("There is no second factor.")
    _renew(own, by, token_hash, is_second_step=False)
    if own.confirmed_at is not None:
        _tell("removed", "second_factor_off", own, by)


def remove_for_agent(agent_id: UUID, *, by: Actor) -> None:
    """For an agent who lost telephone and codes: his next sign-in needs the password alone, all his sessions end."""
    by.require(Permission.AGENT_MANAGE)
    _remove_for(queries.visible_agent(agent_id, by=by), by)


def remove_for_contact(contact_id: UUID, *, by: Actor) -> None:
    """The same for a contact: an act of our side, for the second factor is the person's in every company."""
    by.require(Permission.CONTACT_MANAGE)
    if by.is_contact:
        raise Forbidden("Only the service desk removes the second factor of somebody else.")
    _remove_for(queries.visible_contact(contact_id, by=by), by)


def is_removable(whose: Agent | Contact, *, by: Actor) -> bool:
    """Whether there is one that this actor may remove."""
    by.require_any(Permission.CONTACT_MANAGE, Permission.AGENT_MANAGE)
    if whose.person_id is None or by.is_contact:
        return False
    try:
        say.require_grants_of(whose.person_id, by=by)
    except Forbidden:
        return False
    return bool(call("has_second_factor", p_person=whose.person_id)[0]["has_second_factor"])


def _remove_for(whose: Agent | Contact, by: Actor) -> None:
    """Whoever weakens a sign-in could give all that it opens; the password is still needed."""
    if whose.person_id is None:
        raise Conflict(f"{whose.name} has no second factor.")
    say.require_grants_of(whose.person_id, by=by)
    has_one = call("has_second_factor", p_person=whose.person_id)[0]["has_second_factor"]
    if has_one is None:
        raise Forbidden("This needs somebody who sees every client.")
    if not has_one or not call("drop_second_factor", p_person=whose.person_id)[0]["drop_second_factor"]:
        raise Conflict(f"{whose.name} has no second factor.")
    call("end_sessions", p_person=whose.person_id, p_except=None, p_reason="second factor removed")
    audit.note(db.session(), "removed", "second_factor", whose.person_id, tenant_id=whose.tenant_id)
    if whose.e_mail:
        actor = by.name if by.is_agent else ""
        notices.tell("second_factor_off", to=whose.e_mail, name=whose.name, tenant_id=whose.tenant_id, actor=actor)


def opened(sealed: str, person_id: UUID) -> str:
    """The secret as the authenticator knows it."""
    return _keyring().decrypt(sealed, context=_context(person_id))


def readable(sealed: str, person_id: UUID) -> str | None:
    """The same; None where its key is gone, so that a recovery code or a new beginning still helps."""
    try:
        return opened(sealed, person_id)
    except CannotDecrypt:
        log.warning("second_factor_unreadable", person_id=str(person_id))
        return None


def renew_one(sealed: str, person_id: UUID) -> bool:
    """Write the secret again under the newest key, where it is under another; never over one that was changed since."""
    if _keyring().is_current(sealed):
        return False
    fresh = _keyring().renewed(sealed, context=_context(person_id))
    return bool(call("reseal_totp", p_person=person_id, p_old=sealed, p_new=fresh)[0]["reseal_totp"])


def renew(*, by: Actor) -> int:
    """Do so for everybody; how many were written again. What no key reads stays as it is."""
    by.require(Permission.SETTINGS_MANAGE)
    renewed = 0
    for person_id, sealed in _stored():
        if readable(sealed, person_id) is not None:
            renewed += renew_one(sealed, person_id)
    return renewed


def seals(*, by: Actor) -> Seals:
    """Under which keys the second factors are stored."""
    by.require(Permission.SETTINGS_MANAGE)
    return _keyring().seals((sealed, _context(person_id)) for person_id, sealed in _stored())


def _stored() -> Iterator[tuple[UUID, str]]:
    last = None
    while rows := call("sealed_totp_secrets", p_after=last, p_limit=_PAGE):
        yield from ((row["person_id"], row["totp_secret"]) for row in rows)
        last = rows[-1]["person_id"]


def _sealed(secret: str, person_id: UUID) -> str:
    return _keyring().encrypt(secret, context=_context(person_id))


def _context(person_id: UUID) -> str:
    return f"credential.totp_secret:{person_id}"


def _keyring() -> Keyring:
    return Keyring(this_app().settings.secret_keys)


def _hashes(codes: list[str]) -> list[str]:
    return [recovery.code_hash(code) for code in codes]


def _renew(own: Standing, by: Actor, token_hash: str, *, is_second_step: bool) -> None:
    call("end_sessions", p_person=own.person_id, p_except=by.session_id, p_reason="second factor changed")
    call("renew_session", p_id=by.session_id, p_token_hash=token_hash, p_second_factor=is_second_step)


def _tell(action: str, template: str, own: Standing, by: Actor) -> None:
    tenant_id: Any = home_of(by)
    audit.note(db.session(), action, "second_factor", own.person_id, tenant_id=tenant_id)
    notices.tell(template, to=own.e_mail, name=by.name, tenant_id=tenant_id)
