"""An e-mail address at an institution, proven by a link that is mailed there: with a verified claim it makes L4."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from sqlalchemy import select

from accounts import links, throttle
from accounts.audit import note
from accounts.claims import domains, own
from accounts.claims.claiming import open_claim
from accounts.claims.models import InstitutionEmail
from accounts.login.entry import MAILS_FROM
from accounts.outbox import enqueue
from accounts.records import record_of
from accounts.resources import database, mailer
from accounts.settled import changing
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from accounts.actors import Actor
    from accounts.login.models import EmailToken
    from search_api.http.services import Services

PURPOSE = "institution"
MAIL = """\
{name}, who owns the profile {researcher} on Peerscope, says that this is their address.
If that is you, confirm it with this link within an hour:

{base}/account/profile/email/{token}

If it isn't you, ignore this e-mail.
"""


def ask(services: Services, actor: Actor, given: str) -> str:
    """Mail a link to an address at one of the institutions of the profile; gives the address as it is stored.

    Raises Problem: 409 for who owns no profile or whose institutions have no such domain, 422 for what is no address,
    429 after too many mails.
    """
    try:
        address = links.address_of(given)
    except ValueError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), {"email": [str(error)]}) from error
    base = links.public_url()
    with database().read() as session:
        researcher_id = own.owned(session, actor.account_id).researcher_id
    institutions = [one["id"] for one in record_of(services, researcher_id)["institutions"]]
    with database().read() as session:
        if not domains.belongs(session, address, institutions):
            domain = address.rpartition("@")[2]
            detail = f"{domain} does not belong to any institution on your record. Ask an administrator to add it."
            raise Problem(HTTPStatus.CONFLICT, detail, {"email": [detail]})
    throttle.count(MAILS_FROM, "mail-from", actor.account_id)
    if not throttle.may_mail(PURPOSE, address, actor.account_id):
        detail = "Too many links sent. Check your inbox or try again in an hour."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": "3600"})
    with changing(database()) as session:
        token = links.make(session, PURPOSE, address, actor.account_id)
    text = MAIL.format(name=" ".join(actor.name.split()), researcher=researcher_id, base=base, token=token)
    mailer().post(address, "Is this your address?", text)
    return address


def look(session: Session, actor: Actor, token: str) -> EmailToken:
    """Return what a link of the actor's own stands for. Raises Problem (404), also for another account's."""
    link = links.peek_token(session, PURPOSE, token)
    if link.account_id != actor.account_id:
        raise Problem(HTTPStatus.NOT_FOUND, links.GONE)
    return link


def confirm(actor: Actor, token: str) -> str:
    """Take the address as proven; gives it. Raises Problem (404)."""
    with changing(database()) as session:
        look(session, actor, token)
        address = links.consume_token(session, PURPOSE, token).address
        if address not in proven(session, actor.account_id):
            session.add(InstitutionEmail(account_id=actor.account_id, address=address))
            # The domain, and not who at it: the log outlives the account.
            note(session, actor.account_id, "email.prove", actor.account_id, domain=address.rpartition("@")[2])
            _enqueue_claim(session, actor.account_id)
    return address


def proven(session: Session, account_id: str) -> Sequence[str]:
    """Return the addresses that an account has proven."""
    found = select(InstitutionEmail.address).where(InstitutionEmail.account_id == account_id)
    return session.scalars(found.order_by(InstitutionEmail.address)).all()


def forget(actor: Actor, address: str) -> None:
    """Take a proven address off the account; one that is not there is no error."""
    with changing(database()) as session:
        query = select(InstitutionEmail).where(InstitutionEmail.account_id == actor.account_id)
        for one in session.scalars(query).all():
            if one.address == address:
                session.delete(one)
                note(session, actor.account_id, "email.forget", actor.account_id, domain=address.rpartition("@")[2])
                _enqueue_claim(session, actor.account_id)


def _enqueue_claim(session: Session, account_id: str) -> None:
    """Enqueue the researcher whose verification level depends on the addresses of an account."""
    if claim := open_claim(session, account_id):
        enqueue(session, claim.researcher_id)
