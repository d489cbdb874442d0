"""E-mail addresses at institutions: a proven one, with a verified claim, gives the highest verification level.

Administrators keep the list of domains that institutions give to their own people.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

import idna
from sqlalchemy import select

from accounts import throttle
from accounts.audit import note
from accounts.claims.lifecycle import open_claim
from accounts.claims.models import Claim, InstitutionDomain, InstitutionEmail
from accounts.claims.profile import require_claim
from accounts.login import links
from accounts.outbox import enqueue, enqueue_mail
from accounts.records import record_of
from accounts.resources import database, public_url
from accounts.settled import changing
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from accounts.actors import Actor
    from accounts.login.models import EmailToken
    from search_api.http.services import Services

PURPOSE = "institution"
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")


def domain_of(text: str) -> str:
    """Return a domain in lower case and ASCII, from `Uni.example`, `@uni.example` or an address. Raises ValueError.

    Follows IDNA 2008, as browsers and mail servers do: IDNA 2003 would turn `straße.de` into `strasse.de`, a different
    domain.
    """
    try:
        domain = idna.encode(text.strip().rpartition("@")[2].rstrip("."), uts46=True).decode()
    except UnicodeError as error:
        raise ValueError(f"{text!r} is not a domain") from error
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(f"{text!r} is not a domain such as uni.example")
    return domain


def parents(domain: str) -> list[str]:
    """Return a domain and its parents, without the top level: `cs.uni.example`, `uni.example`."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


def add_domain(session: Session, domain: str, institution_id: str) -> bool:
    """Assign a domain and its subdomains to an institution; returns whether that is new."""
    if session.get(InstitutionDomain, (domain, institution_id)):
        return False
    session.add(InstitutionDomain(domain=domain, institution_id=institution_id))
    note(session, None, "domain.add", domain, institution=institution_id)
    _enqueue_owners(session)
    return True


def remove_domain(session: Session, domain: str, institution_id: str) -> bool:
    """Remove a domain of an institution; returns whether it had it."""
    row = session.get(InstitutionDomain, (domain, institution_id))
    if row is None:
        return False
    session.delete(row)
    note(session, None, "domain.remove", domain, institution=institution_id)
    _enqueue_owners(session)
    return True


def list_domains(session: Session) -> list[InstitutionDomain]:
    """Return all domains in alphabetical order."""
    order = InstitutionDomain.domain, InstitutionDomain.institution_id
    return list(session.scalars(select(InstitutionDomain).order_by(*order)))


def is_at_institution(session: Session, address: str, institution_ids: Iterable[str]) -> bool:
    """Return whether an e-mail address is at a domain of one of these institutions."""
    ids = list(institution_ids)
    try:
        domain = domain_of(address)
    except ValueError:
        return False
    domains = select(InstitutionDomain.domain).where(
        InstitutionDomain.domain.in_(parents(domain)), InstitutionDomain.institution_id.in_(ids)
    )
    return bool(ids) and session.scalars(domains.limit(1)).one_or_none() is not None


def email_proven_at(session: Session, account_id: str, institution_ids: Iterable[str]) -> datetime | None:
    """Return when an account first proved an e-mail address at one of these institutions; None if it has not."""
    ids = list(institution_ids)
    rows = select(InstitutionEmail).where(InstitutionEmail.account_id == account_id)
    dates = [row.confirmed_at for row in session.scalars(rows).all() if is_at_institution(session, row.address, ids)]
    return min(dates, default=None)


def proven_addresses(session: Session, account_id: str) -> Sequence[str]:
    """Return the e-mail addresses at institutions that an account has proven."""
    addresses = select(InstitutionEmail.address).where(InstitutionEmail.account_id == account_id)
    return session.scalars(addresses.order_by(InstitutionEmail.address)).all()


def send_link(services: Services, actor: Actor, email: str) -> str:
    """Mail a link to an address at one of the profile's institutions; returns the address as it is stored.

    Raises Problem: 409 if the actor owns no profile or its institutions do not have the domain, 422 for an invalid
    address, 429 after too many mails.
    """
    try:
        address = links.address_of(email)
    except ValueError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), {"email": [str(error)]}) from error
    public_url()
    with database().read() as session:
        researcher_id = require_claim(session, actor.account_id).researcher_id
    institutions = [institution["id"] for institution in record_of(services, researcher_id)["institutions"]]
    with database().read() as session:
        if not is_at_institution(session, address, institutions):
            domain = address.rpartition("@")[2]
            detail = f"{domain} does not belong to any institution on your record. Ask an administrator to add it."
            raise Problem(HTTPStatus.CONFLICT, detail, {"email": [detail]})
    throttle.count(throttle.MAILS_FROM, "mail-from", actor.account_id)
    if not throttle.may_mail(PURPOSE, address, actor.account_id):
        detail = "Too many links sent. Check your inbox or try again in an hour."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": "3600"})
    with changing(database()) as session:
        enqueue_mail(session, PURPOSE, address=address, account_id=actor.account_id, researcher=researcher_id)
    return address


def peek_link(session: Session, actor: Actor, token: str) -> EmailToken:
    """Return the token of a link without consuming it. Raises Problem (404), also for another account's."""
    link = links.peek_token(session, PURPOSE, token)
    if link.account_id != actor.account_id:
        raise Problem(HTTPStatus.NOT_FOUND, links.GONE)
    return link


def confirm(actor: Actor, token: str) -> str:
    """Record the address of a link as proven and return it. Raises Problem (404)."""
    with changing(database()) as session:
        peek_link(session, actor, token)
        address = links.consume_token(session, PURPOSE, token).address
        if address not in proven_addresses(session, actor.account_id):
            session.add(InstitutionEmail(account_id=actor.account_id, address=address))
            # Only the domain: the log outlives the account.
            note(session, actor.account_id, "email.prove", actor.account_id, domain=address.rpartition("@")[2])
            _enqueue_claim(session, actor.account_id)
    return address


def forget(actor: Actor, address: str) -> None:
    """Remove a proven address; does nothing for an unknown one."""
    with changing(database()) as session:
        rows = select(InstitutionEmail).where(InstitutionEmail.account_id == actor.account_id)
        for row in session.scalars(rows).all():
            if row.address == address:
                session.delete(row)
                note(session, actor.account_id, "email.forget", actor.account_id, domain=address.rpartition("@")[2])
                _enqueue_claim(session, actor.account_id)


def _enqueue_claim(session: Session, account_id: str) -> None:
    """Enqueue the researcher whose verification level depends on the addresses of an account."""
    if claim := open_claim(session, account_id):
        enqueue(session, claim.researcher_id)


def _enqueue_owners(session: Session) -> None:
    """Enqueue every owner who has proven an address: they are few, and domains change rarely."""
    owners = select(Claim.researcher_id).where(
        Claim.status == "verified", Claim.account_id.in_(select(InstitutionEmail.account_id))
    )
    for researcher_id in session.scalars(owners):
        enqueue(session, researcher_id)
