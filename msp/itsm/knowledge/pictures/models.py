"""The picture of an article."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ProviderRow, provider_table


class ArticlePicture(ProviderRow, Base):
    """A picture that an article may show, as we wrote it anew. Readers reach it by the text that shows it, never by this row."""

    __tablename__ = "article_picture"
    __isolation__ = provider_table("SELECT INSERT DELETE")

    article_id: Mapped[UUID] = mapped_column(sa.ForeignKey("article.id"), index=True)
    name: Mapped[str]
    kind: Mapped[str]
    size: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    author_name: Mapped[str]
    created_at: Mapped[datetime]

    __table_args__: Any = (sa.CheckConstraint("kind IN ('png', 'jpeg')", name="kind"),)

    @property
    def file_name(self) -> str:
        """How texts and addresses call it."""
        return f"{self.id}.{self.kind}"
