"""OpenSearch clauses that several entities share: keywords, nearest neighbours, vectors in short form."""

from __future__ import annotations

from binascii import a2b_base64
from typing import TYPE_CHECKING, Any

import numpy as np

from mappings import TITLE_WEIGHT, Scale, spellings
from search_api.retrieval import ranking
from search_api.retrieval.terms import significant_terms, without_signs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from search_api.retrieval.ranking import RankingWeights

Body = dict[str, Any]

#: Query for works in a random order that is always the same.
SAMPLED = {"function_score": {"random_score": {"seed": 1, "field": "id"}, "boost_mode": "replace"}}
#: Script field that returns a vector as base64 of one signed byte per dimension, its largest component as 127: the
#: length is lost, the direction preserved up to a cosine of .0002. 500 works with vectors from `_source` took 340 ms
#: (1.9 MB of JSON), with this field 60 (.4 MB).
SHORT_VECTOR = """
    def vector = doc['embedding'].value;
    double most = 1e-9;
    for (int i = 0; i < vector.length; i++) { most = Math.max(most, Math.abs(vector[i])) }
    byte[] bytes = new byte[vector.length];
    for (int i = 0; i < vector.length; i++) { bytes[i] = (byte) Math.round(vector[i] * 127 / most) }
    return Base64.getEncoder().encodeToString(bytes);
"""


#: Terms of a text that may be names with letters that are spelt out where they are printed.
MAX_SPELT_OUT = 12


def ranked_by_words(words: str, *, as_written: bool = False) -> Body:
    """Return the clause that ranks works by words: in title and abstract as one field, or in an author's name.

    Words are stemmed as English ones (`mappings.analysis`), unless they are to match `as_written`, such as stop words.
    """
    text: Body = {"match": {"weighted_text": {"query": words}}}
    if as_written:
        text = {"combined_fields": {"query": words, "fields": [f"title.exact^{TITLE_WEIGHT}", "abstract.exact"]}}
    return {"bool": {"should": [text, in_names(words, boost=ranking.AUTHOR_WEIGHT)]}}


def in_names(words: str, kind: str = "match", **options: Any) -> Body:
    """Return the clause for works with these words, or with a `kind` of `match_phrase` this phrase, in authors' names.

    `C++` and `C#` are left out: the analyzer of names takes them for the initial `C`. A name is looked for in both
    `spellings`.
    """
    names = without_signs(words)
    # A long text is no name, and OpenSearch limits the clauses of a query.
    written = spellings(names) if significant_terms(names) <= MAX_SPELT_OUT else [names]
    ways: list[Body] = [{kind: {"researchers.name": {"query": spelling, **options}}} for spelling in written]
    return ways[0] if len(ways) == 1 else {"dis_max": {"queries": ways}}


def with_any_word(words: str) -> Body:
    """Return the clause for works with one of these words in title, abstract or an author's name."""
    return {"bool": {"should": [{"match": {"all_words": words}}, in_names(words)]}}


def knn(
    vector: Sequence[float] | NDArray[np.float32],
    filters: list[Body],
    weights: RankingWeights,
    k: int | None = None,
) -> Body:
    """Return the clause for the `k` nearest neighbours of a vector (by default the setting's number).

    The filters go inside the clause: applied afterwards, they would remove neighbours from the `k`.
    """
    values = vector.tolist() if isinstance(vector, np.ndarray) else list(vector)
    rescoring = Scale(bits=weights.vector_bits).rescoring()
    clause: Body = {"vector": values, "k": weights.k if k is None else k, **rescoring}
    if filters:
        clause["filter"] = {"bool": {"filter": filters}}
    return {"knn": {"embedding": clause}}


def decode_short_vectors(shorts: Sequence[str]) -> NDArray[np.float32]:
    """Return the unit vectors, float32[n, d], of `SHORT_VECTOR` fields; float32[0, 0] of none."""
    if not shorts:
        return np.empty((0, 0), np.float32)
    components = np.frombuffer(b"".join(map(a2b_base64, shorts)), dtype=np.int8)
    return unit_vectors(components.reshape(len(shorts), -1))


def unit_vectors(rows: NDArray[np.int8]) -> NDArray[np.float32]:
    """Return vectors of any length, int8[n, d], with unit length, float32[n, d]; zeros stay."""
    vectors = rows.astype(np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))  # a quarter of the time of `norm`
    vectors /= np.where(lengths, lengths, 1)[:, None]
    return vectors


def decode_short_vector(short: str) -> NDArray[np.float32]:
    """Return the unit vector, float32[d], of a `SHORT_VECTOR` field."""
    vector: NDArray[np.float32] = decode_short_vectors([short])[0]
    return vector
