"""Evidence on pairs of mentions as matrices: one row and one column for each mention, one matrix for each kind.

The model is additive: each kind of evidence is a monotone function of one fact times its learned weight, in nats, and
the sum is the evidence of a pair. So a score can always be explained by its parts. What is unknown adds nothing.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from indexer.identity.context import place_words, rarity
from indexer.identity.names import home_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from numpy.typing import NDArray

    from indexer.identity.context import Context
    from indexer.identity.mentions import Mention
    from indexer.identity.weights import Weights

    #: float32[n, n], symmetric.
    Matrix = NDArray[np.float32]

#: Kinds of evidence, in the order of explanations.
KINDS = (
    "coauthors",
    "neighbours",
    "institutions",
    "references",
    "embedding",
    "words",
    "topics",
    "venues",
    "years",
)
#: Cap of the sum of rarities of common words of affiliations, in nats.
MAX_INSTITUTION = 8.0
#: Below this sum, two affiliations count as different: the words they share are frequent ones.
MIN_INSTITUTION = 2.0


class Features:
    """The raw facts about all pairs of some mentions, before weights are applied."""

    def __init__(self, mentions: Sequence[Mention], context: Context, *, all_embeddings: bool = False) -> None:
        """Store the mentions; nothing is computed yet. Rare names use embeddings only with `all_embeddings`."""
        self._mentions, self._context, self._all = mentions, context, all_embeddings

    @cached_property
    def coauthors(self) -> Matrix:
        """Return ln(1 + the sum of the rarities of common co-authors)."""
        rows = [[name for name in names if not _is_initialed(name)] for names in self._coauthors]
        shared = overlap(rows, self._context.coauthor_rarity)
        initialed = [list({home_of(name) for name in names if _is_initialed(name)}) for names in self._coauthors]
        if any(initialed):
            blocks = [list({home_of(name) for name in names}) for names in self._coauthors]
            one, other = incidence([*initialed, *blocks], self._context.block_rarity)
            both = one @ other.T
            shared = shared + both + both.T - one @ one.T
        return np.log1p(shared)

    @cached_property
    def has_coauthors(self) -> NDArray[np.bool_]:
        """Return whether both works of a pair have co-authors."""
        return _both(self._coauthors)

    @cached_property
    def strangers(self) -> NDArray[np.bool_]:
        """Return whether both works of a pair have co-authors, but none in common."""
        return self.has_coauthors & (self.coauthors <= 0)

    @cached_property
    def neighbours(self) -> Matrix:
        """Return ln(1 + the rarities of co-authors of one work who have written with co-authors of the other)."""
        homes = {home_of(mention.folded) for mention in self._mentions}
        known = {name for names in self._coauthors for name in names}
        around = []
        for names in self._coauthors:
            reached = self._context.graph.around(names) & known if names else set()
            around.append([name for name in reached - set(names) if home_of(name) not in homes])
        n = len(self._mentions)
        one, other = incidence([*around, *self._coauthors], self._context.coauthor_rarity)
        reach = one @ other.T if n else one
        return np.log1p(np.minimum(reach, reach.T))

    @cached_property
    def institutions(self) -> Matrix:
        """Return the sum of the rarities of common words of affiliations, capped."""
        context = self._context
        shared = overlap(self._places, lambda word: rarity(context.places[word], context.placed))
        return np.minimum(shared, MAX_INSTITUTION)

    @cached_property
    def has_institutions(self) -> NDArray[np.bool_]:
        """Return whether the affiliations of both mentions are known."""
        return _both(self._places)

    @cached_property
    def other_institution(self) -> NDArray[np.bool_]:
        """Return whether the affiliations of both mentions are known, and different."""
        return self.has_institutions & (self.institutions < MIN_INSTITUTION)

    @cached_property
    def words(self) -> Matrix:
        """Return the cosine of the titles' words, weighted by rarity."""
        rows = [mention.work.words for mention in self._mentions]
        weight = self._context.word_weight
        shared = overlap(rows, lambda word: weight(word) ** 2)
        norms = np.sqrt([sum(weight(word) ** 2 for word in words) or 1.0 for words in rows]).astype(np.float32)
        return shared / np.outer(norms, norms)

    @cached_property
    def embedding(self) -> Matrix | None:
        """Return the cosine of the embeddings of frequent names, nan where one is missing; None without any."""
        context = self._context
        if context.vectors is None:
            return None
        ids = [
            mention.work.id if self._all or context.is_frequent(mention.name) else None for mention in self._mentions
        ]
        vectors = context.vectors(dict.fromkeys(id_ for id_ in ids if id_)) if any(ids) else {}
        if not vectors:
            return None
        missing = np.full(len(next(iter(vectors.values()))), np.nan, np.float32)
        stacked = np.stack([vectors.get(id_, missing) if id_ else missing for id_ in ids])
        # Rounded, because the last digits of an embedding depend on the works that were embedded with it.
        return np.round(stacked @ stacked.T, 2)

    @cached_property
    def topics(self) -> Matrix:
        """Return the rarity of the rarest common topic, approximated by the largest term of the sum."""
        return self._rarest([mention.work.topics for mention in self._mentions], self._context.topics)

    @cached_property
    def has_topics(self) -> NDArray[np.bool_]:
        """Return whether both works have topics."""
        return _both([mention.work.topics for mention in self._mentions])

    @cached_property
    def venues(self) -> Matrix:
        """Return the rarity of the common venue."""
        rows = [[mention.work.venue] if mention.work.venue else [] for mention in self._mentions]
        return self._rarest(rows, self._context.venues)

    @cached_property
    def references(self) -> Matrix:
        """Return ln(1 + the rarities of common references)."""
        context = self._context
        rows = [mention.work.references for mention in self._mentions]
        return np.log1p(overlap(rows, lambda id_: rarity(context.references[id_], context.works)))

    @cached_property
    def citations(self) -> Matrix:
        """Return 1 where one work cites the other."""
        n = len(self._mentions)
        cites = np.zeros((n, n), np.float32)
        rows: dict[str, list[int]] = {}
        for row, mention in enumerate(self._mentions):
            rows.setdefault(mention.work.id, []).append(row)
        for row, mention in enumerate(self._mentions):
            for id_ in mention.work.references:
                cites[row, rows.get(id_, [])] = 1.0
        return np.maximum(cites, cites.T)

    @cached_property
    def gaps(self) -> Matrix:
        """Return the number of years between two works; 0 when a year is unknown."""
        years = np.array([np.nan if m.work.year is None else m.work.year for m in self._mentions], np.float32)
        gaps: Matrix = np.nan_to_num(np.abs(years[:, None] - years[None, :]))
        return gaps

    @cached_property
    def _coauthors(self) -> list[tuple[str, ...]]:
        return [mention.coauthors for mention in self._mentions]

    @cached_property
    def _places(self) -> list[Collection[str]]:
        return [place_words(mention.institutions) for mention in self._mentions]

    def _rarest(self, rows: Sequence[Collection[str]], counts: Counter[str]) -> Matrix:
        works = self._context.works
        result = np.zeros((len(rows), len(rows)), np.float32)
        places: dict[str, list[int]] = {}
        for row, tokens in enumerate(rows):
            for token in tokens:
                places.setdefault(token, []).append(row)
        for token, members in places.items():
            if len(members) > 1:
                cells = np.ix_(members, members)
                result[cells] = np.maximum(result[cells], np.float32(rarity(counts[token], works)))
        return result


