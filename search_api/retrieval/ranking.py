"""How things are ranked: every formula and weight in one place; docs/ranking.md has the numbers that chose them.

Keyword score: BM25 (Robertson & Zaragoza 2009) as Lucene has it, k1 1.2, b 0.75, over title and abstract as one field
(BM25F, Robertson, Zaragoza & Taylor 2004). Semantic score: cosine of unit vectors. Hybrid: both brought to [0, 1] by
min-max over what each retrieved, then their weighted mean (mappings/hybrid.json), with the query's vector moved
towards the works that a first search found (Rocchio 1971; with dense vectors: Li et al. 2023).

"dev" below is the mean nDCG@10 of the odd half of cranfield's queries, that of cacm's, and every fourteenth of scitldr
train.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from mappings import Scale
from mappings.indices import load
from search_api.http.settings import number, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


#: Nearest neighbours that a hybrid or semantic search looks at: dev .663 against .659 at 100 and .663 at 300, which
#: would find every work of a small collection for every query (with the vector's score at .4; at .45 .665 and .666).
K = whole("PEERSCOPE_K", 200, 1, 1_000)
#: What the vector's score counts in a hybrid search, and the words' the rest: dev .665, at .4 .663, at .5 .662.
SEMANTIC_WEIGHT = number("PEERSCOPE_SEMANTIC_WEIGHT", 0.45, 0, 1)
#: The same for works like a work, where the words are the 25 most telling of a text and not those a person chose:
#: recall@20 of cacm's co-citations .317 and citations .510, at .5 .301 and .519; the vector alone .307 and .483.
SIMILAR_SEMANTIC_WEIGHT = number("PEERSCOPE_SIMILAR_SEMANTIC_WEIGHT", 0.7, 0, 1)
#: And for the candidates of researchers like one, whose words are those of all their titles: see `CANDIDATES`.
CANDIDATES_SEMANTIC_WEIGHT = number("PEERSCOPE_CANDIDATES_SEMANTIC_WEIGHT", 0.7, 0, 1)
#: How often a word of the title counts as if it stood in the abstract: keyword alone .375 on cranfield and .524 on
#: cacm, at 2 .366 and .504.
TITLE_WEIGHT = number("PEERSCOPE_TITLE_WEIGHT", 5, 1, 100)
#: What a word in an author's name counts beside one in the text.
AUTHOR_WEIGHT = 0.5
#: Works of the first search that the query's vector is moved towards, 0 for none: dev .657 against .646 without.
FEEDBACK_WORKS = whole("PEERSCOPE_FEEDBACK_WORKS", 5, 0, 50)
#: Keyword hits that take part in the first search: cranfield .433 and cacm .592, as at 1,000 (.432, .596; dev .514
#: for the two either way), and a new query takes two thirds of the time; 200 .433 and .591, 100 .433 and .586.
FEEDBACK_DEPTH = 300
#: How far it is moved: 0 not at all, 1 to their mean.
FEEDBACK_WEIGHT = number("PEERSCOPE_FEEDBACK_WEIGHT", 0.4, 0, 1)
#: Keyword hits of a shard that take part in the fusion, a setting of none: another depth would be another result set.
#: dev .663, at 500 .662, at 200 .660 (with the vector's score at .4). Only ids are read of what is fused: see
#: `works.reading.fused_page`.
PAGINATION_DEPTH = 1_000
#: Which words of a text are telling: OpenSearch's 25 by TF-IDF, also when they stand once, and one shared is enough
#: (its own default, 30 % of them, found nothing for most works of the sample).
TELLING = {"min_term_freq": 1, "min_doc_freq": 2, "max_query_terms": 25, "minimum_should_match": "1"}
#: What the mean of works that are not wanted weighs against the mean of those that are (Rocchio's gamma over beta).
UNLIKE = 0.5
#: Candidates for "researchers like this" whose works are compared one by one: recall@50 of 80 people's co-authors to be
#: .540 (by meaning alone .539, plain centroid .525), with 50 .508 (.525), with 100 .527 (.531).
CANDIDATES = 75
#: Works compared of the researcher asked for, and of each candidate: MRR .745 with all, .743 with 15, .726 with 12 and
#: .717 with 10 (split halves, see `best_match_mean`); vectors are most of what the request takes.
OWN_WORKS = 100
THEIR_WORKS = 15
#: Works of a researcher that vote for them, and the nearest and the best-matching works that are asked for votes.
#: On dblp-experts (7 topics, 64 experts) MAP .248 and R@100 .866, against .159 and .828 for centroids and .145 to .248
#: for the single best work; 2 to 5 votes gave .228 to .267, which seven topics cannot tell apart. 400 abstracts among
#: 6,972 works, each to find its authors by their other works: MAP .472 (.501 and .409 with 2 and 5 votes; .321 for
#: centroids; .401 by meaning alone, .471 by words alone); 100 nearest .460, 1,000 nearest .476.
VOTES = 3
#: The power to which a work's cosine, as a share of the best, is raised before it votes: cosines lie close together
#: where BM25 scores do not, and would hardly tell researchers apart. MAP by words / by meaning / by both: 286 abstracts
#: among 96,878 works, each to find its authors by their other works, .193 / .181 / .202, with 1 .193 / .154 / .182,
#: with 8 .193 / .194 / .212; dblp-experts .198 / .218 / .233, with 1 .198 / .228 / .227, with 8 .198 / .222 / .225.
SHARPNESS = 4.0
#: How often a word of the title counts where works vote.
VOTING_TITLE_WEIGHT = 2
VOTING_NEAREST = 300
VOTING_KEYWORD = 1_000
#: How much more somebody, or something, with many works counts among names that match alike: 1 work weighs 1.2, 20
#: weigh 1.8.
POPULARITY = 0.25


@cache
def rescoring() -> dict[str, Any]:
    """Return what a vector search asks for where vectors are quantised (`PEERSCOPE_VECTOR_BITS`). Raises StoreError."""
    return Scale.from_env().rescoring()


def knn(vector: Sequence[float] | NDArray[np.float32], filters: list[dict[str, Any]], k: int = K) -> dict[str, Any]:
    """Return the vector clause; its filter must stand inside, or neighbours would be lost to it afterwards."""
    values = vector.tolist() if isinstance(vector, np.ndarray) else list(vector)
    clause: dict[str, Any] = {"vector": values, "k": k, **rescoring()}
    if filters:
        clause["filter"] = {"bool": {"filter": filters}}
    return {"knn": {"embedding": clause}}


def words_clause(words: str) -> dict[str, Any]:
    """Return the clause that ranks by free words: in title and abstract as one field, or in an author's name."""
    text = {"combined_fields": {"query": words, "fields": [f"title^{TITLE_WEIGHT:g}", "abstract"]}}
    author = {"match": {"researchers.name": {"query": words, "boost": AUTHOR_WEIGHT}}}
    return {"bool": {"should": [text, author]}}


