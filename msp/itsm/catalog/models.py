"""Templates of the provider; a client's categories and items with their versions; favourites, baskets and orders."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ClientRow, ProviderRow, client_key, client_table, provider_table

_MONEY = sa.Numeric(12, 2)


class CatalogTemplate(ProviderRow, Base):
    """What an item starts from. `number` is that of its newest version; one that is not active is no longer offered."""

    __tablename__ = "catalog_template"
    __isolation__ = provider_table()

    name: Mapped[str]
    number: Mapped[int]
    is_active: Mapped[bool] = mapped_column(server_default=sa.true())
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__: Any = (sa.UniqueConstraint("name"), sa.Index(None, "name", "id"))


class CatalogTemplateVersion(ProviderRow, Base):
    """A template as it was saved; written once, so that a copy can be held against the one it was taken from."""

    __tablename__ = "catalog_template_version"
    __isolation__ = provider_table("SELECT INSERT")

    template_id: Mapped[UUID] = mapped_column(sa.ForeignKey("catalog_template.id"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    author_name: Mapped[str]
    created_at: Mapped[datetime]

    __table_args__: Any = (sa.UniqueConstraint("template_id", "number"),)


class CatalogCategory(ClientRow, Base):
    """A shelf of the client's catalogue."""

    __tablename__ = "catalog_category"
    __isolation__ = client_table("SELECT")

    name: Mapped[str]
    icon: Mapped[str]
    position: Mapped[int]
    is_active: Mapped[bool] = mapped_column(server_default=sa.true())
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__: Any = (sa.UniqueConstraint("tenant_id", "name"), sa.Index(None, "tenant_id", "position", "name"))


class CatalogItem(ClientRow, Base):
    """What may be ordered, as lists need it; what it says in full stands in its version `number`.

    `search` holds name, summary and synonyms in small letters. No roles: whoever may open tickets; no sites: at each.
    """

    __tablename__ = "catalog_item"
    __isolation__ = client_table("SELECT")

    template_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("catalog_template.id"), index=True)
    template_number: Mapped[int | None]
    category_id: Mapped[UUID | None]
    name: Mapped[str]
    icon: Mapped[str]
    summary: Mapped[str]
    search: Mapped[str]
    roles: Mapped[list[str]] = mapped_column(server_default=sa.text("'{}'"))
    site_ids: Mapped[list[UUID]] = mapped_column(server_default=sa.text("'{}'"))
    is_visible: Mapped[bool] = mapped_column(server_default=sa.true())
    number: Mapped[int]
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__: Any = (
        client_key("category_id", "catalog_category", optional=True),
        sa.UniqueConstraint("tenant_id", "name"),
        sa.Index(None, "tenant_id", "name", "id"),
    )


class CatalogItemVersion(ClientRow, Base):
    """An item as it was saved: texts, price, form, approvals, tasks; written once, orders point to it."""

    __tablename__ = "catalog_item_version"
    __isolation__ = client_table("SELECT", "SELECT INSERT")

    item_id: Mapped[UUID]
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    price_once: Mapped[Decimal | None] = mapped_column(_MONEY)
    price_monthly: Mapped[Decimal | None] = mapped_column(_MONEY)
    currency: Mapped[str]
    author_name: Mapped[str]
    created_at: Mapped[datetime]

    __table_args__: Any = (
        client_key("item_id", "catalog_item"),
        sa.UniqueConstraint("tenant_id", "item_id", "number"),
        sa.CheckConstraint("price_once >= 0 AND price_monthly >= 0", name="price"),
    )


class CatalogFavourite(ClientRow, Base):
    """An item that a contact keeps at hand."""

    __tablename__ = "catalog_favourite"
    __isolation__ = client_table("SELECT INSERT DELETE", "SELECT INSERT DELETE")
    __audited__ = False

    contact_id: Mapped[UUID]
    item_id: Mapped[UUID]

    __table_args__: Any = (
        client_key("contact_id", "contact"),
        client_key("item_id", "catalog_item"),
        sa.UniqueConstraint("tenant_id", "contact_id", "item_id"),
    )


class BasketLine(ClientRow, Base):
    """An item with its answers that a contact has not ordered yet. `number`: the item's version that he answered."""

    __tablename__ = "catalog_basket_line"
    __isolation__ = client_table("SELECT INSERT UPDATE DELETE", "SELECT INSERT UPDATE DELETE")
    __audited__ = False

    contact_id: Mapped[UUID]
    item_id: Mapped[UUID]
    number: Mapped[int]
    answers: Mapped[dict[str, Any]]
    note: Mapped[str]
    for_contact_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__: Any = (
        client_key("contact_id", "contact"),
        client_key("item_id", "catalog_item"),
        client_key("for_contact_id", "contact", optional=True),
        sa.Index(None, "tenant_id", "contact_id", "created_at", "id"),
    )


class Order(ClientRow, Base):
    """What was ordered, as it was then: the item's version, the answers and how they read, the price. Written once.

    `contact_id` ordered it, or had an agent order it; `for_contact_id` gets it. Orders of one basket share `group_id`.
    """

    __tablename__ = "catalog_order"
    __isolation__ = client_table("SELECT INSERT", "SELECT INSERT")

    item_id: Mapped[UUID]
    item_version_id: Mapped[UUID]
    ticket_id: Mapped[UUID]
    group_id: Mapped[UUID]
    contact_id: Mapped[UUID]
    for_contact_id: Mapped[UUID]
    for_name: Mapped[str]
    ordered_by_name: Mapped[str]
    item_name: Mapped[str]
    answers: Mapped[dict[str, Any]]
    lines: Mapped[list[Any]] = mapped_column(JSONB)
    note: Mapped[str]
    price_once: Mapped[Decimal | None] = mapped_column(_MONEY)
    price_monthly: Mapped[Decimal | None] = mapped_column(_MONEY)
    currency: Mapped[str]
    is_price_shown: Mapped[bool]
    created_at: Mapped[datetime]

    __table_args__: Any = (
        client_key("item_id", "catalog_item"),
        client_key("item_version_id", "catalog_item_version"),
        client_key("ticket_id", "ticket"),
        client_key("contact_id", "contact"),
        client_key("for_contact_id", "contact"),
        sa.UniqueConstraint("tenant_id", "ticket_id"),
        sa.Index("ix_catalog_order_contact", "tenant_id", "contact_id", sa.text("created_at DESC"), sa.text("id DESC")),
        sa.Index("ix_catalog_order_newest", "tenant_id", sa.text("created_at DESC"), sa.text("id DESC")),
        sa.Index("ix_catalog_order_item", "tenant_id", "item_id", "created_at"),
    )
