"""The texts of all mails, by kind. They are composed at delivery, in the transaction that claims the mail.

A letter whose reason is gone (a deleted account, an answered invitation) is not sent. Secret links are created here:
the outbox never contains one, and the database only its digest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sqlalchemy import column, select, table

from accounts.login import links
from accounts.login.models import Account
from accounts.notifications import Notification, describe
from accounts.texts import name_for_mail

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from accounts.outbox import Mail

#: Base of links where neither the request nor PEERSCOPE_PUBLIC_URL determines it: a server on this machine.
LOCAL_URL = "http://127.0.0.1:8000"

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
LOG_IN = """\
Someone (hopefully you) asked to log in to the Peerscope account with this address.
Log in here; the link works once and expires in an hour:

{base}/login/link/{token}

It works no matter how often someone has tried to guess your password. If it wasn't you, ignore this e-mail, and do not
forward it: whoever opens the link can log in.
"""
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
INSTITUTION = """\
{name}, who owns the profile {researcher} on Peerscope, says that this is their address.
If that is you, confirm it with this link within an hour:

{base}/account/profile/email/{token}

If it isn't you, ignore this e-mail.
"""
#: Without the message, because e-mail is not encrypted.
INVITATION = """\
Hello {to},

{name} has invited you to collaborate on Peerscope ({purpose}). Read and reply here:

{base}/inbox/{id}

Your e-mail address is not shared. You can block this person from the same page.
"""

NOTIFICATION = """\
{text}

{base}{path}

Choose what is mailed to you: {base}/account
"""

#: The table instead of its model, because importing the model's package would be circular.
INVITATIONS = table("invitation", column("id"), column("status"))

#: Address, subject and text.
Composed = tuple[str, str, str]


def compose(session: Session, mail: Mail, base: str) -> Composed | None:
    """Return address, subject and text of a mail; None if it must not be sent any more."""
    return LETTERS[mail.kind](session, mail, mail.data.get("base") or base)


def _account_at(session: Session, address: str | None) -> Account | None:
    return session.scalars(select(Account).where(Account.email == address)).one_or_none()


def _with_next(mail: Mail) -> str:
    """Return the query string with the page to continue on after the link, and what is completed there."""
    pairs = {"next": mail.data.get("next"), "for": mail.data.get("aim")}
    query = urlencode({name: value for name, value in pairs.items() if value}, safe="/")
    return f"?{query}" if query else ""


def _register(session: Session, mail: Mail, base: str) -> Composed | None:
    address, subject = mail.address or "", "Your Peerscope account"
    if _account_at(session, address):
        return address, subject, KNOWN.format(base=base)
    token = links.create(session, "register", address) + _with_next(mail)
    return address, subject, REGISTER.format(base=base, token=token)


def _reset(session: Session, mail: Mail, base: str) -> Composed | None:
    account = _account_at(session, mail.address)
    if account is None or account.email is None:
        return None
    token = links.create(session, "reset", account.email, account.id)
    text = RESET.format(base=base, token=token) + (ALSO_ORCID.format(orcid=account.orcid) if account.orcid else "")
    return account.email, "Reset your Peerscope password", text


def _log_in(session: Session, mail: Mail, base: str) -> Composed | None:
    account = _account_at(session, mail.address)
    if account is None or account.email is None or account.suspended_at:
        return None
    token = links.create(session, "login", account.email, account.id) + _with_next(mail)
    return account.email, "Log in to Peerscope", LOG_IN.format(base=base, token=token)


def _address(session: Session, mail: Mail, base: str) -> Composed | None:
    account, address = session.get(Account, mail.account_id), mail.address or ""
    subject = "Confirm your e-mail address for Peerscope"
    if account is None:
        return None
    if _account_at(session, address):
        return address, subject, TAKEN.format(base=base)
    token = links.create(session, "address", address, account.id)
    return address, subject, ADDRESS.format(base=base, token=token, name=name_for_mail(account.name))


def _address_changed(_: Session, mail: Mail, base: str) -> Composed | None:  # noqa: ARG001 (as all letters)
    # The former address, which the account no longer has.
    text = CHANGED.format(what="e-mail address")
    return (mail.address, "Your Peerscope e-mail address has changed", text) if mail.address else None


def _password_changed(session: Session, mail: Mail, base: str) -> Composed | None:  # noqa: ARG001 (as all letters)
    address = _address_of(session, mail)
    return (address, "Your Peerscope password has changed", CHANGED.format(what="password")) if address else None


def _orcid_linked(session: Session, mail: Mail, base: str) -> Composed | None:  # noqa: ARG001 (as all letters)
    address = _address_of(session, mail)
    text = LINKED.format(orcid=mail.data["orcid"])
    return (address, "An ORCID iD was linked to your Peerscope account", text) if address else None


def _institution(session: Session, mail: Mail, base: str) -> Composed | None:
    account = session.get(Account, mail.account_id)
    if account is None or mail.address is None:
        return None
    token = links.create(session, "institution", mail.address, account.id)
    names = {"name": name_for_mail(account.name), "researcher": mail.data["researcher"]}
    return mail.address, "Is this your address?", INSTITUTION.format(base=base, token=token, **names)


def _invitation(session: Session, mail: Mail, base: str) -> Composed | None:
    data = mail.data
    status = session.scalars(select(INVITATIONS.c.status).where(INVITATIONS.c.id == data["id"])).one_or_none()
    sender, recipient = session.get(Account, data["sender"]), session.get(Account, mail.account_id)
    if status != "pending" or sender is None or recipient is None or not recipient.email:
        return None
    name = name_for_mail(sender.name)
    text = INVITATION.format(to=recipient.name, name=name, purpose=data["purpose"], base=base, id=data["id"])
    return recipient.email, f"{name} has invited you to collaborate", text


def _notification(session: Session, mail: Mail, base: str) -> Composed | None:
    notification, address = session.get(Notification, mail.data["notification"]), _address_of(session, mail)
    if notification is None or notification.read_at or not address:
        return None
    described = describe(notification)
    return address, described.subject, NOTIFICATION.format(text=described.text, base=base, path=described.path)


def _digest(session: Session, mail: Mail, base: str) -> Composed | None:  # noqa: ARG001 (its links are complete)
    address = _address_of(session, mail)
    return (address, mail.data["subject"], mail.data["text"]) if address else None


def _address_of(session: Session, mail: Mail) -> str | None:
    account = session.get(Account, mail.account_id)
    return account.email if account else None


LETTERS: dict[str, Callable[[Session, Mail, str], Composed | None]] = {
    "register": _register,
    "reset": _reset,
    "login": _log_in,
    "address": _address,
    "address_changed": _address_changed,
    "password_changed": _password_changed,
    "orcid_linked": _orcid_linked,
    "institution": _institution,
    "invitation": _invitation,
    "digest": _digest,
    "notification": _notification,
}