def fusion(semantic_weight: float = SEMANTIC_WEIGHT) -> dict[str, Any]:
    """Return the search pipeline that fuses a hybrid query's scores, to send along with the request.

    So weights can be changed without touching what is stored.
    """
    pipeline = load("hybrid")
    (processor,) = pipeline["phase_results_processors"]
    combination = processor["normalization-processor"]["combination"]
    combination["parameters"] = {"weights": [1 - semantic_weight, semantic_weight]}
    return pipeline


def moved(
    vector: NDArray[np.float32], found: NDArray[np.float32], scores: Sequence[float], weight: float = FEEDBACK_WEIGHT
) -> NDArray[np.float32]:
    """Move a query's vector towards the works it found: (1 - w) q + w m, m their mean by score, both unit length.

    `vector` is float32[d], `found` float32[n, d] with rows of unit length, `scores` their n scores above 0; gives
    float32[d] of unit length.
    """
    mean = np.asarray(scores, np.float32) @ found
    length = float(np.linalg.norm(mean))
    if length == 0:
        return vector
    together = (1 - weight) * vector + weight * mean / length
    return np.asarray(together / np.linalg.norm(together), np.float32)


def hybrid(
    keyword: dict[str, Any], semantic: dict[str, Any], filters: list[dict[str, Any]], depth: int = PAGINATION_DEPTH
) -> dict[str, Any]:
    """Return the hybrid query of a keyword and a vector clause. `semantic` carries the filters already."""
    query: dict[str, Any] = {"queries": [keyword, semantic], "pagination_depth": depth}
    if filters:
        query["filter"] = {"bool": {"filter": filters}}
    return {"hybrid": query}


