"""Which article served which ticket."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ClientRow, client_key, client_table


class ArticleUse(ClientRow, Base):
    """An article that was sent or noted on a ticket, or said to have solved it; one row for both, none for contacts to see."""

    __tablename__ = "article_use"
    __isolation__ = client_table("")

    ticket_id: Mapped[UUID]
    article_id: Mapped[UUID] = mapped_column(sa.ForeignKey("article.id"))
    is_solution: Mapped[bool] = mapped_column(server_default=sa.false())
    agent_name: Mapped[str]
    used_at: Mapped[datetime]

    __table_args__: Any = (
        client_key("ticket_id", "ticket"),
        sa.UniqueConstraint("tenant_id", "ticket_id", "article_id"),
        sa.Index("ix_article_use_newest", "article_id", sa.text("used_at DESC"), sa.text("id DESC")),
    )
