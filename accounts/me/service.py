"""Changes to one's own account. Those that could lock the owner out, or let others in, need the password."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, or_, select
from sqlalchemy.exc import IntegrityError

from accounts import audit, passwords, throttle
from accounts.audit import Audit
from accounts.claims.models import Claim, InstitutionEmail
from accounts.corrections.models import Correction
from accounts.delivery.states import enqueue_account
from accounts.erasure import request_erasure
from accounts.invitations import contacts
from accounts.invitations.models import Invitation
from accounts.login import links, sessions
from accounts.login.models import Account, EmailToken
from accounts.login.orcid import by_orcid
from accounts.login.service import confirm_password
from accounts.outbox import Mail, enqueue_mail
from accounts.resources import database, public_url
from accounts.settled import settled
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from accounts.actors import Actor

#: Keys of details in the audit log that may name a person: reasons of administrators, and domains of addresses.
FREE_TEXTS = {"reason", "domain"}


def change(session: Session, actor: Actor, changes: dict[str, Any]) -> Account:
    """Set the fields in `changes`; the audit log keeps their names, not their values."""
    account = session.get_one(Account, actor.account_id)
    changed = sorted(name for name, value in changes.items() if getattr(account, name) != value)
    for name in changed:
        setattr(account, name, changes[name])
    if changed:
        audit.note(session, account.id, "account.change", account.id, fields=changed)
    return account


def set_password(actor: Actor, current_password: str, password: str, *, tokens: bool = False) -> None:
    """Set a new password and log out all other browsers; with `tokens`, revoke API tokens too. Raises Problem."""
    confirm_password(actor.account_id, current_password)
    with database().begin() as session:
        account = session.get_one(Account, actor.account_id)
        if account.email is None:
            raise Problem(HTTPStatus.CONFLICT, "To set a password, add an e-mail address first.")
        if problem := passwords.password_problem(password, account.email):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, problem)
        account.password_hash = passwords.hash_password(password)
        sessions.log_out_everywhere(session, account.id, but=actor.login_id)
        if tokens:
            sessions.revoke_tokens(session, account.id)
        links.revoke(session, account)
        audit.note(session, account.id, "password.change", account.id)
        enqueue_mail(session, "password_changed", account_id=account.id)


def request_address(actor: Actor, current_password: str, address: str) -> None:
    """Mail a link to confirm a new address; to an address of another account, a mail that says so. Raises Problem."""
    public_url()
    confirm_password(actor.account_id, current_password)
    throttle.count(throttle.MAILS_FROM, "mail-from", actor.account_id)
    if throttle.may_mail("address", address, actor.account_id):
        with database().begin() as session:
            enqueue_mail(session, "address", address=address, account_id=actor.account_id)


def set_address(actor: Actor, token: str) -> str:
    """Use the address that a link has confirmed, and notify the former one. Raises Problem (404, 409)."""
    try:
        with database().begin() as session:
            link = links.peek_token(session, "address", token)
            if link.account_id != actor.account_id:
                raise Problem(HTTPStatus.NOT_FOUND, links.GONE)
            links.consume_token(session, "address", token)
            account = session.get_one(Account, actor.account_id)
            links.revoke(session, account)
            former, account.email = account.email, link.address
            if former:
                enqueue_mail(session, "address_changed", address=former, account_id=account.id)
            audit.note(session, account.id, "address.change", account.id)
            session.flush()
    except IntegrityError as error:
        raise Problem(HTTPStatus.CONFLICT, "Another account now uses this address.") from error
    return link.address


def link_orcid(account_id: str, orcid: str) -> None:
    """Link a verified ORCID iD to an account and notify its e-mail address; idempotent.

    Raises Problem (409) if another account has the iD, or the account has another one.
    """
    settled(database(), lambda session: _link(session, account_id, orcid))


def _link(session: Session, account_id: str, orcid: str) -> None:
    other = by_orcid(session, orcid)
    account = session.get_one(Account, account_id)
    if other is not None and other.id != account_id:
        detail = f"Another account already uses the ORCID iD {orcid}. Log in with ORCID to use that account."
        raise Problem(HTTPStatus.CONFLICT, detail)
    if account.orcid == orcid:
        return
    if account.orcid:
        raise Problem(HTTPStatus.CONFLICT, f"This account already has the ORCID iD {account.orcid}. Remove it first.")
    account.orcid = orcid
    audit.note(session, account_id, "orcid.link", account_id)
    # A pending claim on a profile with this iD is verified when its state is delivered.
    enqueue_account(session, account_id)
    enqueue_mail(session, "orcid_linked", account_id=account_id, orcid=orcid)


def unlink_orcid(session: Session, actor: Actor) -> None:
    """Remove the ORCID iD. Raises Problem (409) without a password, or while the iD verifies a profile."""
    account = session.get_one(Account, actor.account_id)
    if account.password_hash is None:
        raise Problem(
            HTTPStatus.CONFLICT, "Set an e-mail address and a password first; otherwise you could no longer log in."
        )
    verified_by_it = select(Claim.id).where(
        Claim.account_id == account.id, Claim.proof == "orcid", Claim.status == "verified"
    )
    if session.scalars(verified_by_it).first():
        raise Problem(HTTPStatus.CONFLICT, "This ORCID iD verifies your profile. Give up the profile first.")
    if account.orcid:
        account.orcid = None
        audit.note(session, account.id, "orcid.unlink", account.id)


def delete_account(session: Session, account_id: str, by: str | None) -> None:
    """Delete an account with its data, and enqueue what changes in the index. Conversations stay with the other side.

    `by` is the id of the account that does so, None for the command line.
    """
    account = session.get_one(Account, account_id)
    enqueue_account(session, account.id)
    audit.note(session, by, "account.delete", account.id)
    _delete_traces(session, account)
    sides = or_(Invitation.sender_id == account.id, Invitation.recipient_id == account.id)
    for invitation in session.scalars(select(Invitation).where(sides).with_for_update()).all():
        if contacts.other_side(invitation, account.id) is None:
            # No participant is left who could read it.
            session.delete(invitation)
        else:
            contacts.close(invitation, account.id)
    session.flush()
    session.delete(account)


def _delete_traces(session: Session, account: Account) -> None:
    """Delete references to an account in other tables: queued mail, links, and reasons in the audit log.

    Requests the erasure of the bytes that these and the rows of the account leave behind.
    """
    proven = select(InstitutionEmail.address).where(InstitutionEmail.account_id == account.id)
    addresses = [*session.scalars(proven), *([account.email] if account.email else [])]
    session.execute(delete(Mail).where(Mail.address.in_(addresses)))
    session.execute(delete(EmailToken).where(EmailToken.address.in_(addresses)))
    claims = session.scalars(select(Claim).where(Claim.account_id == account.id)).all()
    claim_ids, researchers = {claim.id for claim in claims}, {claim.researcher_id for claim in claims}
    about = or_(Audit.actor_id == account.id, Audit.target == account.id, Audit.target.in_(researchers))
    for row in session.scalars(select(Audit).where(about)):
        is_own = account.id in {row.actor_id, row.target} or row.detail.get("claim") in claim_ids
        if is_own and FREE_TEXTS & row.detail.keys():
            row.detail = {key: value for key, value in row.detail.items() if key not in FREE_TEXTS}
    for correction in session.scalars(select(Correction).where(Correction.reporter_id == account.id)):
        # An accepted correction remains a decision, without the account's text; a pending one loses its evidence.
        correction.reason = ""
        if correction.status == "pending":
            session.delete(correction)
    for researcher_id in [None, *sorted(researchers)]:
        request_erasure(session, researcher_id)
