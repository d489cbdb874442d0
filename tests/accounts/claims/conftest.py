"""Fixtures that make accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accounts.login.models import Account

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


class FewResearchers:
    """Holds two researchers, one id that was merged, and one work."""

    documents = {  # noqa: RUF012 (never changed)
        ("t-researchers", "ada-1"): ADA,
        ("t-researchers", "bob-1"): BOB,
        ("t-redirects", "ada-old"): {"id": "ada-old", "researcher_id": "ada-1"},
        ("t-works", "arxiv:1"): {"id": "arxiv:1", "title": "On engines", "researchers": []},
    }

    def get(self, index: str, id: str, **_: Any) -> dict[str, Any]:  # noqa: A002 (theirs)
        found = self.documents.get((index, id))
        return {"found": found is not None, "_source": found}

    def mget(self, index: str, body: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"docs": [{"_id": id_, **self.get(index, id_)} for id_ in body["ids"]]}

    def search(self, **_: Any) -> dict[str, Any]:
        return {"took": 1, "hits": {"total": {"value": 0, "relation": "eq"}, "max_score": None, "hits": []}}


@pytest.fixture
def opensearch() -> Any:
    """Return the stand-in for OpenSearch."""
    return FewResearchers()
