"""In by e-mail and password. An address is proven before anything is stored of it.

Nothing here tells a stranger whether an address has an account: the answers are the same, the mail goes out after the
answer, and a password is compared with something in any case.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from accounts import audit, links, logins, passwords, throttle
from accounts.login.models import Account, EmailToken
from accounts.resources import database, mailer
from search_api.http.errors import Problem
from search_api.http.limits import client

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session


#: Tries of one client, and for one account from wherever; a person who mistypes stays below.
TRIES_FROM, TRIES_FOR = "30/10minute", "10/10minute"
#: Mails that one client or account can have sent; see `throttle` for those that one address can get.
MAILS_FROM = "20/hour"
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
    """Log in by password and give the token of this browser. Raises Problem."""
    address = email.strip().lower()
    throttle.count(TRIES_FROM, "login-from", client())
    throttle.count(TRIES_FOR, "login-for", address)
    with database().read() as session:
        account = _by_address(session, address)
    if not passwords.verify_password(account.password_hash if account else None, password) or account is None:
        raise Problem(HTTPStatus.FORBIDDEN, WRONG)
    throttle.reset_limit(TRIES_FOR, "login-for", address)
    with database().begin() as session:
        return enter(session, session.get_one(Account, account.id), "password", password)


def enter(session: Session, account: Account, way: str, password: str = "") -> str:
    """Log an account in that has proven itself; its password, where it gave one, is kept by the newest settings."""
    if account.suspended_at:
        raise Problem(HTTPStatus.FORBIDDEN, SUSPENDED)
    if password and account.password_hash and passwords.is_dated(account.password_hash):
        account.password_hash = passwords.hash_password(password)
    return logins.begin(session, account.id, way)


def ask_to_register(address: str) -> None:
    """Mail a link to go on with; whoever has an account already is told so, in the mail alone."""
    base, accounts, mail = links.public_url(), database(), mailer()

    def invite() -> None:
        with accounts.begin() as session:
            known = _by_address(session, address) is not None
            token = "" if known else links.make(session, "register", address)
        text = KNOWN.format(base=base) if known else REGISTER.format(base=base, token=token)
        mail.post(address, "Your Peerscope account", text)

    _mailed("register", address, invite)


def register(token: str, name: str, password: str) -> str:
    """Make the account of a proven address and log it in; gives the token of this browser. Raises Problem."""
    try:
        with database().begin() as session:
            address = links.peek_token(session, "register", token).address
            _strong(password, address)
            links.consume_token(session, "register", token)
            session.add(account := Account(name=name, email=address, password_hash=passwords.hash_password(password)))
            session.flush()
            audit.note(session, account.id, "account.create", account.id, way="email")
            return enter(session, account, "link")
    except IntegrityError as error:
        # The link was mailed to the address, so whoever holds it may know.
        raise Problem(HTTPStatus.CONFLICT, "There is already an account for this address. Log in instead.") from error


def ask_to_reset(address: str) -> None:
    """Mail a link for a new password, where there is an account."""
    base, accounts, mail = links.public_url(), database(), mailer()

    def remind() -> None:
        with accounts.begin() as session:
            account = _by_address(session, address)
            token = links.make(session, "reset", address, account.id) if account else ""
        if account:
            text = RESET.format(base=base, token=token) + (
                ALSO_ORCID.format(orcid=account.orcid) if account.orcid else ""
            )
            mail.post(address, "Reset your Peerscope password", text)

    _mailed("reset", address, remind)


def orcid_of(token: str) -> str | None:
    """Return the ORCID iD that goes on logging in to the account of a link for a new password. Raises Problem (404)."""
    with database().read() as session:
        account = session.get(Account, links.peek_token(session, "reset", token).account_id)
        return account.orcid if account else None


def reset(token: str, password: str) -> str:
    """Set a new password, put everybody out who was in, tokens too, and log this browser in. Raises Problem."""
    with database().begin() as session:
        link = links.peek_token(session, "reset", token)
        _strong(password, link.address)
        account = session.get(Account, links.consume_token(session, "reset", token).account_id)
        if account is None or account.email != link.address:
            raise Problem(HTTPStatus.NOT_FOUND, links.GONE)
        account.password_hash = passwords.hash_password(password)
        logins.end_all(session, account.id)
        logins.end_tokens(session, account.id)
        # Links that were asked for besides, perhaps by a stranger, would set another.
        session.execute(delete(EmailToken).where(EmailToken.account_id == account.id, EmailToken.purpose == "reset"))
        audit.note(session, account.id, "password.reset", account.id)
        return enter(session, account, "link")


def _mailed(kind: str, address: str, task: Callable[[], None]) -> None:
    throttle.count(MAILS_FROM, "mail-from", client())
    if throttle.may_mail(kind, address, client()):
        mailer().later(task)


def _by_address(session: Session, address: str) -> Account | None:
    return session.scalars(select(Account).where(Account.email == address)).one_or_none()


def _strong(password: str, address: str) -> None:
    if weakness := passwords.password_problem(password, address):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, weakness, {"password": [weakness]})
