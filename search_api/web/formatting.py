"""Words and numbers as pages show them: the template filters."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from flask import g, has_app_context
from markupsafe import Markup, escape

from search_api.researchers.trust import level_label
from search_api.works import tex as latex
from search_api.works.tex import Budget, cut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Names listed in a reason; the rest is counted.
NAMED = 3
#: Two works have a very similar topic from this cosine on, and a similar wording from this share of the best keyword
#: score on.
NEAR_COSINE, NEAR_SHARE = 0.6, 0.8
#: Cosine from which two works are on nearly the same subject.
SAME_COSINE = 0.75
#: Score of a team's best member from which it covers a part of a text well, or partly.
WELL_COVERED, PARTLY_COVERED = 0.6, 0.3


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: `1 work`, `1,200 works`; `plural` if it is irregular."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def percent(share: float) -> str:
    """Return a share of one in percent; a positive share that rounds to zero is `<1%`. Not for scores of a search."""
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def works_found(meta: Mapping[str, Any]) -> str:
    """Return how many works were found and how; a hybrid count has two sources, so it names both."""
    number = f"{'More than ' if meta['count_relation'] == 'gte' else ''}{meta['count']:,}"
    is_one = meta["count"] == 1
    match meta["mode"] if meta["count"] else None:
        case "keyword":
            return f"{number} keyword {'match' if is_one else 'matches'}"
        case "semantic":
            return f"{number} closest by meaning"
        case "hybrid":
            return f"{number} {'result' if is_one else 'results'} (keyword matches plus the closest in meaning)"
    return f"{number} {'work' if is_one else 'works'}"


def researchers_found(meta: Mapping[str, Any]) -> str:
    """Return how many researchers were found and how."""
    number = count(meta["count"], "researcher")
    return f"{number} with matching papers" if meta["mode"] in {"hybrid", "keyword"} else number


def quoting(query: str, words: str) -> str:
    """Return a query with these words of it in quotes, so that they are searched as text."""
    named = set(words.split())
    return " ".join(f'"{word}"' if word in named else word for word in query.split())


def coded(text: str) -> Markup:
    """Return text with parts between backticks as code; everything is escaped."""
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if inside else escape(part)
        for part, inside in zip(text.split("`"), cycle((False, True)), strict=False)
    )


def web_address(url: str | None) -> str | None:
    """Return a URL if it is safe to link to: http or https, and nothing that a browser would run."""
    try:
        return url if url and urlsplit(url).scheme in {"http", "https"} else None
    except ValueError:  # such as https://[::1
        return None


def host(url: str) -> str:
    """Return the host of a URL without `www.`, such as `arxiv.org`; the URL itself if it has none."""
    try:
        return urlsplit(url).netloc.removeprefix("www.") or url
    except ValueError:
        return url


#: Addresses of works by the scheme of their id.
_ADDRESSES = {
    "acl": "https://aclanthology.org/{}",
    "arxiv": "https://arxiv.org/abs/{}",
    "doi": "https://doi.org/{}",
    "openalex": "https://openalex.org/{}",
    "pmcid": "https://pmc.ncbi.nlm.nih.gov/articles/{}",
    "pmid": "https://pubmed.ncbi.nlm.nih.gov/{}",
}
#: Names of sources that are not their short names in capitals.
_SOURCES = {
    "aclanthology": "ACL Anthology",
    "arxiv": "arXiv",
    "bibtex": "BibTeX",
    "citationfileformat": "citation file",
    "crossref": "Crossref",
    "csljson": "CSL-JSON",
    "datacite": "DataCite",
    "dublincore": "Dublin Core",
    "endnotexml": "EndNote",
    "europepmc": "Europe PMC",
    "json": "import format",
    "nasaads": "NASA ADS",
    "oaipmh": "OAI-PMH",
    "openalex": "OpenAlex",
    "openreview": "OpenReview",
    "pubmed": "PubMed",
    "refer": "refer",
    "refworks": "RefWorks",
    "semanticscholar": "Semantic Scholar",
    "webofscience": "Web of Science",
}


def work_address(id_: str) -> str | None:
    """Return the URL of the work that an id names at its source; None for an id without one."""
    scheme, _, local = id_.partition(":")
    return _ADDRESSES[scheme].format(quote(local, safe="/:.-_~()")) if scheme in _ADDRESSES else None


def source_name(short: str) -> str:
    """Return the name of a source for readers."""
    return _SOURCES.get(short, short.upper() or "unknown source")


def abstract_label(work: Mapping[str, Any]) -> str:
    """Return `Summary` if the abstract is not the published one."""
    return "Summary" if work.get("abstract_origin") == "summary" else "Abstract"


def provenance(work: Mapping[str, Any]) -> str | None:
    """Return the source of a work if a reader would know it: not its venue again, nor the slug of an import.

    Names of catalogues have a capital letter (`arXiv`), unlike `arxiv-oai-mirror-2017` and `bibliography`.
    """
    source = work.get("source") or ""
    is_name = any(character.isupper() or not character.isascii() for character in source)
    return source if is_name and source != work.get("venue") else None


def missing_facts(work: Mapping[str, Any]) -> str:
    """Return the facts that a work's record lacks, in words: `affiliations, DOI`."""
    facts = {
        "abstract": work.get("abstract"),
        "affiliations": any(author.get("affiliation") for author in work.get("researchers", ())),
        "citations": work.get("cited_by_count") is not None,
        "DOI": work.get("doi"),
        "topics": work.get("topics"),
        "type": work.get("type"),
        "venue": work.get("venue"),
        "year": work.get("year"),
    }
    return ", ".join(name for name, known in facts.items() if not known)


