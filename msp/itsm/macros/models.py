"""The provider's canned replies."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ProviderRow, provider_table

THEN = ("open", "waiting_for_client", "resolved")


class Macro(ProviderRow, Base):
    """A text with variables, and the state that it suggests once it is sent. `folder` groups it in the composer."""

    __tablename__ = "macro"
    __isolation__ = provider_table()

    name: Mapped[str] = mapped_column(unique=True)
    folder: Mapped[str] = mapped_column(server_default="")
    body: Mapped[str]
    then_status: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(server_default=sa.true())
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        sa.CheckConstraint("char_length(name) BETWEEN 1 AND 80", name="name"),
        sa.CheckConstraint("then_status IN ('open', 'waiting_for_client', 'resolved')", name="then_status"),
    )
