"""All ranking formulas and weights; docs/ranking.md has the measurements that chose them.

Keyword score: BM25 (Robertson & Zaragoza 2009) as implemented by Lucene, k1 1.2, b 0.75, over title and abstract as one
field (BM25F, Robertson, Zaragoza & Taylor 2004). Semantic score: cosine of unit vectors. Hybrid score: both scaled to
[0, 1] by min-max over the retrieved hits, then their weighted mean (`hits.fuse`), with the query vector moved towards
the hits of a first pass (Rocchio 1971; with dense vectors: Li et al. 2023).

"dev" below is the mean nDCG@10 of the odd half of cranfield's queries, that of cacm's, and every fourteenth of scitldr
train.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from peerscope.embedding import Similarity
    from peerscope.settings import Settings


@dataclass(frozen=True)
class RankingWeights:
    """The weights that are settings: `semantic_weight` is `PEERSCOPE_SEMANTIC_WEIGHT`. The defaults are in `Settings`.

    The measurements beside each field compare its default with other values.
    """

    #: Nearest neighbours of a hybrid or semantic search. 200: dev .663, against .659 at 100 and .663 at 300, which
    #: would find every work of a small collection for every query (semantic weight .4; at .45 .665 and .666).
    k: int
    #: Weight of the semantic score in hybrid search; the keyword score gets the rest. .45: dev .665, at .4 .663, at .5
    #: .662.
    semantic_weight: float
    #: The same for similar works, whose keywords are the 25 most significant terms of a text rather than terms that a
    #: person chose. .7: recall@20 of cacm's co-citations .317 and citations .510, at .5 .301 and .519; the vector alone
    #: .307 and .483.
    similar_semantic_weight: float
    #: The same for the candidates of similar researchers, whose keywords come from all their titles: see `CANDIDATES`.
    candidates_semantic_weight: float
    #: Hits of the first pass towards which the query vector moves, 0 for none. 5: dev .657, against .646 without.
    feedback_works: int
    #: How far it moves: 0 not at all, 1 to their mean.
    feedback_weight: float
    #: Bits per dimension of stored vectors; quantised ones are rescored (see `mappings.Scale.rescoring`).
    vector_bits: int

    @classmethod
    def from_settings(cls, settings: Settings) -> RankingWeights:
        """Return the weights that the settings hold."""
        return cls(
            k=settings.k,
            semantic_weight=settings.semantic_weight,
            similar_semantic_weight=settings.similar_semantic_weight,
            candidates_semantic_weight=settings.candidates_semantic_weight,
            feedback_works=settings.feedback_works,
            feedback_weight=settings.feedback_weight,
            vector_bits=int(settings.vector_bits),
        )


#: Weight of a term in an author's name relative to the abstract.
AUTHOR_WEIGHT = 0.5
#: Keyword hits in the first pass of the feedback: cranfield .433 and cacm .592, as at 1,000 (.432, .596; dev .514 for
#: the two either way), and a new query takes two thirds of the time; 200 .433 and .591, 100 .433 and .586.
FEEDBACK_DEPTH = 300
#: Keyword hits that take part in fusion; further ones follow with a score of 0. Cranfield, cacm, med: nDCG@10 .430,
#: .588, .808, at 1,000 .433, .580, .808, where a new query over 97,000 works takes a third longer; at 300 .431, .586,
#: .806. Similar works on cacm: recall@20 .339 and .511 (co-citations, citations), at 1,000 .338 and .509.
DEPTH = 500
#: How many of a query's terms a work has to contain (OpenSearch's `minimum_should_match`): two, or the only one. Only
#: membership depends on it, not the scores of hybrid search. Cranfield, cacm, med: nDCG@10 .433, .592, .815 as with one
#: term (.433, .590, .815), recall@100 .807, .764, .951 (.805, .765, .951). 30 % of long queries is as good in hybrid
#: mode, but costs keyword search .12 on cacm, where two terms cost .03.
ENOUGH_TERMS = "2<2"
#: Mean cosine of the first hits to each other at which the query vector moves towards them in full. Hits about several
#: things have no direction; see docs/ranking.md, "Choosing again".
COHERENT = 0.5
#: Share of a query's terms, by idf, that usually occurs in the collection; means: English queries of six sets .91
#: to .97, Chinese ones .81 and .90, French ones of English works .43 and .50. See `semantic_share`.
MOST_OCCUR = 0.8
#: Terms of a short query. It has one subject, so a neighbour has to be near it; a long one mentions many.
SHORT = 3
#: Share of the best neighbour's similarity (above that of unrelated texts) that another one needs, and share of the
#: model's floor, for short and for long queries. See `similarity_floor`.
SHORT_SHARES = (0.6, 1.0)
LONG_SHARES = (0.3, 0.8)
#: Options of `more_like_this`: the 25 most significant terms by TF-IDF, also those that occur once, of which one match
#: is enough (OpenSearch's default, 30 %, found nothing for most works of the sample).
MORE_LIKE_THIS = {"min_term_freq": 1, "min_doc_freq": 2, "max_query_terms": 25, "minimum_should_match": "1"}
#: Weight of the mean of unwanted works relative to the mean of wanted ones (Rocchio's gamma over beta).
UNLIKE = 0.5
#: Candidates for similar researchers whose works are compared one by one: recall@50 of the future co-authors of 80
#: researchers .540 (semantic score alone .539, plain centroid .525), with 50 .508 (.525), with 100 .527 (.531).
CANDIDATES = 75
#: Works compared, of the researcher in question and of each candidate: MRR .745 with all, .743 with 15, .726 with 12
#: and .717 with 10 (split halves, see docs/ranking.md); reading vectors is most of the request's time.
OWN_WORKS = 100
CANDIDATE_WORKS = 15
#: Works of the sample that stands for the collection, and its nearest ones that measure how dense the surroundings of a
#: work are. MRR of 200 split halves .819 with 300 and 3, .814 with 1,000 and 10, .818 with 3,000 and 30 (.780 without).
SAMPLE = 300
NEAREST_IN_SAMPLE = 3
#: Match of a work that a researcher lacks for the comparison, and closeness of people who wrote everything together.
MISSING, ALL_TOGETHER = -0.36, -0.3
#: Weights of similar topics and of the cosine of centres relative to the closest works, and share of joint works in
#: these: nDCG@5 of the graded researchers .834 without joint works, .861 with half, .888 if they count like others, but
#: MRR of 200 split halves .810, .763 and .525, since co-authors then come before the person's other half. With topics
#: and centres at .1, nDCG@10 of 25 researchers graded afterwards was .883, at .2 .908; then the halves had .738 with
#: joint works at .5, and have .746 at .47 (docs/ranking.md).
TOPICS, CENTRES, JOINT_WORKS = 0.2, 0.2, 0.47
#: Logistic calibration: the share of graded researchers whose works a reader found closely similar.
SCALE, MIDDLE = 13.0, 0.4
#: Examples of a group that each get candidates near them; more are put into so many groups. Each adds so many
#: candidates.
GROUPS = 5
CANDIDATES_PER_DIRECTION = 15
#: Works that support a researcher: those listed with an expert, those whose mean match a text has (`text_match`), and
#: the least number of the other's works that count in `closeness`. How many works vote for an expert is in `Voting`.
SUPPORTING_WORKS = 3
#: Fewer terms than that make a topic, such as "natural language processing", rather than a text.
TOPIC_TERMS = 4
#: Weight of a term in the title where works vote.
VOTING_TITLE_WEIGHT = 2
#: Nearest works that vote: on the 400 abstracts of `Voting` MAP .472; 100 nearest .460, 1,000 nearest .476.
VOTING_NEAREST = 300
#: Best keyword hits that vote. MAP of 150 abstracts of 97,000 works, each to find its authors by their other works,
#: .165 with 300 and 500, .164 with 1,000 in almost twice the time; dblp-experts .260, .259, .259. Filters choose among
#: the authors of these works, so there should be more of them than a list shows.
VOTING_KEYWORD = 500
#: Influence of the number of works among equally good name matches: 1 work weighs 1.2, 20 weigh 1.8.
POPULARITY = 0.25


@dataclass(frozen=True)
class Voting:
    """How works vote for their authors: how many per researcher, and the powers to which their scores are raised.

    A score is a share of the best work's. Cosines lie close together where BM25 scores do not, so they need a higher
    power to count as much.
    """

    #: Works per researcher. With 3 for every query, before the two settings below: dblp-experts (7 topics, 64 experts)
    #: MAP .248 and R@100 .866, against .159 and .828 for centroids and .145 to .248 for the single best work; 2 to 5
    #: votes gave .228 to .267, which seven topics cannot tell apart. 400 abstracts among 6,972 works, each to find its
    #: authors by their other works: MAP .472 (.501 and .409 with 2 and 5 votes; .321 for centroids; .401 by semantic
    #: score alone, .471 by keyword score alone).
    votes: int
    keyword: float
    semantic: float


#: Who works on a topic has several works on it, and all of them are about as near; who can judge a text has one or two
#: that are very near. MAP by keyword / semantic / both, computed outside of OpenSearch: dblp-experts .222 / .256 / .260
#: with the first, .183 / .222 / .208 with the second; 200 abstracts of 9,344 works, each to find its authors by their
#: other works, .554 / .537 / .579 with the second, their titles .419 / .396 / .442. One setting for both (3 votes,
#: powers 1 and 4) has .197 / .220 / .232, .518 / .511 / .533 and .377 / .387 / .410.
TOPIC_VOTING, TEXT_VOTING = Voting(5, 1.0, 2.0), Voting(3, 2.0, 8.0)


def voting_on(terms: int) -> Voting:
    """Return how works vote on a query with this number of terms that are not stop words."""
    return TOPIC_VOTING if terms < TOPIC_TERMS else TEXT_VOTING


def feedback_vector(
    vector: NDArray[np.float32], hits: NDArray[np.float32], scores: Sequence[float], weight: float
) -> NDArray[np.float32]:
    """Return the query vector moved towards its hits: (1 - w) q + w m, m their mean by score, both unit length.

    `vector` is float32[d], `hits` float32[n, d] with rows of unit length, `scores` their n scores above 0. The result
    is float32[d] of unit length; `vector` itself if there are no hits.
    """
    mean = np.asarray(scores, np.float32) @ hits
    length = float(np.linalg.norm(mean))
    if length == 0:
        return vector
    combined = (1 - weight) * vector + weight * mean / length
    return np.asarray(combined / np.linalg.norm(combined), np.float32)


def coherence(hits: NDArray[np.float32]) -> float:
    """Return how far works are about one thing, in [0, 1]: their mean cosine to each other, as a share of `COHERENT`.

    `hits` is float32[n, d], rows of unit length; 1 for fewer than two.
    """
    if len(hits) < 2:
        return 1.0
    cosines = (hits @ hits.T)[~np.tri(len(hits), dtype=bool)]
    return float(np.clip(cosines.mean() / COHERENT, 0.0, 1.0))


def occurring_share(counts: Iterable[int], works: int) -> float:
    """Return which share of a query's terms occurs in the collection, weighted by their idf in BM25; 1 without terms.

    `counts` are the works with each term, `works` the number of all.
    """
    idf = [(count, math.log(1 + (works - count + 0.5) / (count + 0.5))) for count in counts]
    total = sum(weight for _, weight in idf)
    return sum(weight for count, weight in idf if count) / total if total else 1.0


def semantic_share(semantic_weight: float, occurring: float) -> float:
    """Return the weight of the semantic score for a query of which only the share `occurring` is in the collection.

    Few words in common say little, so the keyword score loses weight in proportion below `MOST_OCCUR`.
    """
    keyword = (1 - semantic_weight) * min(1.0, occurring / MOST_OCCUR)
    return semantic_weight / (semantic_weight + keyword) if semantic_weight else 0.0


def similarity_floor(similarity: Similarity, best: float, terms: int, *, words_occur: bool) -> float:
    """Return the cosine to the query below which a neighbour is not a result.

    `best` is the cosine of the best neighbour, `terms` the number of the query's terms. Neighbours of a query count if
    they are similar enough for the model and relative to the best one. If none of its words occurs in the collection,
    they have to be very similar: the nearest of 97,000 works to made-up words has a cosine of .29 to .41, and judged
    pairs of four sets one of .32 to .46 at the 25th percentile, so the words have to decide.
    """
    of_best, of_floor = SHORT_SHARES if terms <= SHORT else LONG_SHARES
    relative_floor = similarity.unrelated + of_best * (best - similarity.unrelated)
    return max(similarity.floor * of_floor if words_occur else similarity.alone, relative_floor)


def cosine_of(score: float) -> float:
    """Return the cosine behind Lucene's score (1 + cos) / 2, clipped to [0, 1]."""
    return min(1.0, max(0.0, 2.0 * score - 1.0))


