"""Tables of claims, and of what owners state about their profiles, works and e-mail addresses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.base import Base, new_id, now, owner_column
from accounts.login.models import Account


class InstitutionEmail(Base):
    """An e-mail address at an institution that an account has proven to be its own."""

    __tablename__ = "institution_email"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = owner_column(index=False)
    address: Mapped[str]
    confirmed_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (Index(None, "account_id", "address", unique=True),)


class InstitutionDomain(Base):
    """A domain whose e-mail addresses an institution gives to its own people; administrators keep the list."""

    __tablename__ = "institution_domain"

    domain: Mapped[str] = mapped_column(primary_key=True)
    institution_id: Mapped[str] = mapped_column(primary_key=True)


class Claim(Base):
    """An account's claim to be a researcher.

    A researcher has at most one verified claim, and an account at most one pending or verified one. `proof` is how it
    was verified: `orcid` or `admin`. A claim on a researcher who has an owner disputes the owner's claim.
    """

    __tablename__ = "claim"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = owner_column()
    researcher_id: Mapped[str] = mapped_column(index=True)
    status: Mapped[str]
    proof: Mapped[str | None]
    statement: Mapped[str] = mapped_column(default="")
    """The evidence that the account gives, for an administrator to read."""
    reason: Mapped[str | None]
    """Why it was decided this way, or why it ended."""
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    decided_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(foreign_keys=[account_id])

    __table_args__ = (
        CheckConstraint("status IN ('pending', 'verified', 'rejected', 'released')", "status"),
        CheckConstraint("proof IN ('orcid', 'admin')", "proof"),
        Index(
            "uq_claim_owner",
            "researcher_id",
            unique=True,
            sqlite_where=text("status = 'verified'"),
            postgresql_where=text("status = 'verified'"),
        ),
        Index(
            "uq_claim_open",
            "account_id",
            unique=True,
            sqlite_where=text("status IN ('pending', 'verified')"),
            postgresql_where=text("status IN ('pending', 'verified')"),
        ),
    )


class OwnProfile(Base):
    """What the owner of a researcher's profile states about themselves; deleted when the claim ends."""

    __tablename__ = "own_profile"

    claim_id: Mapped[str] = mapped_column(ForeignKey("claim.id", ondelete="CASCADE"), primary_key=True)
    preferred_name: Mapped[str | None]
    affiliation: Mapped[str | None]
    bio: Mapped[str | None]
    links: Mapped[list[str]] = mapped_column(default=list)
    open_to_collaborate: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    claim: Mapped[Claim] = relationship()


class WorkStatement(Base):
    """The statement of a profile's owner that a work is theirs, or not."""

    __tablename__ = "work_statement"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    claim_id: Mapped[str] = mapped_column(ForeignKey("claim.id", ondelete="CASCADE"))
    work_id: Mapped[str]
    is_mine: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=now)

    claim: Mapped[Claim] = relationship()

    __table_args__ = (Index(None, "claim_id", "work_id", unique=True),)
