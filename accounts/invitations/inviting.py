"""Inviting the owner of a profile to work together, within limits that a person does not reach and spam does."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from accounts.audit import note
from accounts.base import now
from accounts.claims.ownership import claim_of, owner_of
from accounts.invitations.between import all_between, ended_by, key_id, lock
from accounts.invitations.models import Invitation
from accounts.moderation.blocks import is_blocked
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from accounts.claims.models import Claim

#: Counted in the database and not by `limiting`: so the limits hold over all processes, and after a restart.
A_DAY = 10
PENDING = 20
DAY = timedelta(days=1)

CLAIM_FIRST = "Claim your own profile before inviting others."
NOT_CLAIMED = "This profile has not been claimed yet, so it cannot receive invitations."
OWN = "This is your own profile."
OPEN = "You already have an open invitation or conversation."
THEIRS = "They ended an earlier conversation, so only they can start a new one."


def invite(session: Session, account_id: str, researcher_id: str, given: Mapping[str, Any]) -> Invitation:
    """Invite the owner of a researcher's profile; `given` is `purpose`, `works`, `message` and `key`.

    The key makes the invitation's id, so a repeat finds what the first made. Raises Problem: 409 where it cannot be,
    429 at a limit.
    """
    id_ = key_id(account_id, given["key"])
    if found := session.get(Invitation, id_):
        return _same(found, researcher_id, given)
    mine, theirs = _sides(session, account_id, researcher_id)
    # Two requests at once would both find room below the limits; the other side may invite or block at this moment.
    lock(session, account_id, theirs.account_id)
    _check_history(session, mine, theirs)
    _check_limits(session, mine)
    made = Invitation(
        id=id_,
        sender_id=account_id,
        recipient_id=theirs.account_id,
        sender_researcher_id=mine.researcher_id,
        recipient_researcher_id=researcher_id,
        purpose=given["purpose"],
        works=given["works"],
        message=given["message"],
        sender_read_at=now(),
    )
    session.add(made)
    session.flush()
    note(session, account_id, "invitation.send", made.id, researcher=researcher_id)
    return made


def obstacle(session: Session, account_id: str, researcher_id: str) -> str | None:
    """Say why this account cannot invite that profile's owner now; None where nothing stands in the way."""
    try:
        mine, theirs = _sides(session, account_id, researcher_id)
        _check_history(session, mine, theirs)
        _check_limits(session, mine)
    except Problem as problem:
        return problem.detail
    return None


def _same(found: Invitation, researcher_id: str, given: Mapping[str, Any]) -> Invitation:
    if (found.recipient_researcher_id, found.message) != (researcher_id, given["message"]):
        raise Problem(
            HTTPStatus.CONFLICT, "This key was already used for another invitation.", {"key": ["Already used."]}
        )
    return found


def _sides(session: Session, account_id: str, researcher_id: str) -> tuple[Claim, Claim]:
    """Return the claims on both sides."""
    mine, theirs = claim_of(session, account_id), owner_of(session, researcher_id)
    if mine is None:
        raise Problem(HTTPStatus.CONFLICT, CLAIM_FIRST)
    if theirs is None:
        raise Problem(HTTPStatus.CONFLICT, NOT_CLAIMED)
    if theirs.account_id == account_id:
        raise Problem(HTTPStatus.CONFLICT, OWN)
    return mine, theirs


def _check_history(session: Session, mine: Claim, theirs: Claim) -> None:
    """Let whoever refused or left make the next step. To be blocked answers the same, whatever else there was.

    What was before counts too when this side has deleted its account since and made another for the same profile.
    """
    if is_blocked(session, theirs.account_id, mine.account_id, mine.researcher_id):
        raise Problem(HTTPStatus.CONFLICT, THEIRS)
    if is_blocked(session, mine.account_id, theirs.account_id, theirs.researcher_id):
        raise Problem(HTTPStatus.CONFLICT, "You have blocked this person. Unblock them first.")
    last = next(iter(all_between(session, mine.account_id, theirs.account_id, mine.researcher_id)), None)
    if last is not None and last.status in {"pending", "accepted"}:
        raise Problem(HTTPStatus.CONFLICT, OPEN)
    if last is not None and ended_by(last) == theirs.account_id:
        raise Problem(HTTPStatus.CONFLICT, THEIRS)


def _check_limits(session: Session, mine: Claim) -> None:
    before = and_(Invitation.sender_id.is_(None), Invitation.sender_researcher_id == mine.researcher_id)
    own = or_(Invitation.sender_id == mine.account_id, before)
    sent = select(func.count(), func.min(Invitation.created_at)).where(own)
    today, first = session.execute(sent.where(Invitation.created_at > now() - DAY)).one()
    if today >= A_DAY:
        wait = max(1, round((first + DAY - now()).total_seconds()))
        detail = f"You've reached the limit of {A_DAY} invitations a day. Try again tomorrow."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(wait)})
    if session.execute(sent.where(Invitation.status == "pending")).one()[0] >= PENDING:
        detail = f"You have {PENDING} pending invitations, the maximum. Withdraw one or wait for a reply."
        raise Problem(HTTPStatus.CONFLICT, detail)
