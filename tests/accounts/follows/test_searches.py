"""What a followed search may hold, and what a follow that OpenSearch refuses does not take along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opensearchpy.exceptions import RequestError

from accounts.follows import searches
from accounts.follows.digest import due_emails
from search_api.http.services import KEY
from tests.accounts.conftest import NoOpenSearch
from tests.people import log_in

if TYPE_CHECKING:
    from flask import Flask

HAN = "".join(chr(0x4E00 + number) for number in range(2_000))
REFUSED = RequestError(400, "search_phase_execution_exception", {"error": "too_many_clauses"})


class Refusing(NoOpenSearch):
    """Refuses whatever asks for the topic `refused`, and gives one new work else."""

    def get(self, index: str, id: str, *_: Any, **__: Any) -> dict[str, Any]:  # noqa: A002
        return {"found": True, "_source": {"id": id, "name": id}}

    def search(self, index: str, body: dict[str, Any]) -> dict[str, Any]:
        if "refused" in str(body):
            raise REFUSED
        work: dict[str, Any] = {"id": "w", "title": "New", "year": None, "researchers": [], "topics": []}
        hits: list[dict[str, Any]] = [] if body.get("size") == 0 else [{"_id": "w", "_source": work}]
        found = {"total": {"value": 1, "relation": "eq"}, "max_score": None, "hits": hits}
        return {"took": 1, "hits": found, "aggregations": {"newest": {"value": 4e12}}}


@pytest.fixture
def opensearch() -> Refusing:
    return Refusing()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("graph neural networks", "graph neural networks"),
        ("state-of-the-art models", "state-of-the-art models"),
        ("a b c d e f g h i j k", "a b c d e f g h i j"),
        ("/".join("abcdefghijklm"), "a/b/c/d/e/f/g/h/i/j"),
        (HAN, HAN[:10]),
        ("\u3072\u3089\u304c\u306a" * 9, "\u3072\u3089\u304c\u306a\u3072\u3089\u304c\u306a\u3072\u3089"),
        ("\u0939\u093f\u0928\u094d\u0926\u0940 " * 9, "\u0939\u093f\u0928\u094d\u0926\u0940 " * 9),
        ("x" + "\U0001f600" * 12, "x" + "\U0001f600" * 9),
    ],
)
def test_of_words_no_more_go_to_opensearch_than_prose_has(app: Flask, text: str, words: str) -> None:
    """Words are counted as the analyzer parts them: 2,000 ideographs without a space are 2,000."""
    with app.test_request_context("/"):
        made = searches.query(app.extensions[KEY], searches.Search(text, "hybrid", ()))
    ((either,),) = (clause["bool"]["should"] for clause in made["bool"]["filter"])
    assert either["bool"]["should"][0]["combined_fields"]["query"].strip() == words.strip()


def test_a_follow_that_is_refused_stops_nobody_elses_digest(app: Flask) -> None:
    for name, topic in (("Ada", "refused"), ("Bob", "cs.LG"), ("Eve", "refused"), ("Fay", "cs.LG")):
        person = log_in(app, name, email=f"{name.lower()}@example.org")
        person.put(f"/api/v1/me/follows/topic/{topic}")
    failed: list[Exception] = []
    with app.test_request_context("/", base_url="https://peerscope.example"):
        found = list(due_emails(app.extensions[KEY], failed.append))
    assert {email.address for email in found} == {"bob@example.org", "fay@example.org"}
    assert failed == [REFUSED, REFUSED]


def test_a_feed_that_is_refused_still_shows_what_to_unfollow(app: Flask) -> None:
    bob = log_in(app, "Bob")
    bob.put("/api/v1/me/follows/topic/refused")
    page = bob.get("/feed")
    assert (page.status_code, page.headers["Cache-Control"]) == (400, "private, no-store")
    assert 'name="target" value="refused"' in page.text
    assert bob.post("/unfollow", data={"kind": "topic", "target": "refused", "on_feed": "true"}).location == "/feed"
    assert bob.get("/feed").status_code == 200
