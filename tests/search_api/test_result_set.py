"""The result set of a query against a pretended engine: which requests find it, and what they have in common."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from mappings import IndexNames
from peerscope.embedding import Similarity
from peerscope.settings import Settings
from search_api.http.paging import Pagination
from search_api.http.services import Services
from search_api.researchers import candidates
from search_api.researchers.candidates import SimilarPeopleRequest
from search_api.retrieval import ranking
from search_api.retrieval.hits import best_first, best_of, fuse
from search_api.retrieval.ranking import RankingWeights
from search_api.retrieval.syntax import parse
from search_api.retrieval.vectors import KnownVectors, VectorStore, WorkVectors
from search_api.understanding.languages import Collection, Collections
from search_api.works import queries, reading, result_set, term_counts
from search_api.works.plan import Plan
from search_api.works.result_set import SECONDS, ResultSet, ResultSets
from search_api.works.term_counts import TermCounts

NORTH, EAST = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
#: A stored researcher, as far as candidates for similar ones need it.
PERSON: Any = {"id": "p", "embedding": [1.0, 0.0]}
WEIGHTS = RankingWeights.from_settings(Settings())
SOIL = parse("soil")
Body = dict[str, Any]


class Engine:
    """Answers by the kind of request: keyword hits, neighbours, or works that are named by id."""

    def __init__(self, words: dict[str, float], near: dict[str, float], *, generation: str = "works-1") -> None:
        self.words, self.near, self.generation = words, near, generation
        self.total = len(words)
        #: Works with less than enough words.
        self.few: set[str] = set()
        #: Works with each term.
        self.occurring = {"soil": 1}
        self.asked: list[Body] = []
        self.round_trips = 0

    def search(self, *, index: str, body: Body) -> Body:
        self.round_trips += 1
        return self.answer(body)

    def msearch(self, *, body: list[Body]) -> Body:
        self.round_trips += 1
        return {"responses": [self.answer(one) for one in body[1::2]]}

    def answer(self, body: Body) -> Body:
        self.asked.append(body)
        if "all_words" in body["query"].get("match", {}):
            return {"hits": {"hits": [], "total": {"value": self.occurring.get(queries.counted_term(body), 0)}}}
        ids = self.named(body["query"])
        marked = {id_: score + queries.MARK * (id_ not in self.few) for id_, score in self.words.items()}
        scores = dict.fromkeys(ids, 1.0) if ids else self.near if "knn" in body["query"] else marked
        hits = [self.hit(id_, score) for id_, score in scores.items()][: body["size"]]
        limit = body.get("track_total_hits")
        is_cut = type(limit) is int and self.total > limit
        return {"hits": {"hits": hits, "total": {"value": self.total, "relation": "gte" if is_cut else "eq"}}}

    def named(self, query: Body) -> list[str]:
        clauses = query["bool"]["filter"] if "filter" in query.get("bool", {}) else [query]
        return [id_ for clause in clauses for id_ in clause.get("terms", {}).get("id", [])]

    def hit(self, id_: str, score: float) -> Body:
        vector = b64encode(bytes([0, 127])).decode()
        fields = {"id": [id_], "short": [vector]}
        return {"_index": self.generation, "_id": id_, "_score": score, "_source": {"id": id_}, "fields": fields}


def services(engine: Engine, **settings: Any) -> Services:
    there = Services(cast("Any", engine), IndexNames("t-"), settings=Settings(**settings))
    there.shared(Collections)._known.put(there.names.works, Collection(9))
    return there


def hybrid(there: Services, weights: RankingWeights = WEIGHTS) -> ResultSet:
    return result_set.find(there, "hybrid", SOIL, NORTH, weights)


def test_a_hybrid_set_takes_three_requests_and_is_remembered() -> None:
    engine = Engine({"a": 3.0, "b": 1.0}, {"b": 0.9, "c": 0.85})
    there = services(engine)
    found = hybrid(there)
    assert list(found.ranked) == ["a", "b", "c"]
    assert found.neighbours == ("b", "c")
    assert (found.is_complete, found.has_keyword_hits, found.generation) == (True, True, "works-1")
    assert found.vector is not None
    assert found.vector @ EAST > 0.4
    assert engine.round_trips == 3
    again = hybrid(there)
    assert again.ranked is found.ranked
    assert (found.is_new, again.is_new) == (True, False)
    assert engine.round_trips == 3
    words, first, counted, vectors, second = engine.asked
    assert counted == queries.count_term("soil", "all_words")
    assert words["query"] == queries.marked(SOIL)
    assert words["size"] == ranking.DEPTH
    assert vectors["query"]["bool"]["filter"][0] == queries.only(["a", "b", "c"])
    assert first["query"]["knn"]["embedding"]["vector"] == [1.0, 0.0]
    compared = second["query"]["knn"]["embedding"]
    assert compared["vector"] == pytest.approx(found.vector.tolist())
    assert compared["filter"]["bool"]["filter"] == [queries.only(["a", "b", "c"])]


def test_requirements_alone_have_no_floor() -> None:
    there = services(Engine({"a": 3.0}, {"b": 0.51}))
    assert list(result_set.find(there, "semantic", parse("author:kording"), NORTH, WEIGHTS).ranked) == ["b"]
    assert not result_set.find(there, "semantic", parse("kording"), NORTH, WEIGHTS).ranked


def test_words_that_hardly_occur_in_the_collection_count_less() -> None:
    engine = Engine({"a": 3.0}, {"b": 0.9})
    query = parse("soil bodenkunde erdreich")
    weights = replace(WEIGHTS, feedback_works=0)
    assert list(result_set.find(services(engine), "hybrid", query, NORTH, weights).ranked) == ["b", "a"]
    engine.occurring = {"soil": 1, "bodenkunde": 1, "erdreich": 1}
    assert list(result_set.find(services(engine), "hybrid", query, NORTH, weights).ranked) == ["a", "b"]


def counted(engine: Engine) -> list[str]:
    """Return the terms that were counted, one list for all requests."""
    return [queries.counted_term(body) for body in engine.asked if "all_words" in body["query"].get("match", {})]


def test_a_term_is_counted_once_a_while() -> None:
    now = 100.0
    engine = Engine({"a": 3.0}, {"b": 0.9})
    there = services(engine)
    there._shared[TermCounts] = TermCounts(timer=lambda: now)
    for text in ("soil water plant root", "root soil water leaf", "plant leaf water soil"):
        result_set.find(there, "hybrid", parse(text), NORTH, WEIGHTS)
    terms = ("soil", "water", "plant", "root", "leaf")
    assert counted(engine) == list(terms)
    now += term_counts.SECONDS + 1
    result_set.find(there, "hybrid", parse("leaf water root soil"), NORTH, WEIGHTS)
    assert len(counted(engine)) == 5 + 4


def test_counts_that_expire_before_they_are_used_are_read_again() -> None:
    engine = Engine({"a": 3.0}, {"b": 0.9})
    there = services(engine)
    counts = there.shared(TermCounts)
    query = parse("soil bodenkunde")
    bodies = counts.searches(there, query)
    responses = [there.search(there.names.works, body) for body in bodies]
    share = counts.occurring_share(there, query, zip(bodies, responses, strict=True))
    assert 0 < share < 1
    assert counts.searches(there, query) == []
    assert counts.occurring_share(there, query) == TermCounts().occurring_share(there, query) == share
    assert counts.occurring_share(there, parse("the")) == 1.0


def in_memory(there: Services, generation: str = "works-1") -> None:
    """Put the vectors of the works a to d in memory."""
    rows = np.array([[0.6, 0.8], [0.8, 0.6], [0.7, 0.7141428], [0.0, 1.0]], np.float32)
    there.shared(VectorStore).known = WorkVectors(generation, list("abcd"), rows)


def test_with_vectors_in_memory_a_hybrid_set_takes_one_request() -> None:
    weights = replace(WEIGHTS, k=3)
    engine = Engine({"a": 3.0, "d": 1.0}, {"b": 0.9, "c": 0.85, "a": 0.8})
    there = services(engine)
    in_memory(there)
    assert not result_set.needs_vector(there, "hybrid", SOIL)
    searches = result_set.first_searches(there, "hybrid", SOIL, None, weights)
    sent = searches, there.search_together(searches)
    found = result_set.find(there, "hybrid", SOIL, NORTH, weights, sent)
    assert engine.round_trips == 1
    assert [body for body in engine.asked if "knn" in body["query"]] == []
    assert found.nearby == pytest.approx({"b": 0.8, "c": 0.7, "a": 0.6})
    assert found.vector is not None
    assert found.vector @ EAST > 0
    # The feedback vector has other neighbours than the query.
    assert set(found.ranked) == {"a", "b", "c", "d"}


def test_with_short_vectors_in_memory_a_query_learns_from_its_hits_without_a_request() -> None:
    engine = Engine({"a": 3.0, "b": 1.0}, {"b": 0.9, "c": 0.85})
    there = services(engine)
    rows = np.array([[0, 127], [0, 127], [0, 127], [0, 127]], np.int8)
    known = KnownVectors("works-1", list("abcd"), rows)
    there.shared(VectorStore).known = known
    assert result_set.needs_vector(there, "hybrid", SOIL)
    found = hybrid(there)
    assert engine.round_trips == 1
    without = hybrid(services(Engine({"a": 3.0, "b": 1.0}, {"b": 0.9, "c": 0.85})))
    assert found.vector == pytest.approx(without.vector)
    assert found.vector is not None
    compared = known.nearest_of("abc", found.vector, WEIGHTS.k)
    assert found.ranked == pytest.approx(fuse({"a": 3.0, "b": 1.0}, compared, WEIGHTS.semantic_weight))


def test_vectors_in_memory_are_used_for_words_that_occur_nowhere() -> None:
    engine = Engine({}, {"b": 0.99, "c": 0.98})
    there = services(engine)
    rows = np.array([[127, 0], [127, 20]], np.int8)
    there.shared(VectorStore).known = KnownVectors("works-1", list("bc"), rows)
    assert set(hybrid(there).ranked) == {"b", "c"}
    assert engine.round_trips == 1


def test_vectors_of_another_generation_or_for_requirements_are_not_used() -> None:
    engine = Engine({"a": 3.0}, {"b": 0.9})
    there = services(engine)
    in_memory(there, "works-2")
    searches = result_set.first_searches(there, "hybrid", SOIL, None, WEIGHTS)
    found = result_set.find(there, "hybrid", SOIL, NORTH, WEIGHTS, (searches, there.search_together(searches)))
    assert set(found.ranked) == {"a", "b"}
    assert sum("knn" in body["query"] for body in engine.asked) == 2
    assert result_set.needs_vector(there, "hybrid", parse("soil author:kording"))
    assert result_set.needs_vector(there, "semantic", SOIL)


def test_a_page_of_ids_alone_is_read_only_if_the_set_was_cached() -> None:
    engine = Engine({"a": 3.0, "b": 1.0}, {"b": 0.9, "c": 0.85})
    there = services(engine)
    ids: Body = {"_source": queries.source(["id", "score", "links"])}
    for is_new in (True, False):
        plan = Plan(SOIL, hybrid(there), "hybrid", "relevance", (), WEIGHTS)
        before = engine.round_trips
        page = reading.read_page(there, plan, Pagination(per_page=2), ids, ([], {}))
        assert [(hit["_id"], hit["_source"]["id"]) for hit in page.hits] == [("a", "a"), ("b", "b")]
        assert (page.count, page.generation, engine.round_trips - before) == (3, "works-1", 0 if is_new else 1)


def test_whatever_needs_only_ids_reads_no_stored_fields() -> None:
    engine = Engine({"a": 3.0, "b": 1.0}, {"b": 0.9, "c": 0.85})
    hybrid(services(engine))
    result_set.find(services(engine), "semantic", SOIL, NORTH, WEIGHTS)
    candidates.candidates(services(engine), SimilarPeopleRequest([PERSON]), [])
    reading = [body for body in engine.asked if body["size"]]
    assert len(reading) == 7
    assert all(body["stored_fields"] == "_none_" and "_source" not in body for body in reading)


def test_without_feedback_one_request_is_enough() -> None:
    engine = Engine({"a": 3.0}, {"b": 0.9})
    found = hybrid(services(engine), replace(WEIGHTS, feedback_works=0))
    assert found.vector is NORTH
    assert engine.round_trips == 1


def test_where_nothing_is_found_no_vector_is_read() -> None:
    engine = Engine({}, {})
    found = hybrid(services(engine))
    assert found.vector is NORTH
    assert (found.ranked, found.has_keyword_hits, engine.round_trips) == ({}, False, 1)


def test_each_fusion_has_the_weight_of_its_setting() -> None:
    engine = Engine({"a": 3.0}, {"b": 0.9})
    weights = replace(WEIGHTS, semantic_weight=0.1)
    assert hybrid(services(engine), weights).ranked == pytest.approx({"a": 0.9, "b": 0.1})
    for weight, order in ((0.3, ["a", "b"]), (0.7, ["b", "a"])):
        there = services(engine, candidates_semantic_weight=weight)
        assert list(candidates.candidates(there, SimilarPeopleRequest([PERSON]), []).scores) == order


def test_who_is_excluded_from_candidates_may_be_the_best_of_all() -> None:
    engine = Engine({"a": 4.0, "b": 2.0, "c": 1.0}, {})
    request = SimilarPeopleRequest([], text="soil")
    few = candidates.candidates(services(engine), request, [], {"a"})
    assert list(few.keyword) == ["b", "c"]
    assert (few.best - few.keyword["b"], few.has_all, len(engine.asked)) == (2.0, True, 1)
    candidates.candidates(services(engine), request, [{"term": {"year": 2019}}], {"a"})
    assert [body["size"] for body in engine.asked[1:]] == [1, ranking.DEPTH]


def test_filters_narrow_the_list_and_keep_its_order() -> None:
    engine = Engine({"a": 3.0, "b": 1.0}, {"b": 0.9, "c": 0.85})
    there = services(engine)
    found = hybrid(there)
    plan = Plan(SOIL, found, "hybrid", "relevance", (), WEIGHTS, ({"term": {"source": "acl"}},))
    engine.answer = lambda body: {  # type: ignore[method-assign]
        "hits": {"hits": [engine.hit(id_, 1.0) for id_ in ("c", "a")], "total": {"value": 2, "relation": "eq"}}
    }
    page = reading.read_page(there, plan, Pagination(), {"_source": ["id"]}, ([*plan.fixed], {}))
    assert [(hit["_id"], hit["_score"]) for hit in page.hits] == [("a", found.ranked["a"]), ("c", found.ranked["c"])]
    assert (page.count, page.best) == (2, found.ranked["a"])


def test_keyword_matches_beyond_the_ranked_ones_belong_to_the_set() -> None:
    engine = Engine({"a": 3.0}, {"b": 0.9})
    engine.total = ranking.DEPTH + 1
    found = hybrid(services(engine))
    assert not found.is_complete
    assert found.clause()["bool"]["should"] == [queries.keyword(SOIL), queries.only(["b"])]
    assert found.rest()["bool"]["filter"] == [queries.not_these(["a", "b"])]


def test_a_set_is_forgotten_after_a_while_and_an_empty_one_at_once() -> None:
    now = 100.0
    sets = ResultSets(timer=lambda: now)
    found = ResultSet(None, {"a": 1.0})
    sets.put("hybrid", "soil", found)
    sets.put("hybrid", "nothing", ResultSet(None))
    assert sets.get("hybrid", "soil") is found
    assert sets.get("semantic", "soil") is None
    assert sets.get("hybrid", "nothing") is None
    now += SECONDS + 1
    assert sets.get("hybrid", "soil") is None


def test_only_so_many_sets_are_kept_and_the_last_used_stay() -> None:
    sets, found = ResultSets(size=2), ResultSet(None, {"a": 1.0})
    for text in ("a", "b"):
        sets.put("hybrid", text, found)
    assert sets.get("hybrid", "a") is found
    sets.put("hybrid", "c", found)
    assert sets.get("hybrid", "b") is None
    assert sets.get("hybrid", "a") is found
    sets.drop("hybrid", "a")
    assert sets.get("hybrid", "a") is None


def test_works_with_too_few_words_are_no_results_but_count_as_evidence() -> None:
    engine = Engine({"a": 3.0, "b": 2.0, "c": 1.0}, {"b": 0.9, "d": 0.8})
    engine.few = {"b", "c"}
    found = hybrid(services(engine))
    assert list(found.ranked) == ["b", "a", "d"]
    expected = fuse({"a": 3.0, "b": 2.0, "c": 1.0}, {"b": 0.9, "d": 0.8}, WEIGHTS.semantic_weight)
    assert found.ranked == pytest.approx({id_: expected[id_] for id_ in ("b", "a", "d")})
    assert (found.is_complete, found.has_keyword_hits) == (True, True)


def test_neighbours_below_the_floor_are_offered_only() -> None:
    near = {"b": 0.75, "c": 0.72, "d": 0.65, "e": 0.55}
    found = hybrid(services(Engine({"a": 3.0}, near)))
    assert set(found.ranked) == {"a", "b", "c"}
    assert found.nearby == pytest.approx({"b": 0.5, "c": 0.44, "d": 0.3, "e": 0.1})


def test_where_no_word_occurs_a_neighbour_has_to_be_very_near() -> None:
    for best, count in ((0.7, 0), (0.8, 1)):
        found = hybrid(services(Engine({}, {"b": best, "c": 0.5})))
        assert (len(found.ranked), found.has_keyword_hits) == (count, False)
        assert len(found.nearby) == 2


@pytest.mark.parametrize(
    ("best", "terms", "words_occur", "floor"),
    [(0.85, 3, True, 0.53), (0.85, 4, True, 0.29), (0.3, 2, True, 0.25), (0.3, 20, True, 0.2), (0.4, 2, False, 0.45)],
)
def test_the_floor_depends_on_the_model_the_best_and_the_length(
    best: float, terms: int, words_occur: bool, floor: float
) -> None:
    similarity = Similarity(unrelated=0.05, floor=0.25, alone=0.45)
    assert ranking.similarity_floor(similarity, best, terms, words_occur=words_occur) == pytest.approx(floor)


def test_a_model_that_was_not_measured_has_a_relative_floor_only() -> None:
    assert ranking.similarity_floor(Similarity(), 0.5, 2, words_occur=False) == pytest.approx(0.3)


def many_words(engine: Engine, works: int) -> ResultSet:
    """Return the set of a query with four words, in a collection of this size."""
    there = services(engine)
    there.shared(Collections)._known.put(there.names.works, Collection(works))
    return result_set.find(there, "hybrid", parse("soil water plant root"), NORTH, WEIGHTS)


def test_in_a_large_collection_works_with_one_word_are_read_only_if_needed() -> None:
    words = {f"w{number}": 5000.0 - number for number in range(ranking.DEPTH)}
    engine = Engine(words, {"w1": 0.9})
    many_words(engine, result_set.LARGE)
    first = engine.asked[0]["query"]["bool"]
    assert queries.enough_words(parse("soil water plant root")) in first["filter"]
    assert sum(body["size"] == ranking.DEPTH for body in engine.asked) == 1
    few = Engine({"a": 3.0}, {"b": 0.9})
    found = many_words(few, result_set.LARGE)
    assert sum(body["size"] == ranking.DEPTH for body in few.asked) == 2
    small = Engine({"a": 3.0}, {"b": 0.9})
    assert many_words(small, result_set.LARGE - 1).ranked == pytest.approx(found.ranked, abs=1e-4)
    assert sum(body["size"] == ranking.DEPTH for body in small.asked) == 1


def test_responses_that_were_sent_ahead_are_not_requested_again() -> None:
    engine = Engine({"a": 3.0, "b": 1.0}, {"b": 0.9, "c": 0.85})
    there = services(engine)
    ahead = result_set.first_searches(there, "hybrid", SOIL, NORTH, WEIGHTS)
    responses = there.search_together(ahead)
    before = engine.round_trips
    found = result_set.find(there, "hybrid", SOIL, NORTH, WEIGHTS, (ahead, responses))
    assert engine.round_trips == before + 2
    assert found.ranked == hybrid(services(engine)).ranked
    assert result_set.first_searches(there, "hybrid", SOIL, NORTH, WEIGHTS) == []


def test_equal_scores_are_ordered_by_id() -> None:
    scores = {"c": 1.0, "b": 2.0, "a": 1.0, "d": 2.0, "e": 0.5, "0": 1.0}
    assert list(best_first(scores)) == ["b", "d", "0", "a", "c", "e"]
    assert best_first({}) == {}


@pytest.mark.parametrize("count", range(1, 8))
def test_the_best_scores_are_the_first_of_all_also_among_equal_ones(count: int) -> None:
    scores = {"c": 0.2, "e": 0.1, "b": 0.3, "a": 0.2, "d": 0.2, "0": 0.2}
    assert best_first(best_of(scores, count)) == dict(list(best_first(scores).items())[:count])
