"""Paginated lists of claims for administrators, with the evidence for each claim."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from accounts.claims.institution_emails import proven_addresses
from accounts.claims.models import Claim
from accounts.login.models import Account

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from search_api.http.services import Services

Result = dict[str, Any]
#: Affiliations of a record that an administrator sees with a claim.
AFFILIATIONS = 5


def list_claims(session: Session, status: str, page: int = 1, per_page: int = 25) -> Result:
    """Return the claims of a status, the oldest first, as `AdminClaimList` dumps them."""
    query = (
        select(Claim, Account)
        .join(Claim.account)
        .where(Claim.status == status)
        .order_by(Claim.created_at, Claim.id)
        .limit(per_page + 1)
        .offset((page - 1) * per_page)
    )
    rows = session.execute(query).all()
    return {"results": [_serialize_claim(session, *row) for row in rows[:per_page]], "has_more": len(rows) > per_page}


def _serialize_claim(session: Session, claim: Claim, account: Account) -> Result:
    owner = session.scalars(
        select(Claim.id).where(
            Claim.researcher_id == claim.researcher_id, Claim.status == "verified", Claim.id != claim.id
        )
    ).one_or_none()
    return {
        **{column.key: getattr(claim, column.key) for column in claim.__table__.columns},
        "account_name": account.name,
        "account_orcid": account.orcid,
        "account_created_at": account.created_at,
        "account_email_domain": account.email.rpartition("@")[2] if account.email else None,
        "proven_domains": sorted({each.rpartition("@")[2] for each in proven_addresses(session, account.id)}),
        "record_name": None,
        "record_affiliations": [],
        "disputes": owner,
    }


def add_records(services: Services, claims: Sequence[Result]) -> None:
    """Add name and affiliations of the claimed records to serialized claims."""
    ids = sorted({claim["researcher_id"] for claim in claims})
    records = services.get_many(services.names.researchers, ids, "name", "affiliations")
    for claim in claims:
        record = records.get(claim["researcher_id"], {})
        claim["record_name"] = record.get("name")
        claim["record_affiliations"] = [place["name"] for place in record.get("affiliations", [])][:AFFILIATIONS]