def cosines(scores: Iterable[float]) -> list[float]:
    """Return `cosine_of` each score, computed at once."""
    found: list[float] = np.clip(2 * np.fromiter(scores, np.float64) - 1, 0, 1).tolist()
    return found


def cosines_of(scores: Mapping[str, float]) -> dict[str, float]:
    """Return `cosine_of` each score by id."""
    return dict(zip(scores, cosines(scores.values()), strict=True))


def relative(score: float, best: float | None) -> float:
    """Return a BM25 score as a share of the best hit's, in [0, 1]; BM25 itself has no upper bound."""
    return min(1.0, score / best) if best and best > 0 else 0.0


def rocchio(liked: NDArray[np.float32], disliked: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the direction of the wanted works, away from the unwanted: float32[d], unit length.

    Rocchio's relevance feedback (1971; Manning, Raghavan & Schuetze 2008, 9.1.1) with the query as one of the wanted:
    mean(liked) - UNLIKE * mean(disliked). `liked` is float32[m, d], m > 0, `disliked` float32[n, d], unit rows. Where
    the two cancel out, the wanted works decide alone.
    """
    mean = liked.mean(axis=0)
    difference = mean - UNLIKE * disliked.mean(axis=0) if len(disliked) else mean
    direction = next((vector for vector in (difference, mean) if np.linalg.norm(vector) > 1e-3), liked[0])
    return np.asarray(direction / np.linalg.norm(direction), dtype=np.float32)


def candidate_score(keyword: float, semantic: float, semantic_weight: float) -> float:
    """Return the score of a work that is not compared with others: the weighted mean of its two parts, in [0, 1].

    Min-max is undefined for a single work, and for given candidates it would depend on which others are given.
    """
    return (1 - semantic_weight) * keyword + semantic_weight * semantic


def local_matches(
    own: NDArray[np.float32],
    other: NDArray[np.float32],
    own_density: NDArray[np.float32],
    other_density: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return how well works match, float32[m, n]: the cosine minus the mean density around both works.

    A work that is near to everything, such as one on deep learning in general, says little: cross-domain similarity
    local scaling (Conneau et al. 2018), against hubs (Radovanovic et al. 2010). `own` is float32[m, d], `other`
    float32[n, d], rows of unit length; densities are float32[m] and float32[n].
    """
    return np.asarray(own @ other.T - (own_density[:, None] + other_density[None]) / 2, np.float32)


def closeness(matches: NDArray[np.float32]) -> float:
    """Return how close two bodies of work are, about -.4 to .5: the mean of two means of best matches.

    For each own work (row) the best match of the other's (columns), averaged; for each of the other's the best own one,
    the better half of those averaged, but at least `SUPPORTING_WORKS`, missing ones counting `MISSING`. So a second
    field of the other does not count against them, and one work does not make an expert. Pairs of -inf are not
    compared. Returns `ALL_TOGETHER` if there is no pair.
    """
    if not matches.size:
        return ALL_TOGETHER
    own, other = matches.max(axis=1), matches.max(axis=0)
    return closeness_of_best(own[np.isfinite(own)], other[np.isfinite(other)], len(other))


def closeness_of_best(best_of_own: NDArray[np.float32], best_of_other: NDArray[np.float32], works: int) -> float:
    """Return the `closeness` of two bodies of work from the best match of each own work and of each of the other's.

    Both are of those that are compared; `works` is the number of all works of the other.
    """
    if not len(best_of_own):
        return ALL_TOGETHER
    counted = max(SUPPORTING_WORKS, works // 2)
    first = np.sort(best_of_other)[::-1][:counted]
    missing = MISSING * (counted - len(first))
    # `mean` takes three times as long as `sum`, and this is done for each of 75 candidates.
    return float((best_of_own.sum() / len(best_of_own) + (first.sum() + missing) / counted) / 2)


def person_score(apart: float, together: float, topics: float, centres: float) -> float:
    """Return how similar two researchers are, in (0, 1): the estimated chance that a reader finds them closely similar.

    `apart` is the closeness of the works that they did not write together, `together` that of all works, where a joint
    work is not compared with itself; `topics` and `centres` are cosines.
    """
    close = (1 - JOINT_WORKS) * apart + JOINT_WORKS * together
    return 1 / (1 + math.exp(-SCALE * (close + TOPICS * topics + CENTRES * centres - MIDDLE)))


def sparse_cosine(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """Return the cosine of two sparse vectors with weights of at least 0; 0 if one is empty."""
    norms = math.hypot(*first.values()) * math.hypot(*second.values())
    return sum(weight * second.get(key, 0.0) for key, weight in first.items()) / norms if norms else 0.0


def spread_groups(vectors: NDArray[np.float32], most: int) -> list[NDArray[np.intp]]:
    """Return the rows of at most `most` groups of unit vectors, float32[n, d], n > 0.

    The centres are the first vector and those farthest from all centres before them (Gonzalez 1985); each row belongs
    to the nearest centre.
    """
    centres = [0]
    nearest = vectors @ vectors[0]
    while len(centres) < min(most, len(vectors)) and nearest.min() < 1 - 1e-6:
        centres.append(int(nearest.argmin()))
        nearest = np.maximum(nearest, vectors @ vectors[centres[-1]])
    group = (vectors @ vectors[centres].T).argmax(axis=1)
    return [np.flatnonzero(group == number) for number in range(len(centres))]


def group_score(wanted: Sequence[float], unwanted: Sequence[float]) -> float:
    """Return how well someone fits a group, in [0, 1], from their similarity to each wanted and unwanted example.

    The mean over the wanted, so that resembling only one of five is not enough; minus `UNLIKE` times the mean over the
    unwanted, as in Rocchio's formula. 0 if no wanted example is left.
    """
    if not wanted:
        return 0.0
    score = sum(wanted) / len(wanted) - (UNLIKE * sum(unwanted) / len(unwanted) if unwanted else 0.0)
    return min(1.0, max(0.0, score))


def text_match(vector: NDArray[np.float32], works: NDArray[np.float32]) -> float:
    """Return how well works match a text, in [0, 1]: the mean cosine of the `SUPPORTING_WORKS` nearest.

    Missing ones count 0. `vector` is float32[d], `works` float32[n, d], unit length.
    """
    best = np.sort(np.clip(works @ vector, 0.0, 1.0))[::-1][:SUPPORTING_WORKS]
    return float(best.sum()) / SUPPORTING_WORKS


def closest_pairs(own: NDArray[np.float32], other: NDArray[np.float32], n: int) -> list[tuple[int, int, float]]:
    """Return the `n` closest pairs (row of own, row of other, cosine), each work in one pair at most."""
    similarity = own @ other.T
    pairs: list[tuple[int, int, float]] = []
    for _ in range(min(n, *similarity.shape)):
        row, column = divmod(int(similarity.argmax()), similarity.shape[1])
        pairs.append((row, column, float(np.clip(similarity[row, column], 0.0, 1.0))))
        similarity[row] = similarity[:, column] = -np.inf
    return pairs


def shares_of(scores: NDArray[np.float64], best: float) -> NDArray[np.float64]:
    """Return scores as shares of the best one, in [0, 1]; 0 for all if that is not above 0."""
    return np.clip(scores / best, 0.0, 1.0) if best > 0 else np.zeros_like(scores)


def votes(
    researchers: NDArray[np.intp], shares: NDArray[np.float64], voting: Voting, sharpness: float
) -> NDArray[np.float64]:
    """Return how well each researcher's works match a text, float64[n] in [0, 1]: the mean of the best `voting.votes`.

    Each row is a researcher, as a number below n, and the score of one of their works as a share of the best work of
    all, so that a researcher's score does not depend on the other candidates: int[m] and float64[m]. A work counts
    share ** sharpness and a missing one 0, so that one matching work does not beat a body of work: voting of documents
    for people, with scores raised as in expCombSUM (Macdonald & Ounis 2006), limited to the first ones.
    """
    order = np.lexsort((-shares, researchers))
    grouped = researchers[order]
    is_counted = np.arange(len(grouped)) - np.searchsorted(grouped, grouped) < voting.votes
    points = shares[order][is_counted] ** sharpness
    return np.bincount(grouped[is_counted], points) / voting.votes
