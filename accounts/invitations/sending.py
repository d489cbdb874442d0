"""Sending an invitation: what it names is looked up in the index first, and then both sides agree on what is meant."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import url_for

from accounts.invitations.between import key_id
from accounts.invitations.inviting import invite
from accounts.invitations.models import Invitation
from accounts.invitations.schemas import PURPOSES
from accounts.links import public_url
from accounts.login.models import Account
from accounts.records import record_of
from accounts.resources import database, mailer
from accounts.settled import settled
from search_api.http.errors import Problem
from search_api.works.documents import find_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from search_api.http.services import Services

log = logging.getLogger(__name__)

#: Without the message: mail lies about in the open.
MAIL = """\
Hello {to},

{name} has invited you to collaborate on Peerscope ({purpose}). Read and reply here:

{address}

Your e-mail address is not shared. You can block this person from the same page.
"""


def send(services: Services, account_id: str, given: str, body: Mapping[str, Any]) -> Invitation:
    """Invite the owner of a researcher's profile, named by any id.

    Raises Problem: 404 for no researcher, 422 for works that are not there, else as `invite` does.
    """
    researcher_id = record_of(services, given)["id"]
    known = find_ids(services, body["works"])
    if missing := [id_ for id_ in body["works"] if id_ not in known]:
        texts = [f"No work has the id {id_[:200]!r}." for id_ in missing]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Some of these works were not found.", {"works": texts})
    checked = {**body, "works": list(dict.fromkeys(known[id_] for id_ in body["works"]))}

    def change(session: Session) -> tuple[Invitation, bool]:
        # In the transaction that makes it: of two posts at once, one is a repeat and mails nobody.
        is_repeat = session.get(Invitation, key_id(account_id, body["key"])) is not None
        return invite(session, account_id, researcher_id, checked), not is_repeat

    made, is_new = settled(database(), change)
    if is_new:
        _tell(made)
    return made


def _tell(made: Invitation) -> None:
    """Mail the other side, after the fact: the invitation stands in the inbox in any case."""
    with database().read() as session:
        sender, recipient = session.get(Account, made.sender_id), session.get(Account, made.recipient_id)
    if sender is None or recipient is None or not recipient.email:
        return
    try:
        address = public_url() + url_for("accounts.conversation", invitation_id=made.id)
    except Problem:
        log.warning("nobody was told of an invitation: PEERSCOPE_PUBLIC_URL is not set")
        return
    # In one line: a name is what somebody chose to be called, and a subject holds no line ends.
    name = " ".join(sender.name.split())
    text = MAIL.format(to=recipient.name, name=name, purpose=PURPOSES[made.purpose].lower(), address=address)
    mailer().post(recipient.email, f"{name} has invited you to collaborate", text)
