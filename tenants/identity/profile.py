"""One's own account: name, preferences, password."""

from typing import Any

from msp.core import audit
from msp.core.actor import Actor
from msp.core.auth import passwords
from msp.core.db import call, db
from msp.core.errors import Invalid, NotFound
from tenants import queries
from tenants.identity import notices, second_factor
from tenants.identity.sessions import home_of
from tenants.models import Agent, Contact

THEMES = ("system", "light", "dark")
DENSITIES = ("compact", "comfortable")


def rename(name: str, *, by: Actor) -> None:
    """Change the name that the actor's own company (or the provider) knows him by."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 100:
        raise Invalid.field("name", "A name has 1 to 100 characters.", "length")
    own_row(by).name = name
    db.session.flush()


def set_preferences(*, theme: str, density: str, has_keys: bool, by: Actor) -> None:
    """How the console looks for this agent, and whether single keys act."""
    agent = own_row(by)
    if not isinstance(agent, Agent):
        raise NotFound
    if theme not in THEMES or density not in DENSITIES:
        raise Invalid("Choose one of the themes and densities offered.")
    agent.preferences = {**agent.preferences, "theme": theme, "density": density, "has_keys": has_keys}
    db.session.flush()


def change_password(password: str, *, by: Actor, company: str, token_hash: str) -> None:
    """Set a new password. Every session ends but this one, which goes on under a new token."""
    own = second_factor.standing()
    passwords.check_password(password, context=(own.e_mail, by.name, company))
    call("set_credential", p_person=own.person_id, p_password_hash=passwords.hash_password(password))
    call("end_sessions", p_person=own.person_id, p_except=by.session_id, p_reason="password changed")
    call("renew_session", p_id=by.session_id, p_token_hash=token_hash, p_second_factor=False)
    tenant_id: Any = home_of(by)
    audit.note(
        db.session(), "changed", "credential", own.person_id, tenant_id=tenant_id, changes={"password": audit.HIDDEN}
    )
    notices.tell("password", to=own.e_mail, name=by.name, tenant_id=tenant_id)


def own_row(by: Actor) -> Agent | Contact:
    """The agent or contact that the actor is."""
    if by.id is None:
        raise NotFound
    return queries.visible_agent(by.id, by=by) if by.is_agent else queries.visible_contact(by.id, by=by)
