"""A list to ask things of: a table of tickets with a field of every kind."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from msp.core.paging import Order
from msp.core.query import compile as compiler
from msp.core.query import parse
from msp.core.query.ast import SortKey
from msp.core.query.fields import Field, Registry
from msp.core.query.kinds import Choice, Duration, Flag, Instant, Number, Person, Reference, Suggestion, Text

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2027, 3, 31, 9, 44, tzinfo=UTC)  # 10:44 in London, three days into summer time
ACME, HARBOR = UUID(int=1), UUID(int=2)
ADA, BOB = UUID(int=11), UUID(int=12)
CLIENTS = {"acme": ACME, "harbor": HARBOR}
PEOPLE = {"ada": ADA, "bob": BOB}


class Base(DeclarativeBase):
    pass


class Ticket(Base):
    __tablename__ = "listed_ticket"
    __table_args__ = {"prefixes": ["TEMPORARY"]}

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(default=ACME)
    ref: Mapped[str] = mapped_column(sa.Text, default="ACME-1")
    status: Mapped[str] = mapped_column(sa.Text, default="open")
    priority: Mapped[int] = mapped_column(default=3)
    assignee_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), default=NOW)
    due_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    snoozed_until: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    cents: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    worked_minutes: Mapped[int] = mapped_column(default=0)


class Tag(Base):
    __tablename__ = "listed_tag"
    __table_args__ = {"prefixes": ["TEMPORARY"]}

    ticket_id: Mapped[int] = mapped_column(sa.ForeignKey("listed_ticket.id"), primary_key=True)
    word: Mapped[str] = mapped_column(sa.Text, primary_key=True)


def _resolve(known: dict[str, UUID], names: Sequence[str]) -> dict[str, list[UUID]]:
    return {name: [known[name]] for name in names if name in known}


def _offer(known: dict[str, UUID], prefix: str) -> Iterable[Suggestion]:
    return [Suggestion(name, name.title()) for name in known if name.startswith(prefix)]


def _tagged(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(Tag.ticket_id == Ticket.id, condition)


REGISTRY = Registry(
    [
        Field(
            "client",
            Reference(
                Ticket.client_id,
                lambda names: _resolve(CLIENTS, names),
                offer=lambda prefix: _offer(CLIENTS, prefix),
            ),
            "Client",
        ),
        Field("ref", Text(Ticket.ref, fold=str.upper), "Reference"),
        Field(
            "status",
            Choice(
                Ticket.status,
                {"open": "open", "waiting": ("waiting_client", "waiting_supplier"), "closed": "closed"},
                {"waiting": "for a client or a supplier"},
            ),
            "Status",
            aliases=("state",),
        ),
        Field("priority", Number(Ticket.priority), "Priority", sort=(Order(Ticket.priority),)),
        Field(
            "assignee",
            Person(Ticket.assignee_id, lambda names: _resolve(PEOPLE, names), is_nullable=True),
            "Who works on it",
        ),
        Field("created", Instant(Ticket.created_at), "Opened", sort=(Order(Ticket.created_at),)),
        Field("due", Instant(Ticket.due_at, is_nullable=True), "Due", sort=(Order(Ticket.due_at, is_nullable=True),)),
        Field("is", Flag({"snoozed": lambda context: Ticket.snoozed_until > context.now}), "State of mind"),
        Field("cost", Number(Ticket.cents, decimals=2), "Cost"),
        Field("worked", Duration(Ticket.worked_minutes), "Time worked"),
        Field("idle", Duration(Ticket.cents, unit=timedelta(seconds=1)), "Idle time, in seconds"),
        Field("tag", Text(Tag.word, is_nullable=True, through=_tagged), "Tag"),
    ],
    default_sort=(SortKey("created", True),),
)


def compiled(text: str, *, me: UUID | None = ADA) -> compiler.Compiled:
    return compiler.compile(parse.parse(text), REGISTRY, now=NOW, tz=LONDON, me=me)