def either(keyword: dict[str, Any], semantic: dict[str, Any], filters: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the query that finds what the hybrid query finds, for lists in another order than by its score.

    A hybrid query that is sorted by a field gives no scores at all, and none can be tracked beside it.
    """
    return {"bool": {"should": [keyword, semantic], "minimum_should_match": 1, "filter": filters}}


def cosine_of(score: float) -> float:
    """Turn Lucene's score of a cosine, (1 + cos) / 2, back into the cosine, cut to [0, 1]."""
    return min(1.0, max(0.0, 2.0 * score - 1.0))


def relative(score: float, best: float | None) -> float:
    """Put a BM25 score on [0, 1] as a share of the best hit's; BM25 itself has no upper bound."""
    return min(1.0, score / best) if best and best > 0 else 0.0


def towards(liked: NDArray[np.float32], disliked: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the direction of what is liked, away from what is not: float32[d], unit length.

    Rocchio's relevance feedback (1971; Manning, Raghavan & Schuetze 2008, 9.1.1) with the query as one of the liked:
    mean(liked) - UNLIKE * mean(disliked). `liked` is float32[m, d], m > 0, `disliked` float32[n, d], unit rows. Where
    the two cancel out, what is liked decides alone.
    """
    mean = liked.mean(axis=0)
    away = mean - UNLIKE * disliked.mean(axis=0) if len(disliked) else mean
    direction = next((one for one in (away, mean) if np.linalg.norm(one) > 1e-3), liked[0])
    return np.asarray(direction / np.linalg.norm(direction), dtype=np.float32)


def alone(keyword: float, semantic: float) -> float:
    """Return the score of a work that is not measured against others: the weighted mean of its two parts, in [0, 1].

    Min-max has no meaning for one work, and for given ones it would change with the company they are in.
    """
    return (1 - SIMILAR_SEMANTIC_WEIGHT) * keyword + SIMILAR_SEMANTIC_WEIGHT * semantic


def best_match_mean(mine: NDArray[np.float32], theirs: NDArray[np.float32]) -> float:
    """Return how alike two bodies of work are, in [0, 1]: the mean of best matches, of all of mine and half of theirs.

    For each work of mine the cosine to the closest of theirs, averaged; for each of theirs the cosine to the closest of
    mine, the better half of those averaged, but `VOTES` at least, what is missing counting as nothing. Halves of 250
    researchers among 9,515 (5,713 of whom have one work), find the other half, MRR over two draws: .745, against .482
    for the plain symmetric mean, .591 for the closest pair, .424 for centroids; with one work of mine known .351
    against .115, .288 and .234; among researchers with five works or more, where none has too few, .755 against .698,
    .634 and .493. So a second field of theirs does not count against them, and one work does not make an expert.
    `mine` is float32[m, d], `theirs` float32[n, d], rows of unit length.
    """
    similarity = mine @ theirs.T
    counted = max(VOTES, len(theirs) // 2)
    of_theirs = np.sort(similarity.max(axis=0))[::-1][:counted]
    both = (similarity.max(axis=1).mean() + np.clip(of_theirs, 0.0, None).sum() / counted) / 2
    return float(np.clip(both, 0.0, 1.0))


def closest_pairs(mine: NDArray[np.float32], theirs: NDArray[np.float32], n: int) -> list[tuple[int, int, float]]:
    """Return the `n` closest pairs (row of mine, row of theirs, cosine), no work twice on either side."""
    similarity = mine @ theirs.T
    pairs: list[tuple[int, int, float]] = []
    order = np.argsort(-similarity, axis=None, kind="stable")
    rows, columns = np.unravel_index(order, similarity.shape)
    seen_mine: set[int] = set()
    seen_theirs: set[int] = set()
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if row in seen_mine or column in seen_theirs:
            continue
        pairs.append((row, column, float(np.clip(similarity[row, column], 0.0, 1.0))))
        seen_mine.add(row)
        seen_theirs.add(column)
        if len(pairs) == n:
            break
    return pairs


def vote(scores: Iterable[float], best: float, sharpness: float = 1.0) -> float:
    """Return how much a researcher's works say of a text, in [0, 1]: the mean of the `VOTES` best.

    A work counts (score / best) ** sharpness, those that are missing nothing, so that one work that fits does not beat
    a body of work: voting of documents for people, with scores raised as expCombSUM does (Macdonald & Ounis 2006), cut
    to the first three. `best` is the score of the best work of all, which makes a researcher's score independent of
    whom they are compared with.
    """
    top = sorted((max(0.0, score) for score in scores), reverse=True)[:VOTES]
    return min(1.0, sum((score / best) ** sharpness for score in top) / VOTES) if best > 0 else 0.0
