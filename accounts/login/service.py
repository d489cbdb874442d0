"""Registration, log-in by e-mail and password, and password resets. An address is confirmed before it is stored.

Nothing here reveals whether an address has an account: responses are the same, mail is sent after the response, and
a password is always verified against some hash, so that timing does not tell either.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from accounts import audit, passwords, throttle
from accounts.login import links, sessions
from accounts.login.models import Account, EmailToken
from accounts.resources import database, mailer
from search_api.http.errors import Problem
from search_api.http.limits import client

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

WRONG = "Incorrect e-mail address or password."
SUSPENDED = "This account is suspended."

REGISTER = """\
Someone (hopefully you) asked to create a Peerscope account with this address.
Continue here; the link works once and expires in an hour:

{base}/confirm/{token}

If it wasn't you, ignore this e-mail.
"""
KNOWN = """\
Someone (hopefully you) asked to create a Peerscope account with this address, which already has one.

Log in:          {base}/login
Reset password:  {base}/reset

If it wasn't you, ignore this e-mail.
"""
RESET = """\
Someone (hopefully you) asked to reset the password of the Peerscope account with this address.
Set a new password here; the link works once and expires in an hour:

{base}/reset/{token}

This signs out all browsers and apps. If it wasn't you, ignore this e-mail.
"""
ALSO_ORCID = """\

The ORCID iD {orcid} can also log in to this account, and still can after a reset. If it is not yours, remove it on
your account page right after you log in.
"""


def log_in(email: str, password: str) -> str:
    """Log in by password and return the token of this browser. Raises Problem (403, 429)."""
    address = email.strip().lower()
    throttle.count(throttle.TRIES_FROM, "login-from", client())
    throttle.count(throttle.TRIES_FOR, "login-for", address)
    with database().read() as session:
        account = _by_address(session, address)
    if not passwords.verify_password(account.password_hash if account else None, password) or account is None:
        raise Problem(HTTPStatus.FORBIDDEN, WRONG)
    throttle.reset_limit(throttle.TRIES_FOR, "login-for", address)
    with database().begin() as session:
        return enter(session, session.get_one(Account, account.id), "password", password)


def enter(session: Session, account: Account, method: str, password: str = "") -> str:
    """Log an authenticated account in and return the token of this browser. Raises Problem (403) if it is suspended.

    A verified `password` is hashed again if its hash has outdated parameters.
    """
    if account.suspended_at:
        raise Problem(HTTPStatus.FORBIDDEN, SUSPENDED)
    if password and account.password_hash and passwords.is_dated(account.password_hash):
        account.password_hash = passwords.hash_password(password)
    return sessions.log_in_browser(session, account.id, method)


def request_registration(address: str) -> None:
    """Mail a link to register with, or, if the address has an account already, a mail that says so."""
    base, accounts, mail = links.public_url(), database(), mailer()

    def send() -> None:
        with accounts.begin() as session:
            known = _by_address(session, address) is not None
            token = "" if known else links.create(session, "register", address)
        text = KNOWN.format(base=base) if known else REGISTER.format(base=base, token=token)
        mail.post(address, "Your Peerscope account", text)

    _send_later("register", address, send)


def register(token: str, name: str, password: str) -> str:
    """Create the account of a confirmed address, log it in, and return the token of this browser. Raises Problem."""
    try:
        with database().begin() as session:
            address = links.peek_token(session, "register", token).address
            _check_strength(password, address)
            links.consume_token(session, "register", token)
            session.add(account := Account(name=name, email=address, password_hash=passwords.hash_password(password)))
            session.flush()
            audit.note(session, account.id, "account.create", account.id, way="email")
            return enter(session, account, "link")
    except IntegrityError as error:
        # This reveals that there is an account, but only to the owner of the address, who has the link.
        raise Problem(HTTPStatus.CONFLICT, "There is already an account for this address. Log in instead.") from error


def request_reset(address: str) -> None:
    """Mail a link to set a new password, if the address has an account."""
    base, accounts, mail = links.public_url(), database(), mailer()

    def send() -> None:
        with accounts.begin() as session:
            account = _by_address(session, address)
            token = links.create(session, "reset", address, account.id) if account else ""
        if account:
            text = RESET.format(base=base, token=token) + (
                ALSO_ORCID.format(orcid=account.orcid) if account.orcid else ""
            )
            mail.post(address, "Reset your Peerscope password", text)

    _send_later("reset", address, send)


def orcid_of(token: str) -> str | None:
    """Return the ORCID iD of the account that a reset link is for: a reset keeps it. Raises Problem (404)."""
    with database().read() as session:
        account = session.get(Account, links.peek_token(session, "reset", token).account_id)
        return account.orcid if account else None


def reset(token: str, password: str) -> str:
    """Set a new password, end all log-ins and tokens, and return the token of this browser. Raises Problem."""
    with database().begin() as session:
        link = links.peek_token(session, "reset", token)
        _check_strength(password, link.address)
        account = session.get(Account, links.consume_token(session, "reset", token).account_id)
        if account is None or account.email != link.address:
            raise Problem(HTTPStatus.NOT_FOUND, links.GONE)
        account.password_hash = passwords.hash_password(password)
        sessions.log_out_everywhere(session, account.id)
        sessions.revoke_tokens(session, account.id)
        # Other reset links, perhaps requested by a stranger, must not work any more.
        session.execute(delete(EmailToken).where(EmailToken.account_id == account.id, EmailToken.purpose == "reset"))
        audit.note(session, account.id, "password.reset", account.id)
        return enter(session, account, "link")


def _send_later(kind: str, address: str, task: Callable[[], None]) -> None:
    throttle.count(throttle.MAILS_FROM, "mail-from", client())
    if throttle.may_mail(kind, address, client()):
        mailer().later(task)


def _by_address(session: Session, address: str) -> Account | None:
    return session.scalars(select(Account).where(Account.email == address)).one_or_none()


def _check_strength(password: str, address: str) -> None:
    if problem := passwords.password_problem(password, address):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, problem, {"password": [problem]})


def confirm_password(account: Account, password: str) -> None:
    """Check the current password, if the account has one. Raises Problem: 403 for a wrong one, 429 after too many."""
    if account.password_hash is None:
        return
    throttle.count(throttle.TRIES_FOR, "prove", account.id)
    if not passwords.verify_password(account.password_hash, password):
        raise Problem(HTTPStatus.FORBIDDEN, "That is not your current password.")
    throttle.reset_limit(throttle.TRIES_FOR, "prove", account.id)
