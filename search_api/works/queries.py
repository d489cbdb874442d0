"""Request bodies for works; pure functions, tested without a server."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mappings import TITLE_WEIGHT
from search_api.retrieval import clauses, ranking
from search_api.retrieval.hits import count_only
from search_api.retrieval.terms import only_stop_words, shorten, significant, significant_terms, without_signs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from search_api.retrieval.syntax import Form, Query, Unit

Body = dict[str, Any]

SOURCE = {
    "excludes": [
        "embedding",
        "embedding_model",
        "content_hash",
        "indexed_at",
        "has_abstract",
        "assigned_by",
        "references",
        "localized",
        "records",
        "records_signature",
        "claimed_ids",
        "version_keys",
        "is_decided",
    ]
}

#: Stored names of fields that results have under another name, and fields that are computed.
STORED_NAMES = {"authors": "researchers"}
COMPUTED = frozenset(("links", "score", "match", "highlight", "reasons"))

#: Boost of a work whose whole title is the query: more than the BM25 score of a title's words.
WHOLE_TITLE = 200
#: Characters of a title that are compared.
MAX_TITLE = 2_000
#: Weight of a word in the stemmed text of another language: between that of abstract and title.
LOCALIZED_WEIGHT = 2
#: Words of a query that are searched by the stemmers of other languages.
MAX_LOCALIZED = 12
#: Words of a query that match by other stems than they rank by.
MAX_MATCHED = 60
#: Words of a query that may be partly a name in another spelling, with the other words in the text: "mueller soil".
MAX_SCATTERED = 3
#: Terms of a query whose works are counted, evenly drawn from more, and languages in whose fields they are. Each
#: term takes about .4 ms per field.
MAX_COUNTED = 10
COUNTED_LANGUAGES = 2
#: Words of a query of which usually more works of a large collection have two than take part in fusion.
MANY_WORDS = 3
#: Added to the score of a work that has enough of the words; a score itself does not reach it.
MARK = 4_096
#: Moves that turn one spelling of a name into another: two for the other order, two for names or initials between.
SLOP = 4


def source(fields: Sequence[str] | None) -> Any:
    """Return the `_source` of a request for these fields of results, or for all of them."""
    if not fields:
        return SOURCE
    return sorted({"id", *(STORED_NAMES.get(name, name) for name in fields if name not in COMPUTED)})


def keyword(query: Query) -> Body:
    """Return the keyword clause of a hybrid search: words rank, enough of them and the required clauses must match.

    The required ones take part in the ranking, so that a work with a phrase of stop words only, or by an author whose
    name occurs nowhere else, is found too.
    """
    enough = enough_words(query)
    return _matching(query, [*([enough] if enough else []), *required_clauses(query)])


def marked(query: Query, *, only: bool = False) -> Body:
    """Return the clause that also finds works with less than enough words, and adds `MARK` to the score of the others.

    In hybrid search the words of a neighbour count, however few they are, and both scores come from one request. With
    `only`, works with less than enough words are left out, which is faster because most works have one of the words.
    """
    enough = enough_words(query)
    if only and enough and (ranked := _ranking(query, shorten(query.words))):
        mark = {"constant_score": {"filter": {"match_all": {}}, "boost": MARK}}
        return {"bool": {"filter": [enough, *required_clauses(query)], "should": [*ranked, mark]}}
    mark = {"constant_score": {"filter": enough or {"match_all": {}}, "boost": MARK}}
    return _matching(query, required_clauses(query), [mark])


def has_many_words(query: Query) -> bool:
    """Return whether so many works have enough words of a query that others would hardly be among the best ones."""
    return significant_terms(query.words) > MANY_WORDS and enough_words(query) is not None


def any_word(query: Query) -> Body:
    """Return the clause for works with at least one word of a query."""
    return _matching(query, required_clauses(query))


def best_with_any_word(query: Query) -> Body:
    """Return the clause for those works of `any_word` that have a score, with the same score.

    Other works match by the stems of `all_words` and not by those that rank. If a score is required, OpenSearch skips
    works that cannot be among the best, which takes half of the time.
    """
    parts = any_word(query)["bool"]
    if query.is_open or not (ranked := parts.pop("should", None)):
        return {"bool": parts}
    return {"bool": {**parts, "must": [*parts.get("must", ()), {"bool": {"should": ranked}}]}}


def _matching(query: Query, filters: list[Body], added: Sequence[Body] = ()) -> Body:
    """Return the clause that matches a word of the query and all filters; `added` adds to the score.

    Words match by the stems of `all_words` and rank by those of `weighted_text`. A long text matches by the latter too:
    both would be more clauses than OpenSearch takes, and one word in many does not matter there.
    """
    words = shorten(query.words)
    ranked = _ranking(query, words)
    if query.is_open:
        return {"bool": {"filter": filters, "should": [*ranked, *added]}}
    if not ranked or significant_terms(query.words) > MAX_MATCHED:
        must = [{"bool": {"should": ranked}}] if ranked else []
        return {"bool": {"must": must, "should": list(added), "filter": filters}}
    is_plain = bool(words) and not only_stop_words(words)
    matched = ranked
    if is_plain:
        matched = _alternatives(query, words, clauses.with_any_word(words)) + [
            _form(form.text) for form in parts(query)
        ]
    return {"bool": {"filter": [{"bool": {"should": matched}}, *filters], "should": [*ranked, *added]}}


def _ranking(query: Query, words: str) -> list[Body]:
    """Return the clauses that add to the score of a result, which matches at least one; `words` may be empty."""
    return _alternatives(query, words, _by_words(query, words) if words else None)


def _divided(query: Query) -> Iterator[tuple[Sequence[Unit], Form | None]]:
    """Yield the words of a query: those for which another form stands together, with it, and each other one alone."""
    forms, place = {form.start: form for form in parts(query)}, 0
    while place < len(query.units):
        form = forms.get(place)
        end = form.end if form else place + 1
        yield query.units[place:end], form
        place = end


def parts(query: Query) -> list[Form]:
    """Return the forms that stand for a part of a query, each for other words."""
    found: list[Form] = []
    for form in query.forms:
        if not query.is_whole(form) and all(form.end <= other.start or other.end <= form.start for other in found):
            found.append(form)
    return found


def _by_words(query: Query, words: str) -> Body:
    """Return the clause that ranks by words; the other form of some of them counts as they do, if it scores more."""
    if not parts(query):
        return clauses.ranked_by_words(words, as_written=only_stop_words(words))
    divided = list(_divided(query))
    others = " ".join(unit.text for units, form in divided if not form for unit in units)
    scores = [clauses.ranked_by_words(others, as_written=only_stop_words(others))] if others else []
    for units, form in divided:
        if not form:
            continue
        written = " ".join(unit.text for unit in units)
        share = min(1.0, len(units) / len(form.text.split()))
        by_form = {"match": {"weighted_text": {"query": form.text, "operator": "and", "boost": share}}}
        phrase = {"bool": {"must": [by_form], "filter": [_form(form.text)]}}
        scores.append({"dis_max": {"queries": [clauses.ranked_by_words(written), phrase]}})
    return {"bool": {"should": scores}}


def _alternatives(query: Query, words: str, by_words: Body | None) -> list[Body]:
    """Return the clauses of which a result matches at least one, for its words, in any language, and its phrases."""
    found = [by_words, *_localized(query, words)] if by_words else []
    if query.is_plain:
        # A defined term is a title in the plural as well: "generative adversarial network".
        ends = ("", "s") if query.forms else ("",)
        found += [_whole_title(f"{query.source}{end}") for end in ends]
    for form in filter(query.is_whole, query.forms):
        found.append(_form(form.text))
        found += [_whole_title(title) for title in (form.text, f"{form.text}s") if len(query.units) == 1]
    return found + [_any_of(group) for group in query.required]


def enough_words(query: Query) -> Body | None:
    """Return the clause for works with enough of the query's plain words (`ranking.ENOUGH_TERMS`).

    The words may be in title, abstract and names of authors, or in the text of another language. None for one word, and
    for a query whose words only rank.
    """
    free = [unit.text for unit in query.units if unit.is_free and significant_terms(unit.text)]
    words = shorten(" ".join(free))
    if query.has_alternatives or query.is_open or significant_terms(words) < 2:
        return None
    fields = ["all_words"]
    if len(free) <= MAX_LOCALIZED:
        fields += [f"localized.{language}" for language in query.languages]
    enough = {"minimum_should_match": ranking.ENOUGH_TERMS}
    ways: list[Body] = [{"match": {field: {"query": words, **enough}}} for field in fields]
    # A single name besides a word such as `C++` is not enough.
    if len(free) <= MAX_LOCALIZED and significant_terms(without_signs(words)) > 1:
        ways.append(clauses.in_names(words, **enough))
    if 1 < len(free) <= MAX_SCATTERED:
        scattered = [with_word(word) for word in free]
        ways.append({"bool": {"should": scattered, "minimum_should_match": ranking.ENOUGH_TERMS}})
    ways += [_form(form.text) for form in query.forms if query.is_whole(form)]
    if parts(query):
        ways.append({"bool": {"should": _in_either_form(query), "minimum_should_match": ranking.ENOUGH_TERMS}})
    return {"bool": {"should": ways}}


def _in_either_form(query: Query) -> list[Body]:
    """Return a clause for each word of a query; words with another form are one clause, for both forms."""
    found = []
    for units, form in _divided(query):
        words = [unit.text for unit in units if significant_terms(unit.text)]
        written: list[Body] = [{"bool": {"filter": [with_word(word) for word in words]}}] if words else []
        if ways := written + ([_form(form.text)] if form else []):
            found.append({"bool": {"should": ways}})
    return found


def counted_terms(query: Query) -> list[str]:
    """Return the terms of a query whose works are counted, each once."""
    terms = _distinct_terms(query)
    return terms[:: math.ceil(len(terms) / MAX_COUNTED)] if terms else []


def counted_fields(query: Query) -> tuple[str, ...]:
    """Return the fields in which the works with a term are counted."""
    return ("all_words", *(f"localized.{language}" for language in query.languages[:COUNTED_LANGUAGES]))


def _distinct_terms(query: Query) -> list[str]:
    return list(dict.fromkeys(significant(shorten(query.words))))


def count_term(term: str, field: str) -> Body:
    """Return the request for the number of works with a term in a field, which the index of terms has."""
    return count_only({"match": {field: {"query": term, "operator": "and"}}})


def counted_term(body: Body) -> str:
    """Return the term whose works a `count_term` request counts."""
    ((match,),) = [body["query"]["match"].values()]
    term: str = match["query"]
    return term


def _form(form: str) -> Body:
    """Return the clause for the other form of an abbreviation, as a phrase in any inflection."""
    title = {"match_phrase": {"title": {"query": form, "boost": TITLE_WEIGHT}}}
    return {"dis_max": {"queries": [title, {"match_phrase": {"abstract": {"query": form}}}]}}


def with_word(word: str, languages: Iterable[str] = ()) -> Body:
    """Return the clause for works with a word, or all terms of a hyphenated one, in any form, in text or names.

    `languages` are those besides English by whose stemmers it is looked for too.
    """
    fields = ("all_words", *(f"localized.{language}" for language in languages))
    in_texts: list[Body] = [{"match": {field: {"query": word, "operator": "and"}}} for field in fields]
    return {"bool": {"should": [*in_texts, clauses.in_names(word, operator="and")]}}


def _whole_title(text: str) -> Body:
    """Return the clause that puts a work first whose whole title is the query, ignoring case and punctuation."""
    return {"constant_score": {"filter": {"term": {"title.whole": text[:MAX_TITLE]}}, "boost": WHOLE_TITLE}}


def _localized(query: Query, words: str) -> list[Body]:
    """Return the clauses for works in other languages, by the stemmers of the languages that the collection has.

    A long text is not searched by them: OpenSearch limits the clauses of a query.
    """
    if not words or words.count(" ") >= MAX_LOCALIZED:
        return []
    return [
        {"match": {f"localized.{language}": {"query": words, "boost": LOCALIZED_WEIGHT}}}
        for language in query.languages
    ]


def required_clauses(query: Query) -> list[Body]:
    """Return the clauses that every result of a query must match, in every mode: its operators."""
    required = [_any_of(group) for group in query.required]
    if query.excluded:
        required.append({"bool": {"must_not": [_unit(unit) for unit in query.excluded]}})
    if query.people:
        required.append({"terms": {"researchers.id": list(query.people)}})
    return required


def _any_of(units: Sequence[Unit]) -> Body:
    return {"bool": {"should": [_unit(unit) for unit in units]}}


def _unit(unit: Unit) -> Body:
    """Return the clause for one word or phrase: a word in all its forms, a phrase exactly unless it is excluded.

    A word becomes a phrase too, since a hyphenated one is several terms; it is also matched unstemmed, since a stop
    word has no stem. A name may be in another order and have more parts in between: `SLOP` moves.
    """
    if unit.field == "author":
        return clauses.in_names(unit.text, "match_phrase", slop=SLOP)
    texts = ("title",) if unit.field else ("title", "abstract")
    fields = [*(f"{field}.exact" for field in texts), *(texts if unit.is_excluded or not unit.is_phrase else ())]
    found: list[Body] = [{"match_phrase": {field: {"query": unit.text}}} for field in fields]
    return {"bool": {"should": found + ([] if unit.field else [clauses.in_names(unit.text, "match_phrase")])}}


def more_like(
    index: str, like: Sequence[str], unlike: Sequence[str] = (), text: str = "", *, include: bool = False
) -> Body:
    """Return the keyword clause for works like a text and like indexed works: by their most significant terms.

    `like` and `unlike` are ids. Terms of the works in `unlike` do not count. The works themselves are found only with
    `include`.
    """
    liked: list[Any] = [{"_index": index, "_id": id_} for id_ in like]
    liked += [shorten(text)] if text else []
    disliked = [{"_index": index, "_id": id_} for id_ in unlike]
    clause = {"fields": ["title", "abstract"], "like": liked, "include": include, **ranking.MORE_LIKE_THIS}
    return {"more_like_this": clause | ({"unlike": disliked} if disliked else {})}


def keyword_or_all(query: Query) -> Body:
    """Return the query of a keyword search: all works for an empty query, and all others for one of exclusions only.

    It matches nothing if the query consists of punctuation.
    """
    if not query.source:
        return {"match_all": {}}
    if query.is_punctuation:
        return {"match_none": {}}
    if not query.embedding_text:
        return {"bool": {"must": [{"match_all": {}}], "filter": required_clauses(query)}}
    # One word is a match: to demand two loses .03 of nDCG@10 and .08 of recall@100 on cacm, where works without an
    # abstract have few words. Hybrid search finds those by their vectors.
    return any_word(query)


def highlight(query: Query) -> Body:
    """Return the highlight part: the whole title and the three best passages of the abstract, as escaped HTML.

    It marks the query's words in every mode, also in works that were found by their vector.
    """
    words = shorten(query.words)
    marked: list[Body] = [{"match": {field: words}} for field in ("title", "abstract")] if words else []
    marked += [_form(form.text) for form in query.forms] + [_any_of(group) for group in query.required]
    return {
        "highlight_query": {"bool": {"should": marked}} if marked else {"match_none": {}},
        "encoder": "html",
        "pre_tags": ["<mark>"],
        "post_tags": ["</mark>"],
        "fields": {"title": {"number_of_fragments": 0}, "abstract": {"number_of_fragments": 3, "fragment_size": 200}},
    }


def only(ids: Sequence[str]) -> Body:
    """Return the clause that matches these works only."""
    return {"terms": {"id": list(ids)}}


def not_these(ids: Sequence[str]) -> Body:
    """Return the clause that matches all works but these."""
    return {"bool": {"must_not": [only(ids)]}}
