"""Table of API tokens."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.base import Base, new_id, now, owner_column
from accounts.login.models import Account


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
