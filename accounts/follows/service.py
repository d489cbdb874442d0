"""Follows: what can be followed, who follows what, and the secret URL of an account's Atom feed."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from accounts.audit import note
from accounts.base import now
from accounts.follows import searches
from accounts.follows.models import Follow
from accounts.login.models import Account, ApiToken
from accounts.outbox import enqueue
from accounts.records import record_of
from accounts.secrets import digest, new_token
from accounts.texts import is_id
from search_api.http.errors import Problem
from search_api.institutions import search as institutions_search
from search_api.topics import search as topics_search

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from search_api.http.services import Services

#: Functions that find a target by any of its ids; a search has none and is named by its query string.
FINDERS: dict[str, Callable[[Services, str], Mapping[str, Any]]] = {
    "researcher": record_of,
    "topic": topics_search.find,
    "institution": institutions_search.find,
}
KINDS_WITH_ID = tuple(FINDERS)
KINDS = (*KINDS_WITH_ID, "search")
#: Follows of one account, and searches among them. Its activity is found by one query, in which OpenSearch allows 1,024
#: clauses: two for each target with an id, and up to `searches.MAX_CLAUSES` for a search.
MAX_FOLLOWS = 250
MAX_SEARCHES = 10
#: The secret in the URL of an Atom feed is an API token with this scope alone. No route of the API accepts the scope,
#: and no other token opens the feed.
FEED_SCOPE = "feed"
FEED_TOKEN_NAME = "Private Atom feed"  # noqa: S105 (a label)
FEED_TOKEN_PREFIX = "psf_"  # noqa: S105


@dataclass(frozen=True)
class Target:
    """A thing to follow: its kind, its id (of a search the query string), and its name."""

    kind: str
    id: str
    label: str


def find_target(services: Services, kind: str, target: str) -> Target:
    """Return a target with its canonical id and name. Raises Problem: 404 if unknown, 422 for an unusable search."""
    if kind == "search":
        search = searches.read(services, target)
        return Target(kind, search.canonical(), searches.label(services, search))
    found = FINDERS[kind](services, target)
    return Target(kind, found["id"], found["name"])


def canonical_id(services: Services, kind: str, target: str) -> str:
    """Return the id under which a target is followed, or `target` itself if it is unknown."""
    try:
        return find_target(services, kind, target).id
    except Problem:
        return target


def follow(session: Session, account_id: str, target: Target) -> Follow:
    """Follow a target, or return the existing follow. Raises Problem (409) at the limit."""
    if existing := followed(session, account_id, target.kind, target.id):
        return existing
    if target.kind == "institution":
        former = _follows(account_id, target.kind).where(Follow.label == target.label, ~Follow.target.contains(":"))
        if existing := session.scalars(former.limit(1)).first():
            # It was followed when it had an id made from its name.
            existing.target = target.id
            return existing
    _check_limits(session, account_id, target.kind)
    new = Follow(account_id=account_id, kind=target.kind, target=target.id, label=target.label)
    session.add(new)
    session.flush()
    note(session, account_id, "follow.add", _audit_name(new))
    _enqueue(session, new)
    return new


def unfollow(session: Session, account_id: str, kind: str, target: str) -> bool:
    """End a follow; a search may also be named by the follow's id. Returns whether there was one."""
    existing = followed(session, account_id, kind, target)
    if existing is None and is_id(target) and kind == "search":
        existing = session.scalars(_follows(account_id, kind).where(Follow.id == target)).one_or_none()
    if existing is None:
        return False
    session.delete(existing)
    note(session, account_id, "follow.remove", _audit_name(existing))
    _enqueue(session, existing)
    return True


def followed(session: Session, account_id: str, kind: str, target: str) -> Follow | None:
    """Return an account's follow of exactly this target."""
    return session.scalars(_follows(account_id, kind).where(Follow.target_digest == digest(target))).one_or_none()


def follows_of(session: Session, account_id: str, kind: str | None = None) -> Sequence[Follow]:
    """Return the follows of an account, newest first."""
    return session.scalars(_follows(account_id, kind).order_by(Follow.created_at.desc(), Follow.id)).all()


def new_feed_token(session: Session, account_id: str) -> str:
    """Return a new secret for the URL of the Atom feed, and revoke the previous one."""
    session.get_one(Account, account_id, with_for_update=True)
    revoke_feed_token(session, account_id)
    secret = new_token(FEED_TOKEN_PREFIX)
    session.add(ApiToken(account_id=account_id, digest=digest(secret), name=FEED_TOKEN_NAME, scopes=[FEED_SCOPE]))
    note(session, account_id, "feed.address", account_id)
    return secret


def revoke_feed_token(session: Session, account_id: str) -> bool:
    """Revoke the URL of the Atom feed; returns whether there was one."""
    tokens = _feed_tokens(session, account_id)
    for token in tokens:
        session.delete(token)
    if tokens:
        note(session, account_id, "feed.close", account_id)
    return bool(tokens)


def has_feed_token(session: Session, account_id: str) -> bool:
    """Return whether the account has a URL of its Atom feed."""
    return bool(_feed_tokens(session, account_id))


def account_of_feed(session: Session, secret: str) -> str | None:
    """Return the account whose Atom feed a secret opens; None for an unknown secret or a suspended account."""
    query = select(ApiToken, Account).join(ApiToken.account).where(ApiToken.digest == digest(secret))
    row = session.execute(query.where(Account.suspended_at.is_(None))).one_or_none()
    if row is None:
        return None
    token: ApiToken = row[0]
    if token.scopes != [FEED_SCOPE] or (token.expires_at and token.expires_at <= now()):
        return None
    return token.account_id


def _feed_tokens(session: Session, account_id: str) -> Sequence[ApiToken]:
    tokens = session.scalars(select(ApiToken).where(ApiToken.account_id == account_id)).all()
    return [token for token in tokens if token.scopes == [FEED_SCOPE]]


def _follows(account_id: str, kind: str | None) -> Select[Follow]:
    follows = select(Follow).where(Follow.account_id == account_id)
    return follows.where(Follow.kind == kind) if kind else follows


def _check_limits(session: Session, account_id: str, kind: str) -> None:
    # The account's row is the lock: two concurrent requests could both be below the limit.
    session.get_one(Account, account_id, with_for_update=True)
    kinds = [existing.kind for existing in follows_of(session, account_id)]
    if len(kinds) >= MAX_FOLLOWS:
        raise Problem(HTTPStatus.CONFLICT, f"You've reached the limit of {MAX_FOLLOWS} follows.")
    if kind == "search" and kinds.count("search") >= MAX_SEARCHES:
        raise Problem(HTTPStatus.CONFLICT, f"You've reached the limit of {MAX_SEARCHES} followed searches.")


def _audit_name(follow: Follow) -> str:
    """Return the name of a follow in the audit log, without search terms: the log outlives the account."""
    return f"{follow.kind}:{follow.id if follow.kind == 'search' else follow.target}"


def _enqueue(session: Session, changed: Follow) -> None:
    if changed.kind == "researcher":
        enqueue(session, changed.target)
