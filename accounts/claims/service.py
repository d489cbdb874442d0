"""Operations of the API and the pages on claims, each in one transaction.

The rules are in `lifecycle` (claims), `profile` (profile and works of an owner) and `institution_emails`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from accounts.claims import lifecycle, profile
from accounts.claims.orcid_proof import with_proven_orcid
from accounts.login.models import Account
from accounts.records import record_of
from accounts.resources import database, settings
from accounts.settled import changing
from indexer.identity.compatibility import Verdict, compatible
from indexer.identity.names import parse_name
from peerscope.signing import Signer
from search_api.http.errors import Problem
from search_api.http.services import services
from search_api.works import documents as works

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from accounts.claims.models import Claim, OwnProfile, WorkStatement
    from mappings.documents import WorkDocument

Result = dict[str, Any]


def claim(account_id: str, researcher_id: str, statement: str) -> Result:
    """Claim a researcher, named by any id. Raises Problem as `lifecycle.make_claim` does, or 404."""
    signer, stored = Signer.from_settings(settings()), record_of(services(), researcher_id)
    record = with_proven_orcid(services().client, services().names, signer, stored)
    with changing(database()) as session:
        return serialize_claim(session, lifecycle.make_claim(session, account_id, record, statement))


def release(account_id: str, researcher_id: str) -> None:
    """Release or withdraw the account's claim on a researcher; does nothing if it has none."""
    with database().read() as session:
        current = lifecycle.last_claim(session, account_id)
    if current is None:
        return
    # The id of one's own claim needs no look-up, so it can be released while OpenSearch is unavailable.
    is_own = current.researcher_id == researcher_id
    id_ = researcher_id if is_own else record_of(services(), researcher_id)["id"]
    with changing(database()) as session:
        lifecycle.release_claim(session, account_id, id_)


def current_claim(account_id: str) -> Result | None:
    """Return the open claim of an account, else the latest; None if it has never made one."""
    with database().read() as session:
        current = lifecycle.last_claim(session, account_id)
        return serialize_claim(session, current) if current else None


def owns(account_id: str, researcher_id: str) -> bool:
    """Return whether an account owns the profile of a researcher."""
    with database().read() as session:
        owner = lifecycle.owner_of(session, researcher_id)
    return owner is not None and owner.account_id == account_id


def orcid_of(account_id: str) -> str | None:
    """Return the ORCID iD that an account has proven."""
    with database().read() as session:
        return session.get_one(Account, account_id).orcid


def update_profile(account_id: str, changes: Mapping[str, Any]) -> OwnProfile:
    """Set fields of the owner's profile. Raises Problem (409) if the account owns none."""
    with changing(database()) as session:
        return profile.update_profile(session, account_id, changes)


def statements(account_id: str) -> list[WorkStatement]:
    """Return the owner's statements about works, newest first. Raises Problem (409) if the account owns no profile."""
    with database().read() as session:
        return profile.statements_of(session, profile.require_claim(session, account_id).id)


def set_statement(account_id: str, work_id: str, *, is_mine: bool) -> WorkStatement:
    """State that a work, named by any id, is the owner's or not. Raises Problem: 404, 409."""
    work = works.find(services(), work_id)
    known_id = work["id"]
    if is_mine:
        _check_name(account_id, work)
    with changing(database()) as session:
        return profile.set_statement(session, account_id, known_id, is_mine=is_mine, ids=work.get("ids", ()))


def _check_name(account_id: str, work: WorkDocument) -> None:
    """Raise Problem (409) if no author of a work has a name that the owner may have: no run would follow the statement.

    Raises Problem (409) too if the account owns no profile.
    """
    with database().read() as session:
        claim = profile.require_claim(session, account_id)
        preferred = profile.profile_of(session, claim.id).preferred_name
    record = record_of(services(), claim.researcher_id)
    own = [parse_name(name) for name in (record["name"], *record.get("name_variants", []), preferred) if name]
    for author in work["researchers"]:
        printed = [author["name"], *(author.get("name_variants") or [])]
        if any(compatible(parse_name(name), one) is not Verdict.INCOMPATIBLE for name in printed for one in own):
            return
    detail = "None of the authors of this work has a name like yours, so it cannot be added to your works."
    raise Problem(HTTPStatus.CONFLICT, detail, {"work": [detail]})


def delete_statement(account_id: str, work_id: str) -> None:
    """Delete a statement about a work, if there is one. Raises Problem (409) if the account owns no profile."""
    # PostgreSQL accepts no NUL, and no work's id has one.
    given = work_id.replace("\0", "")
    try:
        work = works.find(services(), given)
        known_id, ids = work["id"], [given, *work.get("ids", ())]
    except Problem:
        # The work has been removed.
        known_id, ids = given, []
    with changing(database()) as session:
        profile.delete_statement(session, account_id, known_id, ids)


def serialize_claim(session: Session, claim: Claim) -> Result:
    """Return a claim as `ClaimSchema` dumps it."""
    columns = {column.key: getattr(claim, column.key) for column in claim.__table__.columns}
    return {**columns, "profile": profile.profile_of(session, claim.id) if claim.status == "verified" else None}
