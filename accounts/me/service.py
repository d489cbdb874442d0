"""Changes to one's own account. Those that could lock the owner out, or let others in, need the password."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, or_, select
from sqlalchemy.exc import IntegrityError

from accounts import audit, passwords, throttle
from accounts.claims.models import Claim
from accounts.delivery.states import enqueue_account
from accounts.invitations import contacts
from accounts.invitations.models import Invitation
from accounts.login import links, sessions
from accounts.login.models import Account, EmailToken
from accounts.login.orcid import by_orcid
from accounts.login.service import confirm_password
from accounts.resources import database, mailer
from accounts.settled import settled
from accounts.texts import name_for_mail
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from accounts.actors import Actor

CHANGED = """\
The {what} of your Peerscope account has just been changed.
If it wasn't you, reset it by e-mail (this also revokes API tokens) and contact the operator of the site.
"""
LINKED = """\
The ORCID iD {orcid} has just been linked to your Peerscope account and can now log in to it.
If it wasn't you, reset your password, remove the iD on your account page, and contact the operator of the site.
"""
ADDRESS = """\
{name} asked to use this address for a Peerscope account.
Confirm it here, in a browser where you are logged in; the link works once and expires in an hour:

{base}/account/address/{token}

If it wasn't you, ignore this e-mail.
"""
TAKEN = """\
Someone (hopefully you) asked to use this address for a Peerscope account, but another account already uses it.

Log in to that account: {base}/login
"""


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
    with database().begin() as session:
        account = session.get_one(Account, actor.account_id)
        if account.email is None:
            raise Problem(HTTPStatus.CONFLICT, "To set a password, add an e-mail address first.")
        confirm_password(account, current_password)
        if problem := passwords.password_problem(password, account.email):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, problem)
        account.password_hash = passwords.hash_password(password)
        sessions.log_out_everywhere(session, account.id, but=actor.login_id)
        if tokens:
            sessions.revoke_tokens(session, account.id)
        session.execute(delete(EmailToken).where(EmailToken.account_id == account.id, EmailToken.purpose == "reset"))
        audit.note(session, account.id, "password.change", account.id)
        address = account.email
    mailer().post(address, "Your Peerscope password has changed", CHANGED.format(what="password"))


def request_address(actor: Actor, current_password: str, address: str) -> None:
    """Mail a link to confirm a new address; to an address of another account, a mail that says so. Raises Problem."""
    base, accounts, mail = links.public_url(), database(), mailer()
    name = name_for_mail(actor.name)
    with accounts.read() as session:
        confirm_password(session.get_one(Account, actor.account_id), current_password)
    throttle.count(throttle.MAILS_FROM, "mail-from", actor.account_id)
    if not throttle.may_mail("address", address, actor.account_id):
        return

    def send() -> None:
        with accounts.begin() as session:
            taken = session.scalars(select(Account.id).where(Account.email == address)).one_or_none()
            token = "" if taken else links.create(session, "address", address, actor.account_id)
        text = TAKEN.format(base=base) if taken else ADDRESS.format(base=base, token=token, name=name)
        mail.post(address, "Confirm your e-mail address for Peerscope", text)

    mail.later(send)


def set_address(actor: Actor, token: str) -> str:
    """Use the address that a link has confirmed, and notify the former one. Raises Problem (404, 409)."""
    try:
        with database().begin() as session:
            link = links.peek_token(session, "address", token)
            if link.account_id != actor.account_id:
                raise Problem(HTTPStatus.NOT_FOUND, links.GONE)
            links.consume_token(session, "address", token)
            account = session.get_one(Account, actor.account_id)
            former, account.email = account.email, link.address
            session.execute(
                delete(EmailToken).where(EmailToken.account_id == account.id, EmailToken.purpose == "reset")
            )
            audit.note(session, account.id, "address.change", account.id)
            session.flush()
    except IntegrityError as error:
        raise Problem(HTTPStatus.CONFLICT, "Another account now uses this address.") from error
    if former:
        mailer().post(former, "Your Peerscope e-mail address has changed", CHANGED.format(what="e-mail address"))
    return link.address


def link_orcid(account_id: str, orcid: str) -> None:
    """Link a verified ORCID iD to an account and notify its e-mail address; idempotent.

    Raises Problem (409) if another account has the iD, or the account has another one.
    """
    if (address := settled(database(), lambda session: _link(session, account_id, orcid))) is not None:
        mailer().post(address, "An ORCID iD was linked to your Peerscope account", LINKED.format(orcid=orcid))


def _link(session: Session, account_id: str, orcid: str) -> str | None:
    """Link the iD and return the address to notify; None if nothing has changed or there is no address."""
    other = by_orcid(session, orcid)
    account = session.get_one(Account, account_id)
    if other is not None and other.id != account_id:
        detail = f"Another account already uses the ORCID iD {orcid}. Log in with ORCID to use that account."
        raise Problem(HTTPStatus.CONFLICT, detail)
    if account.orcid == orcid:
        return None
    if account.orcid:
        raise Problem(HTTPStatus.CONFLICT, f"This account already has the ORCID iD {account.orcid}. Remove it first.")
    account.orcid = orcid
    audit.note(session, account_id, "orcid.link", account_id)
    # A pending claim on a profile with this iD is verified when its state is delivered.
    enqueue_account(session, account_id)
    return account.email


def unlink_orcid(session: Session, actor: Actor, current_password: str) -> None:
    """Remove the ORCID iD. Raises Problem (409) without a password, or while the iD verifies a profile."""
    account = session.get_one(Account, actor.account_id)
    if account.password_hash is None:
        raise Problem(
            HTTPStatus.CONFLICT, "Set an e-mail address and a password first; otherwise you could no longer log in."
        )
    confirm_password(account, current_password)
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
    sides = or_(Invitation.sender_id == account.id, Invitation.recipient_id == account.id)
    for invitation in session.scalars(select(Invitation).where(sides).with_for_update()).all():
        if contacts.other_side(invitation, account.id) is None:
            # No participant is left who could read it.
            session.delete(invitation)
        else:
            contacts.close(invitation, account.id)
    session.flush()
    session.delete(account)