def year_counts(values: Sequence[Mapping[str, Any]]) -> list[dict[str, int]]:
    """Return the values of the year facet as works per year."""
    return [{"year": int(value["key"]), "works": value["count"]} for value in values]


def by_key(values: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return a facet's values by key."""
    return {value["key"]: value for value in values}


def initials(name: str) -> str:
    """Return a person's initials: of the first and the last name."""
    words = [word for word in name.split() if word[:1].isalpha()] or [name or "?"]
    return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()


def span(entity: Mapping[str, Any]) -> str:
    """Return the years from `first_year` to `last_year`: `2014-2019`, `2014`, or nothing."""
    first, last = entity.get("first_year"), entity.get("last_year")
    if first is None or last is None:
        return ""
    return str(first) if first == last else f"{first}–{last}"  # noqa: RUF001 (a span of years takes an en dash)


def named(entities: Sequence[Mapping[str, Any]], most: int = NAMED) -> str:
    """Return names in words: `A`, `A and B`, `A, B, C and 4 more`."""
    names = [entity["name"] for entity in entities[:most]]
    if len(entities) > most:
        names.append(f"{len(entities) - most} more")
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def enumerated(tagline: str) -> str:
    """Return a tagline as a part of a sentence: `A · B · C` is `A, B and C`.

    A name that contains `and` needs a comma before the last `and`.
    """
    *names, last = tagline.split(" · ")
    if not names:
        return last
    is_compound = any(" and " in name for name in (*names, last))
    return f"{', '.join(names)}{',' if is_compound else ''} and {last}"


def work_reasons(reasons: Mapping[str, Any]) -> str:
    """Return why a work is similar: `Very similar topic and wording · Shares 2 authors · Same topic: Robotics`."""
    parts = []
    if reasons["semantic"] >= NEAR_COSINE:
        parts.append(f"Very similar topic{' and wording' if reasons['keyword'] >= NEAR_SHARE else ''}")
    elif reasons["keyword"] >= NEAR_SHARE:
        parts.append("Similar wording")
    if reasons["shared_authors"]:
        parts.append(f"Shares {count(len(reasons['shared_authors']), 'author')}")
    if topics := without_variants(reasons["shared_topics"]):
        parts.append(f"{'Same topic' if len(topics) == 1 else 'Same topics'}: {named(topics)}")
    return " · ".join(parts) or "Similar topic"


def without_variants(topics: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return topics in their order, the first of those that differ in a qualifier only.

    Such are `Machine Learning` and `Machine Learning (Statistics)`.
    """
    distinct: dict[str, Mapping[str, Any]] = {}
    for topic in topics:
        distinct.setdefault(topic["name"].partition(" (")[0].casefold(), topic)
    return list(distinct.values())


def pair_label(cosine: float, is_first: bool) -> str:
    """Return what two papers have to do with each other; the first pair of a list is the most similar one."""
    degree = (
        "on nearly the same subject" if cosine >= SAME_COSINE else "closely related" if cosine >= NEAR_COSINE else ""
    )
    lead = "Most similar papers" if is_first else "Similar papers"
    return f"{lead}, {degree}:" if degree else f"{lead}:"


def coverage(aspect: Mapping[str, Any]) -> str:
    """Return how well a team covers a part of a text."""
    covered = aspect["covered"]
    return (
        "well covered" if covered >= WELL_COVERED else "partly covered" if covered >= PARTLY_COVERED else "not covered"
    )


def researcher_reasons(reasons: Mapping[str, Any]) -> str:
    """Return why a researcher is similar; the template adds the most similar papers, with titles and links."""
    together = reasons["works_together"]
    history = f"{count(together, 'work')} together" if together else "Have not co-authored"
    return " · ".join([*_shared_topics(reasons["shared_topics"]), history])


def _shared_topics(shared: Sequence[Mapping[str, Any]]) -> list[str]:
    topics = without_variants(shared)
    return [f"Shared {'topic' if len(topics) == 1 else 'topics'}: {named(topics)}"] if topics else []


def schema_words(schema: Mapping[str, Any]) -> str:
    """Return an OpenAPI schema in a few words; a referenced one by its name."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "items" in schema:
        return f"list of {schema_words(schema['items'])}"
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"] if value not in {None, ""})
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {schema_words(schema['additionalProperties'])}"
    kinds = schema.get("type", "any")
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)


def page_budget() -> Budget:
    """Return the budget for LaTeX of the page that is being rendered; a new one outside of a request."""
    if not has_app_context():
        return Budget()
    if "latex_budget" not in g:
        g.latex_budget = Budget()
    budget: Budget = g.latex_budget
    return budget


def tex(text: str) -> Markup:
    """Return a text with LaTeX as HTML, within the budget of the page."""
    return latex.tex(text, page_budget())


def plain(text: str) -> str:
    """Return a text with LaTeX as plain text, within the budget of the page."""
    return latex.plain(text, page_budget())


def marked(fragment: str) -> Markup:
    """Return a highlighted fragment as HTML, within the budget of the page."""
    return latex.marked(fragment, page_budget())


FILTERS = {
    filter_.__name__: filter_
    for filter_ in (
        abstract_label,
        by_key,
        coded,
        count,
        coverage,
        cut,
        enumerated,
        without_variants,
        host,
        initials,
        level_label,
        marked,
        missing_facts,
        pair_label,
        percent,
        plain,
        provenance,
        quoting,
        researcher_reasons,
        researchers_found,
        schema_words,
        source_name,
        span,
        tex,
        web_address,
        work_address,
        work_reasons,
        works_found,
        year_counts,
    )
}
