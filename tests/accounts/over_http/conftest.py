"""An index of three researchers, a topic, an institution and works, so that the API can be asked without OpenSearch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from accounts.claims.models import Claim
from tests.accounts.conftest import NoOpenSearch
from tests.people import Person, accounts_of, log_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

WORK = {"title": "On engines", "researchers": [], "topics": []}


class Index(NoOpenSearch):
    """Return documents by id, and works by any of their ids."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], dict[str, Any]] = {
            ("t-topics", "cs.LG"): {"id": "cs.LG", "name": "Machine Learning"},
            ("t-institutions", "ror:046rm7j60"): {"id": "ror:046rm7j60", "name": "UCLA"},
            ("t-redirects", "old-bob"): {"researcher_id": "r-bob"},
        }
        for name in ("ada", "bob", "eve"):
            person = {"id": f"r-{name}", "ids": [f"r-{name}"], "name": name.capitalize()}
            self.documents["t-researchers", f"r-{name}"] = person
        for number in range(1, 8):
            work = {"id": f"arxiv:{number}", "ids": [f"arxiv:{number}", f"doi:10.5555/{number}"], **WORK}
            self.documents["t-works", f"arxiv:{number}"] = work

    def get(self, index: str, id: str, params: dict[str, Any], ignore: list[int]) -> dict[str, Any]:  # noqa: A002
        source = self.documents.get((index, id))
        return {"found": True, "_source": source} if source else {"found": False}

    def mget(self, body: dict[str, Any], index: str = "", params: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"docs": [{"_id": id_, **self.get(index, id_, {}, [])} for id_ in body["ids"]]}

    def search(self, index: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = super().search(index, body)
        wanted = set(body["query"].get("terms", {}).get("ids", ()))
        for (where, id_), source in self.documents.items():
            if where == index and wanted & set(source.get("ids", ())):
                answer["hits"]["hits"].append({"_id": id_, "_source": source})
        return answer


@pytest.fixture
def opensearch() -> Index:
    return Index()


@pytest.fixture
def owner(app: Flask) -> Callable[[str], Person]:
    """Logs in as somebody who owns the profile `r-NAME`."""

    def make(name: str) -> Person:
        person = log_in(app, name.capitalize())
        with accounts_of(app).begin() as session:
            session.add(
                Claim(account_id=person.account_id, researcher_id=f"r-{name}", status="verified", proof="orcid")
            )
        return person

    return make
