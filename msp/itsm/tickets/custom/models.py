"""Definitions of custom fields; the values stand on the ticket, by key."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import ClientRow, client_table

KINDS = ("text", "number", "date", "choice", "flag")


class CustomField(ClientRow, Base):
    """One typed field of a client's incidents or requests. `is_asked`: the portal asks for it too, not agents alone."""

    __tablename__ = "custom_field"
    __isolation__ = client_table("SELECT")

    ticket_kind: Mapped[str]
    key: Mapped[str]
    label: Mapped[str]
    kind: Mapped[str]
    choices: Mapped[list[str]] = mapped_column(server_default=sa.text("'{}'"))
    hint: Mapped[str] = mapped_column(server_default="")
    is_required: Mapped[bool] = mapped_column(server_default=sa.false())
    is_asked: Mapped[bool] = mapped_column(server_default=sa.true())
    is_active: Mapped[bool] = mapped_column(server_default=sa.true())
    position: Mapped[int] = mapped_column(server_default="0")
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        sa.CheckConstraint("ticket_kind IN ('incident', 'request')", name="ticket_kind"),
        sa.CheckConstraint("kind IN ('text', 'number', 'date', 'choice', 'flag')", name="kind"),
        sa.UniqueConstraint("tenant_id", "ticket_kind", "key"),
    )

    @property
    def name(self) -> str:
        """How its input is called in a form."""
        return f"custom-{self.key}"
