"""What the JSON views and the pages of claims share: one transaction for each step, and answers in one form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.claims import claiming, own
from accounts.login.models import Account
from accounts.records import record_of
from accounts.resources import database
from accounts.settled import changing
from search_api.http.services import services
from search_api.works import documents as works

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from accounts.claims.models import Claim, OwnProfile, WorkStatement

Result = dict[str, Any]


def claim(account_id: str, given: str, statement: str) -> Result:
    """Claim a researcher for an account. Raises Problem."""
    record = record_of(services(), given)
    with changing(database()) as session:
        return shown(session, claiming.claim(session, account_id, record, statement))


def release(account_id: str, given: str) -> None:
    """Release or withdraw the account's claim on a researcher; none is no error."""
    with database().read() as session:
        found = claiming.last_claim(session, account_id)
    if found is None:
        return
    # The id of one's own claim is known without asking OpenSearch, which may be away.
    id_ = given if found.researcher_id == given else record_of(services(), given)["id"]
    with changing(database()) as session:
        claiming.release(session, account_id, id_)


def current(account_id: str) -> Result | None:
    """Return the open claim of an account, else the last; None where it never claimed anything."""
    with database().read() as session:
        found = claiming.last_claim(session, account_id)
        return shown(session, found) if found else None


def orcid_of(account_id: str) -> str | None:
    """Return the ORCID iD that an account has proven."""
    with database().read() as session:
        return session.get_one(Account, account_id).orcid


def change(account_id: str, changes: Mapping[str, Any]) -> OwnProfile:
    """Set what the owner says on the profile. Raises Problem (409) for who owns none."""
    with changing(database()) as session:
        return own.change(session, account_id, changes)


def say(account_id: str, work_id: str, *, is_mine: bool) -> WorkStatement:
    """Say of a work, by any of its ids, that it is the owner's or not. Raises Problem: 404, 409."""
    known = works.find(services(), work_id)["id"]
    with changing(database()) as session:
        return own.say(session, account_id, known, is_mine=is_mine)


def unsay(account_id: str, work_id: str) -> None:
    """Take a statement back; none is no error. Raises Problem (409) for who owns no profile."""
    with changing(database()) as session:
        # PostgreSQL takes no NUL, and no work's id has one.
        own.unsay(session, account_id, work_id.replace("\0", ""))


def shown(session: Session, found: Claim) -> Result:
    """Return a claim as `ClaimSchema` dumps it."""
    columns = {column.key: getattr(found, column.key) for column in found.__table__.columns}
    return {**columns, "profile": own.profile_of(session, found.id) if found.status == "verified" else None}
