"""Invitations and password resets: single-use links by mail. GET shows them, POST spends them."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from msp.core import clock
from msp.core.actor import Actor
from msp.core.auth import passwords, tokens
from msp.core.db import apart, call
from msp.core.errors import Conflict, Invalid, NotFound
from msp.core.mail import services as mail
from msp.core.outbox import services as outbox
from msp.core.scope import Scope
from msp.core.web.formats import moment_words
from tenants import hosts, queries, say
from tenants.identity import notices, visits
from tenants.identity.sign_in import open_session
from tenants.identity.visits import Visit
from tenants.permissions import Permission
from tenants.services import people

RESET = timedelta(hours=1)


class LinkRefused(NotFound):
    """Unknown, spent, too old, for another host or for something else: the holder is not told which."""

    code, title = "link_refused", "This link is not valid, or no longer"


@dataclass(frozen=True)
class Link:
    """Whom an unspent link belongs to."""

    person_id: UUID
    name: str
    e_mail: str
    has_password: bool


def show(token: str, purpose: str, *, at: Visit) -> Link:
    """What the page says; spends nothing."""
    rows = visits.signin_call("one_time_link_of", p_hash=tokens.token_hash(token))
    if not rows or (rows[0]["purpose"], rows[0]["tenant_id"]) != (purpose, at.tenant_id):
        raise LinkRefused
    row = rows[0]
    return Link(row["person_id"], row["name"], row["e_mail"], row["has_password"])


def accept_invitation(token: str, password: str, *, token_hash: str, at: Visit) -> None:
    """Choose the first password and sign in. Who has one keeps it: an invitation never replaces a password."""
    link = show(token, "invitation", at=at)
    if link.has_password:
        raise Conflict("You have a password already; sign in with it.")
    hashed = _checked_hash(password, link, at)
    with apart(Scope.signin()):
        _spend(token, "invitation", at)
        call("set_credential", p_person=link.person_id, p_password_hash=hashed)
        at.note("accepted an invitation", link.person_id)
        open_session(link.person_id, token_hash, second_factor=False, at=at)


def reset_password(token: str, password: str, *, at: Visit) -> None:
    """Choose a new password; every session of the person ends, and his second factor stays."""
    link = show(token, "reset", at=at)
    hashed = _checked_hash(password, link, at)
    with apart(Scope.signin()):
        _spend(token, "reset", at)
        call("set_credential", p_person=link.person_id, p_password_hash=hashed)
        call("end_sessions", p_person=link.person_id, p_except=None, p_reason="password changed")
        at.note("reset the password", link.person_id)
    with apart(at.home):
        notices.tell("password", to=link.e_mail, name=link.name, tenant_id=at.tenant_id)


def request_reset(e_mail: str, *, at: Visit) -> None:
    """Ask for a link by mail. Whether there is such a person is found out later, by a job: no answer can tell."""
    visits.count_link_request(e_mail, at=at)
    if not 3 <= len(e_mail) <= 254 or "\0" in e_mail:
        return
    with apart(at.home):
        outbox.enqueue("identity.send_reset", {"e_mail": e_mail}, tenant_id=at.tenant_id)


def send_reset(e_mail: str, *, tenant_id: UUID) -> None:
    """Mail the link to the person of this address, if he may enter there; the work of the job."""
    token = tokens.new_token()
    with apart(Scope.signin()):
        found = call("credential_of", p_tenant=tenant_id, p_e_mail=e_mail)
        if not found:
            return
        call(
            "make_link", p_hash=tokens.token_hash(token), p_purpose="reset", p_person=found[0]["person_id"],
            p_tenant=tenant_id, p_lifetime_seconds=int(RESET.total_seconds()),
        )  # fmt: skip
    context = {
        "name": found[0]["name"],
        "url": mail.sealed(hosts.url_of(tenant_id, f"/reset/{token}")),
        "until": moment_words(clock.now() + RESET, ZoneInfo("UTC")),
    }
    mail.send("password_reset", to=e_mail.strip().lower(), context=context, tenant_id=tenant_id)


def invite_contact(contact_id: UUID, *, by: Actor) -> None:
    """Mail an invitation to the portal; a new one makes no earlier one void."""
    by.require(Permission.CONTACT_MANAGE)
    contact = queries.visible_contact(contact_id, by=by)
    client = queries.visible_client(contact.tenant_id, by=by)
    _invite(contact.person_id, contact.e_mail, contact.name, contact.tenant_id, client.time_zone, by)


def invite_agent(agent_id: UUID, *, by: Actor) -> None:
    """Mail an invitation to the console."""
    by.require(Permission.AGENT_MANAGE)
    agent = queries.visible_agent(agent_id, by=by)
    say.require_change(agent, by=by)
    _invite(agent.person_id, agent.e_mail, agent.name, agent.tenant_id, agent.time_zone, by)


def _invite(person_id: UUID | None, e_mail: str | None, name: str, tenant_id: UUID, zone: str, by: Actor) -> None:
    if person_id is None or e_mail is None:
        raise Invalid.field("e_mail", f"{name} has no e-mail address to be invited at.", "missing")
    token = people.new_invitation(person_id, tenant_id, by=by)
    until = clock.now() + timedelta(seconds=people.INVITATION_SECONDS)
    context = {
        "name": name,
        "inviter": by.name,
        "url": mail.sealed(hosts.url_of(tenant_id, f"/invitation/{token}")),
        "until": moment_words(until, ZoneInfo(zone)),
    }
    mail.send("invitation", to=e_mail, context=context, tenant_id=tenant_id)


def _checked_hash(password: str, link: Link, at: Visit) -> str:
    passwords.check_password(password, context=(link.e_mail, link.name, at.tenant_name))
    return passwords.hash_password(password)


def _spend(token: str, purpose: str, at: Visit) -> None:
    spent = call("spend_link", p_hash=tokens.token_hash(token), p_purpose=purpose, p_tenant=at.tenant_id)
    if spent[0]["spend_link"] is None:
        raise LinkRefused
