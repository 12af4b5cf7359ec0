"""Links in mails: made when somebody is asked, spent by one decision, disowned by whoever is not the person."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from uuid import UUID

import sqlalchemy as sa

from msp.core import audit, clock
from msp.core.actor import Actor
from msp.core.app import settings
from msp.core.db import db, locked
from msp.core.ids import new_id
from msp.core.notify import services as notify
from msp.core.notify.services import News
from msp.core.outbox import services as outbox
from msp.core.secrets import Keyring
from msp.itsm.approvals import book, directory, errors, letters, links, queries
from msp.itsm.approvals.book import SYSTEM, Way
from msp.itsm.approvals.models import Approval, Entry, Link, Seat
from msp.itsm.approvals.services import asking
from tenants import hosts
from tenants.models import Agent, Contact
from tenants.permissions import Permission

DISOWNED = "approvals.disowned"


def ask(
    tenant_id: UUID, approval_id: UUID, seat_ids: Iterable[UUID], *, provider_id: UUID | None, is_reminder: bool = False,
    holders: Sequence[str] = (), since: int | None = None,
) -> None:  # fmt: skip
    """Mail the question to the holders of these seats, as far as they are still open; the work of the job.

    `holders` are those who held the seats when it was asked for, `since` how many entries there were then: a seat that is
    another's by now has a mail of its own, and so has one that was mailed to him after.
    """
    approval = _locked(tenant_id, approval_id)
    if approval is None or not approval.is_waiting:
        return
    seats, wanted = book.seats_of(approval), dict(zip_longest(seat_ids, holders))
    mailed = {(entry.seat_id, entry.data.get("to")) for entry in book.entries_of(approval) if _is_sent(entry, since)}
    for seat in seats:
        holder = book.keys_of([book.holder_of(seat)])[0]
        if seat.id in wanted and seat.is_open and wanted[seat.id] in (None, holder) and (seat.id, holder) not in mailed:
            _ask(approval, seat, seats, provider_id, is_reminder=is_reminder)


def _is_sent(entry: Entry, since: int | None) -> bool:
    return entry.kind == "sent" and since is not None and entry.number > since


def send_again(approval_id: UUID, seat_id: UUID, *, by: Actor) -> Approval:
    """Mail the question once more to the holder of an open seat; an earlier link is good no more."""
    by.require(Permission.APPROVAL_ANSWER)
    approval = queries.visible_approval(approval_id, by=by, for_update=True)
    seat = next((each for each in book.seats_of(approval) if each.id == seat_id and each.is_open), None)
    if by.is_contact or seat is None or not approval.is_waiting:
        raise errors.NotAsked("Nobody is asked there now.")
    _must_be_reachable(approval, seat)
    asking.mail(approval, [seat])
    return approval


def _must_be_reachable(approval: Approval, seat: Seat) -> None:
    """HolderGone where no mail would reach whoever holds the seat."""
    if not directory.is_able(approval.tenant_id, book.holder_of(seat)):
        raise errors.HolderGone(f"{seat.holder_name} has left, so nothing was sent. Ask somebody else in this place.")
    holder: Contact | Agent | None
    if seat.holder_contact_id is not None:
        holder = db.session.get(Contact, (approval.tenant_id, seat.holder_contact_id))
    else:
        holder = db.session.get(Agent, seat.holder_agent_id)
    if holder is None or not holder.e_mail:
        raise errors.HolderGone(f"{seat.holder_name} has no e-mail address, so nothing was sent.")


def tell(tenant_id: UUID, approval_id: UUID) -> None:
    """Mail the outcome to the contact who asked; the work of the job."""
    approval = db.session.get(Approval, (tenant_id, approval_id))
    if approval is None or approval.is_waiting or approval.requester_contact_id is None:
        return
    requester = db.session.get(Contact, (tenant_id, approval.requester_contact_id))
    if requester is not None and requester.is_active and requester.e_mail:
        letters.tell_outcome(approval, book.seats_of(approval), requester)


def disown(link_id: UUID, *, by: Actor) -> None:
    """Whoever opened the link is not the person: it decides nothing any more, and our people are told."""
    by.require(Permission.APPROVAL_ANSWER)
    link = usable(link_id, by=by, for_update=True)
    approval = queries.visible_approval(link.approval_id, by=by, for_update=True)
    link.disowned_at = clock.now()
    book.note(approval, "disowned", by=by, way=Way("mail", link.id), at=clock.now(), seat_id=link.seat_id)
    audit.note(db.session(), "disowned", "approval_link", link.id, tenant_id=link.tenant_id, changes={"approval": approval.id})
    outbox.enqueue(DISOWNED, {"approval_id": str(approval.id), "name": by.name}, tenant_id=approval.tenant_id)


def warn(tenant_id: UUID, approval_id: UUID, name: str) -> None:
    """Tell our account managers that a link went to the wrong person; the work of the job."""
    approval = db.session.get(Approval, (tenant_id, approval_id))
    if approval is not None:
        text = f"The link for {name} was opened by somebody else: {approval.title}"
        notify.tell(_news(approval, id, text) for id in directory.manager_ids(tenant_id))


def usable(link_id: UUID, *, by: Actor, for_update: bool = False) -> Link:
    """The actor's own link while it is good for a decision; ApprovalLinkRefused says clearly where it no longer is."""
    by.require(Permission.APPROVAL_ANSWER)
    link = own(link_id, by=by, for_update=for_update)
    if link.disowned_at is not None:
        raise errors.ApprovalLinkRefused("This link was given back: somebody said that it had reached the wrong person.")
    if link.spent_at is not None:
        raise errors.ApprovalLinkRefused("This link was used already, or another one has replaced it. It works for one decision.")
    if link.expires_at <= clock.now():
        raise errors.ApprovalLinkRefused("This link is too old.")
    return link


