"""The tables: people's accounts and everything they say and do.

Secrets (passwords, tokens) are stored as digests only. What an account did outlives it where others need it: a
conversation stays with the other side, the audit log keeps what happened.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, CheckConstraint, DateTime, ForeignKey, Index, MetaData, Text, TypeDecorator, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, validates

from accounts.secrets import digest


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, with its time zone on both ways; SQLite would lose it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        """Take only moments that say their time zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value!r} says no time zone")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        """Return it in UTC."""
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value and value.astimezone(UTC)


def now() -> datetime:
    """Return this moment in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """Return an id that nobody can guess: 32 hexadecimal digits."""
    return uuid4().hex


class Base(DeclarativeBase):
    """What all tables share; constraints have names, so that a migration can drop them on any database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Moment, str: Text, dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012 (theirs)


def _owned(*, index: bool = True) -> Mapped[str]:
    """Return a column for the account that a row belongs to, and goes with."""
    return mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=index)


class Account(Base):
    """A person who logs in, by ORCID, by e-mail and password, or both. An e-mail address here is always confirmed."""

    __tablename__ = "account"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(unique=True)
    """In lower case."""
    password_hash: Mapped[str | None]
    orcid: Mapped[str | None] = mapped_column(unique=True)
    is_admin: Mapped[bool] = mapped_column(default=False)
    suspended_at: Mapped[datetime | None]
    digest_sent_at: Mapped[datetime | None]
    wants_digest: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Login(Base):
    """One browser that is logged in; logging out deletes it, logging out everywhere deletes all."""

    __tablename__ = "login"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    digest: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[str] = _owned()
    browser: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]

    account: Mapped[Account] = relationship()


class ApiToken(Base):
    """A key for programs; it may do what its scopes say."""

    __tablename__ = "api_token"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    digest: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[str] = _owned()
    name: Mapped[str]
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()


class EmailToken(Base):
    """A link that was mailed: to register, to set a new password, to prove an address. It works once."""

    __tablename__ = "email_token"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    digest: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]
    address: Mapped[str]
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("purpose IN ('register', 'reset', 'address', 'institution')", "purpose"),)


class InstitutionEmail(Base):
    """An address at an institution that an account has proven to read."""

    __tablename__ = "institution_email"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = _owned(index=False)
    address: Mapped[str]
    confirmed_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (Index(None, "account_id", "address", unique=True),)


class InstitutionDomain(Base):
    """A domain of e-mail addresses that an institution gives to its own people; admins keep the list."""

    __tablename__ = "institution_domain"

    domain: Mapped[str] = mapped_column(primary_key=True)
    institution_id: Mapped[str] = mapped_column(primary_key=True)


class Claim(Base):
    """An account says: this researcher is me. At most one verified claim a researcher, and one open claim an account.

    `proof` is how it was verified: `orcid`, or `admin`. A claim on a researcher who has an owner disputes the owner's.
    """

    __tablename__ = "claim"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = _owned()
    researcher_id: Mapped[str] = mapped_column(index=True)
    status: Mapped[str]
    proof: Mapped[str | None]
    statement: Mapped[str] = mapped_column(default="")
    """What the account says for itself."""
    reason: Mapped[str | None]
    """Why it was decided so, or why it ended."""
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
    """What the owner of a researcher's profile says there; it goes when the claim ends."""

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
    """The owner of a profile says of a work: mine, or not mine."""

    __tablename__ = "work_statement"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    claim_id: Mapped[str] = mapped_column(ForeignKey("claim.id", ondelete="CASCADE"))
    work_id: Mapped[str]
    is_mine: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(default=now)

    claim: Mapped[Claim] = relationship()

    __table_args__ = (Index(None, "claim_id", "work_id", unique=True),)


