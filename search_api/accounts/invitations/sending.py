"""Sending an invitation: what it names is looked up in the index first, and then both sides agree on what is meant."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from search_api.accounts.follows.targets import present_researcher
from search_api.accounts.invitations.inviting import invite
from search_api.accounts.settled import settled
from search_api.errors import Problem
from search_api.works.search import find_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_api.accounts.models import Invitation
    from search_api.services import Services


def send(services: Services, account_id: str, given: str, body: Mapping[str, Any]) -> Invitation:
    """Invite the owner of a researcher's profile, named by any id.

    Raises Problem: 404 for no researcher, 422 for works that are not there, else as `invite` does.
    """
    researcher_id = present_researcher(services, given)["id"]
    known = find_ids(services, body["works"])
    if missing := [id_ for id_ in body["works"] if id_ not in known]:
        texts = [f"No work has the id {id_[:200]!r}." for id_ in missing]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Some of these works are not there.", {"works": texts})
    checked = {**body, "works": list(dict.fromkeys(known[id_] for id_ in body["works"]))}
    return settled(services.accounts, lambda session: invite(session, account_id, researcher_id, checked))
