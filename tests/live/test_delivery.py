"""People's states reach a real index from the database, and agree with it after whatever breaks in between."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from opensearchpy.exceptions import ConnectionError as OpenSearchUnreachable
from sqlalchemy import select, update

from accounts import erasure
from accounts.claims import lifecycle, profile
from accounts.claims.models import Claim
from accounts.corrections import decisions
from accounts.corrections.models import Correction
from accounts.delivery.models import Synced
from accounts.delivery.service import Delivery
from accounts.delivery.worker import Deliverer
from accounts.erasure import Erasure
from accounts.follows.models import Follow
from accounts.login.models import Account
from accounts.me.service import delete_account
from accounts.outbox import Outbox, enqueue
from indexer.run import run
from indexer.sources import open_sources
from mappings import DEFAULT_STATE, IndexNames, drop, rollback
from peerscope import embedding
from peerscope.settings import Settings
from tests.people import signer

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from accounts.database import Database

ADA, GRACE = "0000-0001-0000-0009", "0000-0002-0000-0006"


@pytest.fixture
def index(opensearch: OpenSearch, names: IndexNames, silent: Any, tmp_path: Path) -> Any:
    embedder = embedding.load(Settings.load())

    def index(*works: dict[str, Any], **options: Any) -> Any:
        file = tmp_path / "works.jsonl"
        file.write_text("".join(json.dumps(one) + "\n" for one in works), encoding="utf-8")
        sources = open_sources([str(file)])
        home, options_ = tmp_path / "home", run.Options(**options)
        return run.index(opensearch, names, embedder, sources, home, silent, options_, signer=signer())

    return index


@pytest.fixture
def delivery(opensearch: OpenSearch, database: Database, names: IndexNames) -> Delivery:
    return Delivery(database, opensearch, names, signer())


def work(number: int, *authors: str | tuple[str, str | None]) -> dict[str, Any]:
    people = [{"name": one} if isinstance(one, str) else {"name": one[0], "orcid": one[1]} for one in authors]
    return {"id": f"arxiv:2001.{number:05}", "title": f"Work {number} on spiking neurons", "authors": people}


WORKS = (work(1, ("Ada Lovelace", ADA), "Bo Byte"), work(2, ("Ada Lovelace", ADA)), work(3, ("Grace Hopper", GRACE)))


@pytest.fixture
def find(opensearch: OpenSearch, names: IndexNames) -> Any:
    def find(name: str) -> dict[str, Any]:
        opensearch.indices.refresh(index=names.researchers)
        body = {"query": {"match": {"name": {"query": name, "operator": "and"}}}}
        (hit,) = opensearch.search(index=names.researchers, body=body)["hits"]["hits"]
        source: dict[str, Any] = hit["_source"]
        return source

    return find


def state(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found.get(name) for name in DEFAULT_STATE}


def claimed(database: Database, record: dict[str, Any], **fields: Any) -> str:
    with database.begin() as session:
        session.add(account := Account(name=record["name"], **fields))
        session.flush()
        lifecycle.make_claim(session, account.id, record)
    return account.id


def rows(database: Database) -> list[str]:
    with database.begin() as session:
        return list(session.scalars(select(Outbox.researcher_id)))


def test_a_claim_reaches_the_index_and_the_outbox_is_empty(
    index: Any, find: Any, database: Database, delivery: Delivery, opensearch: OpenSearch, names: IndexNames
) -> None:
    assert delivery.deliver() == 0  # nothing is indexed yet
    index(*WORKS)
    ada = claimed(database, find("Ada Lovelace"), orcid=ADA)
    with database.begin() as session:
        profile.update_profile(
            session, ada, {"bio": "I compute.", "links": ["https://ada.example"], "open_to_collaborate": True}
        )
    delivery.deliver()
    delivery.deliver()
    found = find("Ada Lovelace")
    assert (found["verification_level"], found["claimed"], found["open_to_collaborate"]) == (3, True, True)
    assert (found["owner"]["bio"], found["owner"]["links"]) == ("I compute.", ["https://ada.example"])
    assert state(find("Grace Hopper")) == DEFAULT_STATE
    assert rows(database) == []
    kept = opensearch.get(index=names.people, id=found["id"])["_source"]
    assert {name: kept[name] for name in DEFAULT_STATE} == state(found)
    with database.begin() as session:
        profile.update_profile(session, ada, {"bio": "", "links": [], "open_to_collaborate": False})
    delivery.deliver()
    owner = find("Ada Lovelace")["owner"]
    assert datetime.now(UTC) - datetime.fromisoformat(owner.pop("proven_at")) < timedelta(hours=1)
    assert owner == {
        "proof": "orcid",
        "email_proven_at": None,
        "name": None,
        "affiliation": None,
        "bio": None,
        "links": [],
    }
    with database.begin() as session:
        lifecycle.release_claim(session, ada, found["id"])
    delivery.deliver()
    assert state(find("Ada Lovelace")) == DEFAULT_STATE
    assert not opensearch.exists(index=names.people, id=found["id"])


class Failing:
    """An OpenSearch whose bulk writes fail, before or after they were carried out."""

    def __init__(self, client: OpenSearch, *, after: bool) -> None:
        self.client, self.after, self.left = client, after, 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def bulk(self, **arguments: Any) -> Any:
        if self.left:
            self.left -= 1
            if self.after:
                self.client.bulk(**arguments)
            raise OpenSearchUnreachable("N/A", "gone", None)
        return self.client.bulk(**arguments)


@pytest.mark.parametrize("after", [False, True])
def test_nothing_is_forgotten_when_opensearch_goes_away(
    index: Any,
    find: Any,
    database: Database,
    delivery: Delivery,
    opensearch: OpenSearch,
    names: IndexNames,
    after: bool,
) -> None:
    index(*WORKS)
    delivery.deliver_all()
    claimed(database, find("Ada Lovelace"), orcid=ADA)
    failing = Delivery(database, Failing(opensearch, after=after), names, signer())  # type: ignore[arg-type]
    with pytest.raises(OpenSearchUnreachable):
        failing.deliver()
    noted = rows(database)
    assert noted
    # Once more than seems needed: what timed out may be carried out late.
    assert failing.deliver() == 0
    assert rows(database) == noted
    assert failing.deliver() == len(noted)
    assert rows(database) == []
    assert find("Ada Lovelace")["claimed"] is True


def test_a_rebuild_a_rollback_and_a_lost_index_keep_all_states(
    index: Any, find: Any, database: Database, delivery: Delivery, opensearch: OpenSearch, names: IndexNames
) -> None:
    index(*WORKS)
    before = find("Ada Lovelace")
    claimed(database, before, orcid=ADA)
    delivery.deliver_all()
    expected = state(find("Ada Lovelace"))
    assert expected["claimed"]
    index(*WORKS, rebuild=True)
    # Already as it goes live, before anything is delivered.
    assert find("Ada Lovelace")["id"] == before["id"]
    assert state(find("Ada Lovelace")) == expected
    claimed(database, find("Grace Hopper"), orcid=GRACE)
    assert not delivery.is_complete()
    delivery.deliver()
    assert delivery.is_complete()
    rollback(opensearch, names)
    assert find("Grace Hopper")["claimed"] is False
    delivery.deliver()
    assert state(find("Ada Lovelace")) == expected
    assert find("Grace Hopper")["claimed"] is True
    opensearch.indices.delete(index=names.people)
    delivery.deliver()
    index(*WORKS, rebuild=True)
    assert state(find("Ada Lovelace")) == expected
    drop(opensearch, names)
    index(*WORKS)
    assert state(find("Ada Lovelace")) == DEFAULT_STATE
    delivery.deliver()
    assert state(find("Ada Lovelace")) == expected


def test_a_database_that_says_less_takes_states_back(
    index: Any, find: Any, database: Database, delivery: Delivery, opensearch: OpenSearch, names: IndexNames
) -> None:
    index(*WORKS)
    ada = claimed(database, find("Ada Lovelace"), orcid=ADA)
    delivery.deliver_all()
    with database.begin() as session:
        session.delete(session.get_one(Account, ada))
    for invalidate in (lambda: None, delivery.invalidate):
        invalidate()
        delivery.deliver_all()
        assert state(find("Ada Lovelace")) == DEFAULT_STATE
        opensearch.indices.refresh(index=names.people)
        assert opensearch.count(index=names.people)["count"] == 0


def test_an_older_index_takes_the_new_fields(
    index: Any, find: Any, database: Database, delivery: Delivery, opensearch: OpenSearch, names: IndexNames
) -> None:
    index(*WORKS)
    opensearch.indices.create(index=names.people, body={"mappings": {"dynamic": "strict"}})
    claimed(database, find("Ada Lovelace"), orcid=ADA)
    delivery.deliver_all()
    assert find("Ada Lovelace")["owner"]["proof"] == "orcid"


def test_a_merge_moves_claim_and_follows(
    index: Any,
    find: Any,
    database: Database,
    delivery: Delivery,
    opensearch: OpenSearch,
    names: IndexNames,
    tmp_path: Path,
) -> None:
    works = (work(1, "Bo Byte"), work(2, "Boris Bitt"), work(3, "Boris Bitt"))
    index(*works)
    few, many = find("Bo Byte"), find("Boris Bitt")
    bo = claimed(database, few)
    with database.begin() as session:
        claim = session.scalars(select(Claim)).one()
        lifecycle.approve(session, None, claim.id, "Known to us.")
        session.add(Follow(account_id=bo, kind="researcher", target=few["id"], label="Bo"))
        enqueue(session, few["id"])
    delivery.deliver_all()
    decided = f'[[merge]]\nids = ["{few["id"]}", "{many["id"]}"]\nreason = "one person"\n'
    (tmp_path / "home" / "overrides.toml").write_text(decided, encoding="utf-8")
    index(*works)
    assert not opensearch.exists(index=names.researchers, id=few["id"])

    def merged() -> tuple[bool, int]:
        found = opensearch.get(index=names.researchers, id=many["id"])["_source"]
        return found["claimed"], found["followers_count"]

    assert merged() == (True, 1)
    for _ in range(2):
        delivery.deliver()
        with database.begin() as session:
            assert session.scalars(select(Claim.researcher_id)).one() == many["id"]
            assert session.scalars(select(Follow.target)).one() == many["id"]
        assert merged() == (True, 1)
        assert not opensearch.exists(index=names.people, id=few["id"])


def test_what_the_owner_says_of_works_holds_from_the_next_run_on(
    index: Any, find: Any, database: Database, delivery: Delivery, opensearch: OpenSearch, names: IndexNames
) -> None:
    works = (*WORKS, work(4, ("Ada Lovelace", ADA)), work(5, "A. Lovelace", "Grace Hopper"))
    index(*works)
    record = find("Ada Lovelace")
    ada = claimed(database, record, orcid=ADA)
    with database.begin() as session:
        profile.set_statement(session, ada, "arxiv:2001.00002", is_mine=False)
        profile.set_statement(session, ada, "arxiv:2001.00005", is_mine=True)

    def own_works() -> set[str]:
        opensearch.indices.refresh(index=names.works)
        body = {"query": {"term": {"researchers.id": record["id"]}}}
        return {hit["_id"][-1] for hit in opensearch.search(index=names.works, body=body)["hits"]["hits"]}

    delivery.deliver_all()
    for _ in range(2):
        index(*works)
        assert own_works() == {"1", "4", "5"}
        delivery.deliver()
    index(*works, rebuild=True)
    assert own_works() == {"1", "4", "5"}
    delivery.deliver()
    with database.begin() as session:
        profile.delete_statement(session, ada, "arxiv:2001.00002")
    delivery.deliver()
    assert index(*works).counts.researchers_written
    assert own_works() == {"1", "2", "4", "5"}
    assert not index(*works).counts.researchers_written


def test_an_id_that_a_rebuild_does_not_bring_forth_leads_to_whoever_has_its_works(
    index: Any, find: Any, database: Database, delivery: Delivery, opensearch: OpenSearch, names: IndexNames
) -> None:
    index(*WORKS)
    record = find("Grace Hopper")
    old = {**record, "id": "grace-of-old"}
    # As if the id had come about in a history that a rebuild does not go through.
    work_of_hers = opensearch.get(index=names.works, id="arxiv:2001.00003")["_source"]
    researchers = [{**one, "id": old["id"]} for one in work_of_hers["researchers"]]
    changed = {"doc": {"researchers": researchers}}
    opensearch.update(index=names.works, id="arxiv:2001.00003", body=changed, params={"refresh": "true"})
    opensearch.index(index=names.researchers, id=old["id"], body=old)
    opensearch.delete(index=names.researchers, id=record["id"], params={"refresh": "true"})
    claimed(database, old, orcid=GRACE)
    delivery.deliver_all()
    index(*WORKS, rebuild=True)
    assert not opensearch.exists(index=names.researchers, id=old["id"])
    assert find("Grace Hopper")["claimed"] is True
    delivery.deliver()
    with database.begin() as session:
        assert session.scalars(select(Claim.researcher_id)).one() == record["id"]
    assert find("Grace Hopper")["claimed"] is True


class Killed(BaseException):
    """The process ends here."""


class Mortal:
    """Passes everything on, and dies before or after the step whose turn it is."""

    def __init__(self, inner: Any, deaths: list[int], *, after: bool) -> None:
        self._inner, self._deaths, self._after = inner, deaths, after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return self._dying(found) if name in {"bulk", "mget", "search", "begin"} else found

    def _dying(self, step: Any) -> Any:
        def dying(**arguments: Any) -> Any:
            self._deaths[0] -= 1
            if self._deaths[0]:
                return step(**arguments)
            if self._after:
                with suppress(AttributeError, TypeError), step(**arguments):
                    pass
            raise Killed

        return dying


@pytest.mark.parametrize("after", [False, True])
def test_a_delivery_that_dies_at_any_step_is_done_by_the_next(
    index: Any,
    find: Any,
    database: Database,
    delivery: Delivery,
    opensearch: OpenSearch,
    names: IndexNames,
    after: bool,
) -> None:
    index(*WORKS)
    delivery.deliver_all()
    record = find("Ada Lovelace")
    ada = claimed(database, record, orcid=ADA)
    deaths = 0
    for step in range(1, 50):
        is_open = step % 2 == 1
        with database.begin() as session:
            profile.update_profile(session, ada, {"bio": f"Number {step}.", "open_to_collaborate": is_open})
        left = [step]
        mortal = Delivery(Mortal(database, left, after=after), Mortal(opensearch, left, after=after), names, signer())  # type: ignore[arg-type]
        with suppress(Killed):
            mortal.deliver()
            break
        deaths += 1
        # Nothing is lost: the row is there, or the index has it.
        delivery.deliver()
        stored = opensearch.get(index=names.researchers, id=record["id"])["_source"]
        kept = opensearch.get(index=names.people, id=record["id"])["_source"]
        assert stored["owner"]["bio"] == kept["owner"]["bio"] == f"Number {step}."
        assert stored["open_to_collaborate"] is kept["open_to_collaborate"] is is_open
        assert rows(database) == []
    assert deaths >= 5
    with database.begin() as session:
        assert len(session.scalars(select(Claim)).all()) == 1


def test_the_thread_delivers_within_two_seconds_and_one_at_a_time(
    index: Any, find: Any, database: Database, opensearch: OpenSearch, names: IndexNames
) -> None:
    index(*WORKS)
    threads = [Deliverer(database, opensearch, names, signer()) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 10
        while not Delivery(database, opensearch, names, signer()).is_complete() and time.monotonic() < deadline:
            time.sleep(0.1)
        record = find("Ada Lovelace")
        began = time.monotonic()
        claimed(database, record, orcid=ADA)
        while not opensearch.get(index=names.researchers, id=record["id"])["_source"]["claimed"]:
            assert time.monotonic() < began + 2, "not delivered in time"
            time.sleep(0.05)
    finally:
        for thread in threads:
            thread.stop()
    assert sum(thread._began for thread in threads) == 1
    with database.begin() as session:
        assert len(session.scalars(select(Synced)).all()) == 1


BIO = "I study the migration of whooping cranes."


def stored_texts(opensearch: OpenSearch, names: IndexNames) -> dict[str, str]:
    """Return the documents of researchers and people in all generations, as text by index."""
    indices = [*opensearch.indices.get(index=f"{names.prefix}researchers-v*"), names.people]
    opensearch.indices.refresh(index=",".join(indices))
    return {
        index: json.dumps(opensearch.search(index=index, body={"size": 1_000})["hits"]["hits"]) for index in indices
    }


def test_a_deleted_owner_is_in_no_generation(
    index: Any, find: Any, database: Database, delivery: Delivery, opensearch: OpenSearch, names: IndexNames
) -> None:
    index(*WORKS)
    delivery.deliver_all()
    ada = claimed(database, find("Ada Lovelace"), orcid=ADA)
    changes = {"bio": BIO, "preferred_name": "Countess Quillfeather", "links": ["https://quill.example"]}
    with database.begin() as session:
        profile.update_profile(session, ada, changes)
    delivery.deliver()
    index(*WORKS, work(4, "Bo Byte"))  # the former generation is kept for a rollback
    delivery.deliver()
    texts = stored_texts(opensearch, names)
    assert len(texts) == 3
    assert all(BIO in text for text in texts.values())
    with database.begin() as session:
        delete_account(session, ada, by=ada)
    delivery.erase()  # not before the outbox is empty
    assert any(BIO in text for text in stored_texts(opensearch, names).values())
    delivery.deliver()
    delivery.erase()
    for text in stored_texts(opensearch, names).values():
        assert not any(trace in text for trace in (BIO, "Quillfeather", "quill.example"))
    content = b"".join(file.read_bytes() for file in Path(database.url.database or "").parent.glob("accounts.sqlite*"))
    assert BIO.encode() not in content
    with database.begin() as session:
        assert all(row.overwritten_at for row in session.scalars(select(Erasure)))
        long_ago = datetime.now(UTC) - erasure.SETTLE - timedelta(minutes=1)
        session.execute(update(Erasure).values(overwritten_at=long_ago))
    delivery.erase()
    with database.begin() as session:
        assert session.scalars(select(Erasure)).all() == []
    # A rollback brings nothing back.
    rollback(opensearch, names)
    delivery.deliver()
    assert not any(BIO in text for text in stored_texts(opensearch, names).values())


def test_an_accepted_correction_is_followed_by_the_next_run_and_can_be_reversed(
    index: Any, find: Any, database: Database, delivery: Delivery, tmp_path: Path
) -> None:
    index(*WORKS)
    delivery.deliver_all()
    record = find("Ada Lovelace")
    works = {"works": ["arxiv:2001.00002"], "mentions": ["arxiv:2001.00002#1"]}
    problem = {"kind": "two_people", "reason": "x", "status": "accepted", "decided_at": datetime.now(UTC)}
    with database.begin() as session:
        session.add(Correction(researcher_id=record["id"], **problem, **works))
        enqueue(session, record["id"])
    delivery.deliver()
    assert find("Ada Lovelace")["corrected"]["works_removed"] == works["works"]
    assert decisions.write(database, tmp_path / "home")
    index(*WORKS)
    delivery.deliver()
    assert named(delivery, "Ada Lovelace") == [1, 1]
    with database.begin() as session:
        session.execute(update(Correction).values(status="rejected"))
        enqueue(session, record["id"])
    assert decisions.write(database, tmp_path / "home")
    index(*WORKS)
    delivery.deliver()
    assert named(delivery, "Ada Lovelace") == [2]
    assert find("Ada Lovelace")["corrected"] is None


def named(delivery: Delivery, name: str) -> list[int]:
    """Return the numbers of works of the researchers with a name."""
    client, names = delivery._client, delivery._names
    client.indices.refresh(index=names.researchers)
    body = {"query": {"match": {"name": {"query": name, "operator": "and"}}}}
    hits = client.search(index=names.researchers, body=body)["hits"]["hits"]
    return sorted(hit["_source"]["works_count"] for hit in hits)
