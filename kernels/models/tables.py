"""The tables of the kernels' database. Times are seconds since the epoch."""

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """What every table derives from."""


class Approval(Base):
    """One question to a person: may this actor do this?"""

    __tablename__ = "approvals"
    __table_args__ = (Index("approvals_by_question", "state", "actor", "action", "resource"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(200))
    resource: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    policies: Mapped[str] = mapped_column(Text)
    """Names of the policies that ask for the approval, comma-separated."""
    state: Mapped[str] = mapped_column(String(20))
    """pending, approved or rejected."""
    asked_at: Mapped[float]
    decided_at: Mapped[float | None]
    decided_by: Mapped[str] = mapped_column(String(200), default="")
