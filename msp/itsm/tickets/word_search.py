"""Words looked up in tickets and their conversations. What narrows a list narrows the search, before its limit cuts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from msp.core.actor import Actor
from msp.core.db import call, db
from msp.core.paging import Page
from msp.core.query import ast
from msp.core.query.fields import Registry
from msp.core.query.kinds import Condition
from msp.itsm.tickets import fields
from msp.itsm.tickets.models import Follower, Ticket
from msp.itsm.tickets.queries import READ_COMPANY

MOST_FOUND = 1000


@dataclass(frozen=True)
class Whose:
    """Tickets of one contact: those he asked for, those he follows, those at his sites; together, where several are given."""

    requester_id: UUID | None = None
    followed: Sequence[UUID] | None = None
    site_ids: Sequence[UUID] | None = None


@dataclass(frozen=True)
class Narrow:
    """What holds for every ticket found; None leaves it open."""

    tenant_ids: Sequence[UUID] | None = None
    site_ids: Sequence[UUID] | None = None
    is_open: bool | None = None
    statuses: Sequence[str] | None = None
    assignee_ids: Sequence[UUID] | None = None


@dataclass(frozen=True)
class Found:
    """Tickets that hold the words, what changed last first. `is_cut`: there are more, which nobody looked at."""

    ids: list[UUID]
    is_cut: bool

    def condition(self) -> Condition:
        """That a ticket is one of those found: the ids are one value of the statement, however many they are."""
        return Ticket.id == sa.any_(sa.cast(self.ids, ARRAY(sa.Uuid())))


@dataclass(frozen=True)
class FoundPage(Page[Ticket]):
    """One page of tickets; `is_cut` where so many hold the words asked for that only the newest of them were looked at."""

    is_cut: bool = False


def look_up(words: str, narrow: Narrow = Narrow(), *, by: Actor, whose: Whose | None = None) -> Found:
    """The newest tickets whose text, or whose conversation as far as this actor may read it, holds the words.

    `whose` can narrow what a contact sees, it never widens it.
    """
    mine = whose or visible_to(by)
    rows = call(
        "search_tickets", p_words=words, p_tenants=_list(narrow.tenant_ids), p_limit=MOST_FOUND + 1,
        p_requester=mine.requester_id, p_followed=_list(mine.followed), p_own_sites=_list(mine.site_ids),
        p_sites=_list(narrow.site_ids), p_open=narrow.is_open, p_statuses=_list(narrow.statuses),
        p_assignees=_list(narrow.assignee_ids),
    )  # fmt: skip
    return Found([row["ticket_id"] for row in rows[:MOST_FOUND]], len(rows) > MOST_FOUND)


def visible_to(by: Actor) -> Whose:
    """Whose tickets a contact sees, as `queries.visible` has it; an agent's clients are his transaction's."""
    if not by.is_contact or by.may(READ_COMPANY):
        return Whose()
    return Whose(by.id, followed(by), list(by.site_ids) or None)


def followed(by: Actor) -> list[UUID]:
    """Ids of the tickets that a contact follows."""
    own = Follower.tenant_id == (by.tenant_ids or (None,))[0]
    return list(db.session.scalars(sa.select(Follower.ticket_id).where(own, Follower.contact_id == by.id)))


def narrowed(query: ast.Query, registry: Registry, *, by: Actor) -> Narrow:
    """What a query demands of every ticket, as far as the search can hold it: its clients, sites, states and assignees.

    The conditions of the query still apply to what is found: this only keeps the limit from cutting too early.
    """
    made = Narrow()
    for node in query.nodes:
        if isinstance(node, ast.Term) and node.operator == ":" and not any(value.is_word("none") for value in node.values):
            made = _narrowed_by(made, registry.field_of(node).name, node.values, by)
    return made


def _narrowed_by(narrow: Narrow, name: str, values: Sequence[ast.Value], by: Actor) -> Narrow:
    texts = [value.text for value in values]
    if name == "client":
        return replace(narrow, tenant_ids=_ids(fields.clients_named(texts, by=by)))
    if name == "site":
        return replace(narrow, site_ids=_ids(fields.sites_named(texts, by=by)))
    if name == "status":
        known = [fields.STATUS_WORDS[text.lower()] for text in texts]
        return replace(narrow, statuses=[state for each in known for state in ([each] if isinstance(each, str) else each)])
    if name == "is" and [text.lower() for text in texts] in (["open"], ["ended"]):
        return replace(narrow, is_open=texts[0].lower() == "open")
    if name == "assignee":
        others = [value.text for value in values if not value.is_word("me")]
        found = _ids(fields.agents_named(others)) if others else []
        return replace(narrow, assignee_ids=found if by.id is None or len(others) == len(values) else [by.id, *found])
    return narrow


def _ids(named: fields.Names) -> list[UUID]:
    return [id for ids in named.values() for id in ids]


def _list(values: Sequence[Any] | None) -> list[Any] | None:
    return None if values is None else list(values)
