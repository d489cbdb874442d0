"""Tables of accounts and of what proves a request to be theirs: log-ins, API tokens and mailed links."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.base import Base, new_id, now, owner_column


class Account(Base):
    """An account, which logs in with ORCID, with e-mail and password, or both. The e-mail address is confirmed."""

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
    muted: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    """Kinds of notifications that are not mailed."""
    created_at: Mapped[datetime] = mapped_column(default=now)


class Login(Base):
    """A browser that is logged in. Logging out deletes the row; logging out everywhere deletes all of an account."""

    __tablename__ = "login"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    digest: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[str] = owner_column()
    browser: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]

    account: Mapped[Account] = relationship()


class EmailToken(Base):
    """A mailed link, which works once: to log in, to register, to set a new password, or to confirm an address."""

    __tablename__ = "email_token"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    digest: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]
    address: Mapped[str]
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("purpose IN ('register', 'reset', 'address', 'institution', 'login')", "purpose"),
    )


class ApiToken(Base):
    """An API token, limited to its scopes. Only a digest of the token is stored."""

    __tablename__ = "api_token"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    digest: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[str] = owner_column()
    name: Mapped[str]
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()