def own(link_id: UUID, *, by: Actor, for_update: bool = False) -> Link:
    """The actor's own link, good or not; ApprovalLinkRefused for anybody else's."""
    by.require(Permission.APPROVAL_ANSWER)
    statement = sa.select(Link).where(Link.id == link_id, Link.contact_id == by.id)
    if by.tenant_ids is not None:
        statement = statement.where(Link.tenant_id.in_(by.tenant_ids))
    link = db.session.scalar(locked(statement) if for_update else statement)
    if link is None:
        raise errors.ApprovalLinkRefused
    return link


def _ask(approval: Approval, seat: Seat, seats: Iterable[Seat], provider_id: UUID | None, *, is_reminder: bool) -> None:
    all_seats = list(seats)
    if seat.holder_agent_id is not None:
        agent = db.session.get(Agent, seat.holder_agent_id)
        if agent is not None and agent.is_active and provider_id is not None:
            notify.tell([_news(approval, agent.id, f"Your decision: {approval.title}")])
            letters.ask_agent(approval, seat, all_seats, agent, provider_id=provider_id, is_reminder=is_reminder)
        return
    contact = db.session.get(Contact, (approval.tenant_id, seat.holder_contact_id))
    if contact is None or not contact.is_active or contact.e_mail is None:
        return
    has_link = queries.links_decide(approval.tenant_id)
    link = _new_link(approval, seat, contact) if has_link else None
    letters.ask_contact(approval, seat, all_seats, contact, url_of(approval, link), has_link=has_link, is_reminder=is_reminder)
    way = Way("system", link.id) if link else SYSTEM
    sent = {"name": contact.name, "to": book.keys_of([book.holder_of(seat)])[0]}
    book.note(approval, "sent", by=Actor.system(asking.NAME), way=way, at=clock.now(), seat_id=seat.id, data=sent)


def url_of(approval: Approval, link: Link | None) -> str:
    """The page that a link opens; the portal's own where there is none."""
    if link is None:
        return hosts.url_of(approval.tenant_id, f"/approvals/{approval.id}")
    token = links.token_of(link.id, link.contact_id, tenant_id=link.tenant_id, keys=Keyring(settings().secret_keys))
    return hosts.url_of(approval.tenant_id, f"/decide/{token}")


def _new_link(approval: Approval, seat: Seat, contact: Contact) -> Link:
    """One good link a seat: an earlier one is spent by the new one."""
    now = clock.now()
    old = sa.select(Link).where(Link.tenant_id == approval.tenant_id, Link.seat_id == seat.id, Link.spent_at.is_(None))
    for each in db.session.scalars(locked(old)):
        each.spent_at = now
    link = Link(
        tenant_id=approval.tenant_id, id=new_id(), approval_id=approval.id, seat_id=seat.id, contact_id=contact.id, made_at=now,
        expires_at=approval.due_at or now,
    )  # fmt: skip
    db.session.add(link)
    db.session.flush()
    return link


def _news(approval: Approval, agent_id: UUID, text: str) -> News:
    return News(approval.tenant_id, agent_id, "approval", "approval", approval.id, approval.reference or "Approval", text)


def _locked(tenant_id: UUID, approval_id: UUID) -> Approval | None:
    statement = sa.select(Approval).where(Approval.tenant_id == tenant_id, Approval.id == approval_id)
    return db.session.scalar(locked(statement))