def evidence_matrices(features: Features, weights: Weights) -> NDArray[np.float32]:
    """Return the evidence of all pairs, float32[kinds, n, n] in nats, rounded."""
    is_shared = features.coauthors > 0
    others = weights.neighbours * features.neighbours
    strangers = np.where(features.strangers, -weights.strangers, 0.0)
    places = weights.institutions * features.institutions
    parts = {
        "coauthors": np.where(is_shared, weights.coauthors * features.coauthors + others, strangers),
        "neighbours": np.where(is_shared, 0.0, others),
        "institutions": np.where(features.other_institution, places - weights.other_institution, places),
        "words": weights.words * features.words,
        "topics": np.where(
            features.has_topics & (features.topics <= 0), -weights.other_topics, weights.topics * features.topics
        ),
        "venues": weights.venues * features.venues,
        "references": weights.references * features.references + weights.self_citation * features.citations,
        "years": -np.minimum(weights.years * np.maximum(features.gaps - weights.usual_gap, 0.0), weights.max_years),
    }
    if features.embedding is not None:
        cosine = weights.embedding * (features.embedding - weights.embedding_expected)
        parts["embedding"] = np.nan_to_num(cosine)
    zero = np.zeros_like(features.words)
    return np.round(np.stack([parts.get(kind, zero) for kind in KINDS]), 4).astype(np.float32)


def overlap(rows: Sequence[Collection[str]], weight: Callable[[str], float]) -> Matrix:
    """Return the sum of the weights of the tokens that two rows have in common, for all pairs of rows."""
    matrix = _incidence(rows, weight)
    return matrix @ matrix.T


def incidence(rows: Sequence[Collection[str]], weight: Callable[[str], float]) -> tuple[Matrix, Matrix]:
    """Return the incidence matrices of the first and second half of `rows`, so that products sum the weights."""
    matrix, half = _incidence(rows, weight), len(rows) // 2
    return matrix[:half], matrix[half:]


def _incidence(rows: Sequence[Collection[str]], weight: Callable[[str], float]) -> Matrix:
    """Return float32[rows, tokens]: the square root of a token's weight where a row has it; rare tokens left out."""
    counts = Counter(token for row in rows for token in row)
    columns = {token: column for column, token in enumerate(sorted(t for t, count in counts.items() if count > 1))}
    roots = {token: max(weight(token), 0.0) ** 0.5 for token in columns}
    matrix = np.zeros((len(rows), max(len(columns), 1)), np.float32)
    for index, row in enumerate(rows):
        for token in row:
            if token in columns:
                matrix[index, columns[token]] = roots[token]
    return matrix


def _both(rows: Sequence[Collection[str]]) -> NDArray[np.bool_]:
    known = np.array([bool(row) for row in rows], np.bool_)
    return np.logical_and.outer(known, known)


def _is_initialed(name: str) -> bool:
    return name[1:2] == " "
