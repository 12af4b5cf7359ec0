"""Being away: a colleague is asked in one's place. And what a client allows links in mails to do."""

from datetime import datetime, timedelta
from uuid import UUID

from msp.core import clock
from msp.core.actor import Actor
from msp.core.db import db
from msp.core.errors import Forbidden, Invalid
from msp.core.ids import new_id
from msp.itsm.approvals import queries
from msp.itsm.approvals.models import ApprovalPolicy, Cover
from msp.itsm.approvals.services import moving
from msp.itsm.approvals.services.answering import colleague
from tenants import queries as tenants
from tenants.permissions import Permission

LONGEST = timedelta(days=366)


def set_cover(e_mail: str, from_at: datetime, until_at: datetime, *, by: Actor) -> Cover:
    """Let a colleague be asked in one's place from one instant until another; an earlier cover ends with it.

    What waits already goes over when it begins: `begin_if_due` does that where it has begun.
    """
    by.require(Permission.APPROVAL_ANSWER)
    if not by.is_contact or by.id is None or not by.tenant_ids:
        raise Forbidden("Only the client’s people name a cover.")
    tenant_id, now = by.tenant_ids[0], clock.now()
    if until_at <= from_at or until_at <= now:
        raise Invalid.field("until_at", "It must end after it has begun, and not in the past.", "reversed")
    if until_at - from_at > LONGEST:
        raise Invalid.field("until_at", "At most a year.", "too_long")
    person, name = colleague(tenant_id, e_mail, by=by, field="cover")
    if person.id == str(by.id):
        raise Invalid.field("cover", "Name somebody else.", "self")
    end_cover(by=by)
    cover = Cover(
        tenant_id=tenant_id, id=new_id(), contact_id=by.id, cover_id=UUID(person.id), cover_name=name, from_at=from_at, until_at=until_at
    )
    db.session.add(cover)
    db.session.flush()
    return cover


def begin_if_due(cover: Cover, *, by: Actor) -> int:
    """Hand what waits already to a cover who is asked from now on; how many approvals went over."""
    by.require(Permission.APPROVAL_ANSWER)
    return moving.begin_cover(cover, by=by) if cover.from_at <= clock.now() and cover.begun_at is None else 0


def end_cover(*, by: Actor) -> None:
    """Be asked oneself again; what was passed on stays with the cover."""
    by.require(Permission.APPROVAL_ANSWER)
    now = clock.now()
    while by.is_contact and by.tenant_ids and by.id is not None:
        cover = queries.cover_of(by.tenant_ids[0], by.id, now=now)
        if cover is None:
            return
        cover.ended_at = now
        db.session.flush()


def set_policy(tenant_id: UUID, *, links_decide: bool, by: Actor) -> ApprovalPolicy:
    """Say whether a link in a mail decides without a sign-in; a link already sent leads to the sign-in from now on."""
    by.require(Permission.CLIENT_MANAGE)
    client = tenants.visible_client(tenant_id, by=by, for_update=True)
    policy = queries.policy(client.id)
    if policy is None:
        policy = ApprovalPolicy(tenant_id=client.id, id=new_id())
        db.session.add(policy)
    policy.links_decide = links_decide
    db.session.flush()
    return policy