class Follow(Base):
    """An account follows a researcher or a topic (`target` is the id), or a search (`target` is its query string).

    `target_digest` stands for the target in an index: PostgreSQL's hold no more than 2,704 bytes, a search is longer.
    """

    __tablename__ = "follow"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = _owned(index=False)
    kind: Mapped[str]
    target: Mapped[str]
    target_digest: Mapped[str]
    label: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (
        CheckConstraint("kind IN ('researcher', 'topic', 'search')", "kind"),
        Index(None, "account_id", "kind", "target_digest", unique=True),
        Index(
            "ix_follow_researcher",
            "target",
            sqlite_where=text("kind = 'researcher'"),
            postgresql_where=text("kind = 'researcher'"),
        ),
    )

    @validates("target")
    def _digest_too(self, _: str, target: str) -> str:
        self.target_digest = digest(target)
        return target


class Invitation(Base):
    """One account with a claimed profile invites another to work together; accepted, it is a conversation.

    `sender_read_at` and `recipient_read_at` say up to when each side has read. A side that deletes its account becomes
    null; the other keeps the conversation.
    """

    __tablename__ = "invitation"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    sender_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    recipient_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    sender_researcher_id: Mapped[str]
    recipient_researcher_id: Mapped[str]
    purpose: Mapped[str]
    works: Mapped[list[str]] = mapped_column(default=list)
    """Ids of the works that prompted it."""
    message: Mapped[str]
    status: Mapped[str] = mapped_column(default="pending")
    created_at: Mapped[datetime] = mapped_column(default=now)
    answered_at: Mapped[datetime | None]
    sender_read_at: Mapped[datetime | None]
    recipient_read_at: Mapped[datetime | None]

    sender: Mapped[Account | None] = relationship(foreign_keys=[sender_id])
    recipient: Mapped[Account | None] = relationship(foreign_keys=[recipient_id])

    __table_args__ = (
        CheckConstraint("status IN ('pending', 'accepted', 'declined', 'withdrawn')", "status"),
        Index(
            "uq_invitation_pending",
            "sender_id",
            "recipient_id",
            unique=True,
            sqlite_where=text("status = 'pending'"),
            postgresql_where=text("status = 'pending'"),
        ),
    )


class Message(Base):
    """One message of a conversation. `key` is the sender's own name for it: sent again, it is not kept twice."""

    __tablename__ = "message"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    invitation_id: Mapped[str] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"), index=True)
    sender_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    key: Mapped[str]
    body: Mapped[str]
    sent_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (Index(None, "invitation_id", "key", unique=True),)


class Block(Base):
    """An account does not want to hear of another, nor of a later account that owns the same profile.

    A blocked side that deletes its account becomes null, and `blocked_researcher_id` stays.
    """

    __tablename__ = "block"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = _owned(index=False)
    blocked_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    blocked_researcher_id: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    blocked: Mapped[Account | None] = relationship(foreign_keys=[blocked_id])

    __table_args__ = (Index(None, "account_id", "blocked_id", unique=True),)


class Report(Base):
    """An account reports what another wrote to it, for an admin to judge."""

    __tablename__ = "report"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    reporter_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    invitation_id: Mapped[str] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str]
    status: Mapped[str] = mapped_column(default="open")
    note: Mapped[str | None]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    decided_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("status IN ('open', 'upheld', 'dismissed')", "status"),)


class Outbox(Base):
    """A researcher whose state has to be brought to the index, written in the transaction that changes the state."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    researcher_id: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Synced(Base):
    """Which index of researchers agrees with this database: after a swap of the alias, all states are written anew."""

    __tablename__ = "synced"

    prefix: Mapped[str] = mapped_column(primary_key=True)
    index: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)


class Audit(Base):
    """Who did what when. Rows are never changed; the actor's id stays after the account is gone, the name does not."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    actor_id: Mapped[str | None] = mapped_column(index=True)
    """Null: the system itself, or an admin at the command line."""
    action: Mapped[str]
    """As `claim.approve`."""
    target: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    request_id: Mapped[str | None]

    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 (theirs)
