"""Registration, log-in by e-mail and password, and password resets. An address is confirmed before it is stored.

Nothing here reveals whether an address has an account: responses are the same, mail is sent after the response, and
a password is always verified against some hash, so that timing does not tell either.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from accounts import audit, passwords, throttle
from accounts.cookies import known_device
from accounts.login import links, sessions
from accounts.login.models import Account
from accounts.outbox import enqueue_mail
from accounts.resources import database, public_url
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

WRONG = "Incorrect e-mail address or password."
SUSPENDED = "This account is suspended."


def log_in(email: str, password: str) -> str:
    """Log in by password and return the token of this browser. Raises Problem (403, 429)."""
    address = email.strip().lower()
    rules = _rules(address)
    throttle.begin_attempt(rules)
    with database().read() as session:
        account = _by_address(session, address)
    if not passwords.verify_password(account.password_hash if account else None, password) or account is None:
        _record_failure(account, rules)
        raise Problem(HTTPStatus.FORBIDDEN, WRONG)
    with database().begin() as session:
        throttle.succeed(session, *rules)
        return enter(session, session.get_one(Account, account.id), "password", password)


def _rules(address: str) -> list[tuple[throttle.Rule, str]]:
    """Return the rules that delay guesses of this browser for the account at an address (see `throttle`), with keys."""
    network = throttle.client_network()
    by_client = (throttle.BY_CLIENT, throttle.key_of("login-client", network))
    if device := known_device(address):
        return [(throttle.BY_BOTH, throttle.key_of("login-device", address, device)), by_client]
    return [
        (throttle.BY_BOTH, throttle.key_of("login-both", address, network)),
        by_client,
        (throttle.BY_ACCOUNT, throttle.key_of("login-account", address)),
    ]


def _record_failure(account: Account | None, rules: list[tuple[throttle.Rule, str]]) -> None:
    """Record a wrong password in the audit log of an account: the 1st, 2nd, 4th, 8th, ... in a row.

    So guesses cannot fill the log; those for unknown names leave no row at all. The transaction takes place in any
    case, so that the time of the response does not disclose whether there is an account.
    """
    with database().begin() as session:
        count = throttle.failures(session, rules[-1][1])
        if account is not None and count & (count - 1) == 0:
            audit.note(session, None, "login.fail", account.id, failures=count)


def enter(session: Session, account: Account, method: str, password: str = "") -> str:
    """Log an authenticated account in and return the token of this browser. Raises Problem (403) if it is suspended.

    A verified `password` is hashed again if its hash has outdated parameters.
    """
    if account.suspended_at:
        raise Problem(HTTPStatus.FORBIDDEN, SUSPENDED)
    if password and account.password_hash and passwords.is_dated(account.password_hash):
        account.password_hash = passwords.hash_password(password)
    return sessions.log_in_browser(session, account.id, method)


def request_registration(address: str, back: str = "", aim: str | None = None) -> None:
    """Mail a registration link; an address that already has an account gets a notice with links to log in or reset.

    `back` is the page to continue on with the new account, `aim` what is done there.
    """
    _mail_link("register", address, back, aim)


def request_login(address: str, back: str = "", aim: str | None = None) -> None:
    """Mail a link that logs in, if the address has an account. No wrong password delays it."""
    _mail_link("login", address, back, aim)


def log_in_by_link(token: str) -> tuple[str, str]:
    """Log in by a mailed link; return the token of this browser and the address. Raises Problem (403, 404)."""
    with database().begin() as session:
        link = links.consume_token(session, "login", token)
        account = session.get(Account, link.account_id)
        if account is None or account.email != link.address:
            raise Problem(HTTPStatus.NOT_FOUND, links.GONE)
        throttle.succeed(session, *_rules(link.address))
        return enter(session, account, "link"), link.address


def register(token: str, name: str, password: str) -> tuple[str, str]:
    """Create the account of a confirmed address and log it in.

    Returns the token of this browser and the address. Raises Problem.
    """
    try:
        with database().begin() as session:
            address = links.peek_token(session, "register", token).address
            _check_strength(password, address)
            links.consume_token(session, "register", token)
            session.add(account := Account(name=name, email=address, password_hash=passwords.hash_password(password)))
            session.flush()
            audit.note(session, account.id, "account.create", account.id, way="email")
            return enter(session, account, "link"), address
    except IntegrityError as error:
        # This reveals that there is an account, but only to the owner of the address, who has the link.
        raise Problem(HTTPStatus.CONFLICT, "There is already an account for this address. Log in instead.") from error


def request_reset(address: str) -> None:
    """Mail a link to set a new password, if the address has an account."""
    _mail_link("reset", address)


def orcid_of(token: str) -> str | None:
    """Return the ORCID iD of the account that a reset link is for: a reset keeps it. Raises Problem (404)."""
    with database().read() as session:
        account = session.get(Account, links.peek_token(session, "reset", token).account_id)
        return account.orcid if account else None


def reset(token: str, password: str) -> tuple[str, str]:
    """Set a new password and end all log-ins and tokens.

    Returns the token of this browser and the address. Raises Problem.
    """
    with database().begin() as session:
        link = links.peek_token(session, "reset", token)
        _check_strength(password, link.address)
        account = session.get(Account, links.consume_token(session, "reset", token).account_id)
        if account is None or account.email != link.address:
            raise Problem(HTTPStatus.NOT_FOUND, links.GONE)
        account.password_hash = passwords.hash_password(password)
        sessions.log_out_everywhere(session, account.id)
        sessions.revoke_tokens(session, account.id)
        # Other links, perhaps requested by a stranger, must not work any more.
        links.revoke(session, account)
        audit.note(session, account.id, "password.reset", account.id)
        return enter(session, account, "link"), link.address


def _mail_link(kind: str, address: str, back: str = "", aim: str | None = None) -> None:
    """Enqueue the mail of a link; whether the address has an account is looked up at delivery, after the response."""
    public_url()
    throttle.count(throttle.MAILS_FROM, "mail-from", throttle.client_network())
    if throttle.may_mail(kind, address, throttle.client_network()):
        with database().begin() as session:
            more = {name: value for name, value in (("next", back), ("aim", aim)) if value}
            enqueue_mail(session, kind, address=address, **more)


def _by_address(session: Session, address: str) -> Account | None:
    return session.scalars(select(Account).where(Account.email == address)).one_or_none()


def _check_strength(password: str, address: str) -> None:
    if problem := passwords.password_problem(password, address):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, problem, {"password": [problem]})


def confirm_password(account_id: str, password: str) -> None:
    """Check the current password, if the account has one, outside of a transaction of the caller.

    Raises Problem: 403 for a wrong password, 429 after too many.
    """
    with database().read() as session:
        account = session.get_one(Account, account_id)
    if account.password_hash is None:
        return
    rule = (throttle.BY_BOTH, throttle.key_of("prove", account.id))
    throttle.begin_attempt([rule])
    if not passwords.verify_password(account.password_hash, password):
        _record_failure(account, [rule])
        raise Problem(HTTPStatus.FORBIDDEN, "That is not your current password.")
    with database().begin() as session:
        throttle.succeed(session, rule)
