"""Who owns a profile: asked by everything that only an owner may do, or that is done to an owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from accounts.claims.models import Claim
from accounts.login.models import Account

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def owner_of(session: Session, researcher_id: str) -> Claim | None:
    """Return the verified claim on a researcher; None where nobody owns the profile, or the owner is suspended."""
    verified = select(Claim).where(Claim.researcher_id == researcher_id, Claim.status == "verified")
    return session.scalars(verified.join(Claim.account).where(Account.suspended_at.is_(None))).one_or_none()


def claim_of(session: Session, account_id: str, *, lock: bool = False) -> Claim | None:
    """Return the verified claim of an account; None where it owns no profile. With `lock` it stays so until the end."""
    verified = select(Claim).where(Claim.account_id == account_id, Claim.status == "verified")
    return session.scalars(verified.with_for_update() if lock else verified).one_or_none()
