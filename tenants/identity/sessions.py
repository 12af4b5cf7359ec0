"""Sessions: how long they last, one's own, and ending those of others."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from msp.core import audit
from msp.core.actor import Actor
from msp.core.db import call, db
from msp.core.errors import NotFound
from tenants import queries, say
from tenants.permissions import Permission

IDLE = timedelta(hours=8)
LIFETIME = timedelta(hours=24)
RECENT = timedelta(minutes=10)


def home_of(by: Actor) -> UUID | None:
    """The tenant that an act of this actor on himself is noted under."""
    return by.tenant_ids[0] if by.is_contact and by.tenant_ids else by.provider_id


def own_sessions() -> Sequence[dict[str, Any]]:
    """Living sessions of the acting person on every host, the one used last first."""
    return call("own_sessions", p_idle_seconds=int(IDLE.total_seconds()))


def end_own_session(session_id: UUID, *, by: Actor) -> None:
    """Sign out somewhere else."""
    if not call("end_own_session", p_id=session_id, p_reason="ended by its person")[0]["end_own_session"]:
        raise NotFound
    audit.note(db.session(), "ended", "session", session_id, tenant_id=home_of(by))


def end_other_sessions(*, by: Actor) -> int:
    """Sign out everywhere but here; how many sessions ended."""
    ended: int = call("end_sessions", p_person=by.person_id, p_except=by.session_id, p_reason="ended by its person")[0][
        "end_sessions"
    ]
    audit.note(db.session(), "ended all other", "session", None, tenant_id=home_of(by), changes={"count": ended})
    return ended


def end_sessions_of_contact(contact_id: UUID, *, by: Actor) -> int:
    """Sign a contact out of his company's portal at once; how many sessions ended."""
    by.require(Permission.CONTACT_MANAGE)
    contact = queries.visible_contact(contact_id, by=by)
    return _end_all(contact.person_id, "contact", contact.id, contact.tenant_id)


def end_sessions_of_agent(agent_id: UUID, *, by: Actor) -> int:
    """Sign an agent out at once; how many sessions ended."""
    by.require(Permission.AGENT_MANAGE)
    agent = queries.visible_agent(agent_id, by=by)
    say.require_change(agent, by=by)
    return _end_all(agent.person_id, "agent", agent.id, agent.tenant_id)


def _end_all(person_id: UUID | None, subject: str, subject_id: UUID, tenant_id: UUID) -> int:
    if person_id is None:
        return 0
    why = "ended by an administrator"
    ended: int = call("end_sessions_of", p_person=person_id, p_tenant=tenant_id, p_except=None, p_reason=why)[0]["end_sessions_of"]
    audit.note(db.session(), "signed out", subject, subject_id, tenant_id=tenant_id, changes={"sessions": ended})
    return ended
