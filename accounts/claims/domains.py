"""Which institution an e-mail domain belongs to, as admins say; and what a proven address at one proves of a claim."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import idna
from sqlalchemy import select

from accounts.audit import note
from accounts.claims.models import Claim, InstitutionDomain, InstitutionEmail
from accounts.outbox import enqueue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")


def domain_of(text: str) -> str:
    """Return a domain in lower case and ASCII, from `Uni.example`, `@uni.example` or an address. Raises ValueError.

    By IDNA 2008, as browsers and mail servers do: by the older one `straße.de` would be `strasse.de`, another domain.
    """
    try:
        found = idna.encode(text.strip().rpartition("@")[2].rstrip("."), uts46=True).decode()
    except UnicodeError as error:
        raise ValueError(f"{text!r} is no domain") from error
    if not _DOMAIN.fullmatch(found):
        raise ValueError(f"{text!r} is no domain; one looks like uni.example")
    return found


def parents(domain: str) -> list[str]:
    """Return a domain and those above it, but for the last label: `cs.uni.example` is also `uni.example`."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


def add(session: Session, domain: str, institution_id: str) -> bool:
    """Say that an institution gives addresses of this domain to its own people; tells whether that is new."""
    if session.get(InstitutionDomain, (domain, institution_id)):
        return False
    session.add(InstitutionDomain(domain=domain, institution_id=institution_id))
    note(session, None, "domain.add", domain, institution=institution_id)
    _enqueue_owners(session)
    return True


def remove(session: Session, domain: str, institution_id: str) -> bool:
    """Take that back; tells whether it was said."""
    found = session.get(InstitutionDomain, (domain, institution_id))
    if found is None:
        return False
    session.delete(found)
    note(session, None, "domain.remove", domain, institution=institution_id)
    _enqueue_owners(session)
    return True


def listed(session: Session) -> list[InstitutionDomain]:
    """Return all, by domain."""
    order = InstitutionDomain.domain, InstitutionDomain.institution_id
    return list(session.scalars(select(InstitutionDomain).order_by(*order)))


def belongs(session: Session, address: str, institution_ids: Iterable[str]) -> bool:
    """Return whether an address is at one of these institutions."""
    wanted = list(institution_ids)
    try:
        domain = domain_of(address)
    except ValueError:
        return False
    said = select(InstitutionDomain.domain).where(
        InstitutionDomain.domain.in_(parents(domain)), InstitutionDomain.institution_id.in_(wanted)
    )
    return bool(wanted) and session.scalars(said.limit(1)).one_or_none() is not None


def is_proven(session: Session, account_id: str, institution_ids: Iterable[str]) -> bool:
    """Return whether an account has proven to read an address at one of these institutions."""
    wanted = list(institution_ids)
    proven = select(InstitutionEmail.address).where(InstitutionEmail.account_id == account_id)
    return any(belongs(session, address, wanted) for address in session.scalars(proven))


def _enqueue_owners(session: Session) -> None:
    """Weigh every owner anew who has proven an address: there are few, and admins change domains seldom."""
    owners = select(Claim.researcher_id).where(
        Claim.status == "verified", Claim.account_id.in_(select(InstitutionEmail.account_id))
    )
    for researcher_id in session.scalars(owners):
        enqueue(session, researcher_id)
