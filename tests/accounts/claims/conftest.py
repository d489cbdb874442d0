"""Fixtures that make accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accounts.login.models import Account
from mappings.signatures import work_signature
from tests.people import signer

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.database import Database


@pytest.fixture
def account(database: Database) -> Callable[..., str]:
    """Return a function that makes an account and returns its id."""

    def account(name: str, **fields: object) -> str:
        with database.begin() as session:
            session.add(row := Account(name=name, **fields))
        return row.id

    return account


BARE = {"works_count": 2, "affiliations": [], "claimed": False, "institutions": []}
ADA = {**BARE, "id": "ada-1", "name": "Ada Lovelace", "orcid": "0000-0001-0000-0009"}
BOB = {**BARE, "id": "bob-1", "name": "Bob Byte", "orcid": None, "institutions": [{"id": "uni", "name": "Uni"}]}


PROOF_OF_ADA = {
    "bool": {"filter": [{"term": {"researchers.id": "ada-1"}}, {"term": {"researchers.orcid": ADA["orcid"]}}]}
}


def signed_work(researcher_id: str, orcid: str) -> dict[str, Any]:
    """Return the part of a work's document that proves an ORCID iD."""
    work: dict[str, Any] = {"id": "arxiv:1", "researchers": [{"id": researcher_id, "position": 1, "orcid": orcid}]}
    return {**work, "orcid_signature": work_signature(signer(), work)}


class FewResearchers:
    """Holds two researchers, one id that was merged, and one work."""

    def __init__(self) -> None:
        self.proofs = [signed_work("ada-1", str(ADA["orcid"]))]

    documents = {  # noqa: RUF012 (never changed)
        ("t-researchers", "ada-1"): ADA,
        ("t-researchers", "bob-1"): BOB,
        ("t-redirects", "ada-old"): {"id": "ada-old", "researcher_id": "ada-1"},
        ("t-works", "arxiv:1"): {
            "id": "arxiv:1",
            "ids": ["arxiv:1", "doi:10.1000/engines"],
            "title": "On engines",
            "researchers": [{"id": "x", "name": "A. Lovelace"}],
        },
    }

    def get(self, index: str, id: str, **_: Any) -> dict[str, Any]:  # noqa: A002 (theirs)
        found = self.documents.get((index, id))
        return {"found": found is not None, "_source": found}

    def mget(self, index: str, body: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"docs": [{"_id": id_, **self.get(index, id_)} for id_ in body["ids"]]}

    def search(self, index: str, body: dict[str, Any], **_: Any) -> dict[str, Any]:
        is_proof = index == "t-works" and body["query"] == PROOF_OF_ADA
        hits = [{"_id": "arxiv:1", "_source": work} for work in self.proofs if is_proof]
        return {"took": 1, "hits": {"total": {"value": 0, "relation": "eq"}, "max_score": None, "hits": hits}}

    def msearch(self, body: list[dict[str, Any]], **_: Any) -> dict[str, Any]:
        pairs = zip(body[::2], body[1::2], strict=True)
        return {"responses": [{"status": 200, **self.search(head["index"], asked)} for head, asked in pairs]}


@pytest.fixture
def opensearch() -> Any:
    """Return the stand-in for OpenSearch."""
    return FewResearchers()
