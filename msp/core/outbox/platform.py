"""Platform tables of recurring work."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from msp.core.db import Base
from msp.core.tables import platform_table


class Heartbeat(Base):
    """When a recurring work last ended, wherever it ran."""

    __tablename__ = "heartbeat"
    __isolation__ = platform_table("about the installation's own processes", staff="SELECT INSERT UPDATE")
    __audited__ = False

    name: Mapped[str] = mapped_column(primary_key=True)
    ended_at: Mapped[datetime]
