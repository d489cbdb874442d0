"""Claims on an index to which another local user can write: what the indexer did not sign proves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from sqlalchemy import select

from accounts.claims import lifecycle
from accounts.claims.models import Claim
from accounts.claims.orcid_proof import with_proven_orcid
from accounts.delivery.merging import UNSIGNED, move
from mappings import IndexNames
from mappings.signatures import is_signed_redirect, is_signed_work, redirect_signature, signed_orcids, work_signature
from peerscope.signing import Signer
from tests.accounts.claims.conftest import ADA, FewResearchers, signed_work
from tests.people import accounts_of, signer

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from accounts.database import Database
    from tests.people import Person

ORCID = str(ADA["orcid"])
OTHER = "0000-0002-0000-0008"


def forged() -> dict[str, list[dict[str, Any]]]:
    """Return forged works of Ada, as they can be written without the key."""
    honest = signed_work("bob-1", ORCID)
    return {
        "no signature": [{**signed_work("ada-1", ORCID), "orcid_signature": None}],
        "no field": [{key: value for key, value in signed_work("ada-1", ORCID).items() if key != "orcid_signature"}],
        "another key": [
            {
                **(work := signed_work("ada-1", ORCID)),
                "orcid_signature": work_signature(Signer("guessed"), work),
            }
        ],
        "the signature of another work": [{**signed_work("ada-1", ORCID), "id": "arxiv:2"}],
        "a work of another researcher": [honest],
        "a work of another researcher, reassigned": [
            {**honest, "researchers": [{**honest["researchers"][0], "id": "ada-1"}]}
        ],
        "another iD": [{**signed_work("ada-1", OTHER), "researchers": signed_work("ada-1", ORCID)["researchers"]}],
        "not text": [{**signed_work("ada-1", ORCID), "orcid_signature": ["x"]}],
        "nothing": [],
    }


def test_what_the_indexer_signed_is_recognized() -> None:
    work = signed_work("ada-1", ORCID)
    assert is_signed_work(signer(), work)
    assert signed_orcids(signer(), work) == {("ada-1", ORCID)}
    assert work_signature(signer(), {**work, "researchers": []}) is None
    redirect = {"id": "old", "researcher_id": "new", "signature": redirect_signature(signer(), "old", "new")}
    assert is_signed_redirect(signer(), redirect)
    for field, value in (("id", "other"), ("researcher_id", "other"), ("signature", None)):
        assert not is_signed_redirect(signer(), {**redirect, field: value})


@pytest.mark.parametrize("kind", forged())
def test_a_forged_orcid_proves_nothing(kind: str) -> None:
    index = FewResearchers()
    index.proofs = forged()[kind]
    record = with_proven_orcid(cast("Any", index), IndexNames("t-"), signer(), ADA)
    assert record == {**ADA, "orcid": None}
    index.proofs += [signed_work("ada-1", ORCID)]
    assert with_proven_orcid(cast("Any", index), IndexNames("t-"), signer(), ADA) == ADA


@pytest.mark.parametrize("kind", forged())
def test_a_claim_with_a_forged_orcid_waits_for_an_administrator(
    app: Flask, opensearch: FewResearchers, logged_in: Callable[..., Person], kind: str
) -> None:
    opensearch.proofs = forged()[kind]
    eve = logged_in("Eve", orcid=ORCID)
    response = eve.post("/api/v1/researchers/ada-1/claim", json={})
    assert (response.status_code, response.get_json()["status"]) == (200, "pending")
    with accounts_of(app).begin() as session:
        assert lifecycle.owner_of(session, "ada-1") is None


def test_a_claim_with_a_signed_orcid_is_verified(logged_in: Callable[..., Person]) -> None:
    ada = logged_in("Ada", orcid=ORCID)
    assert ada.post("/api/v1/researchers/ada-1/claim", json={}).get_json()["status"] == "verified"


@pytest.mark.parametrize("is_signed", [False, True])
def test_a_redirect_that_nobody_signed_gives_no_other_record(
    database: Database, account: Callable[..., str], is_signed: bool
) -> None:
    """Eve owns a record, and writes to the index that it was merged into Ada's."""
    eve = account("Eve", orcid=OTHER)
    with database.begin() as session:
        lifecycle.make_claim(session, eve, {"id": "eve-1", "orcid": OTHER})
        move(session, "eve-1", "ada-1", None, is_signed=is_signed)
        (claim,) = session.scalars(select(Claim))
        assert claim.researcher_id == "ada-1"
        assert (claim.status, claim.reason == UNSIGNED) == (("verified", False) if is_signed else ("pending", True))
