"""Words and numbers as the pages show them; template filters, all pure."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from search_api.researchers.trust import LEVELS
from search_api.works.tex import cut, marked, plain, tex

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Names in a reason; more than these are counted.
NAMED = 3


def count(number: int, noun: str, plural: str = "") -> str:
    """Count things: `1 work`, `1,200 works`, `2 people` with the plural given."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def percent(share: float) -> str:
    """Return a share of one in percent; what is there but rounds to nothing is `<1%`."""
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def works_found(meta: Mapping[str, Any]) -> str:
    """Say how many works there are, and what the number counts: a hybrid search has no end, so it counts two things."""
    number = count(meta["count"], "work")
    number = f"More than {number}" if meta["count_relation"] == "gte" else number
    one = meta["count"] == 1
    match meta["mode"]:
        case "keyword":
            return f"{number} with your words"
        case "semantic":
            return f"{number}, nearest to your query in meaning"
        case "hybrid":
            verbs = ("has", "is") if one else ("have", "are")
            return f"{number} that {verbs[0]} your words or {verbs[1]} among the nearest in meaning"
    return number


def researchers_found(meta: Mapping[str, Any]) -> str:
    """Say how many researchers there are, and what the number counts."""
    number = count(meta["count"], "researcher")
    if meta["mode"] == "hybrid":
        return f"{number} with works that have your words or are near in meaning"
    return f"{number} with works that have your words" if meta["mode"] == "keyword" else number


def coded(text: str) -> Markup:
    """Set what stands between backticks as code; all of it escaped."""
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if inside else escape(part)
        for part, inside in zip(text.split("`"), cycle((False, True)), strict=False)
    )


def web_address(url: str | None) -> str | None:
    """Return an address that is safe to link to: http or https, nothing that a browser would run."""
    return url if url and urlsplit(url).scheme in {"http", "https"} else None


def host(url: str) -> str:
    """Return the site of an address: `arxiv.org`."""
    return urlsplit(url).netloc.removeprefix("www.")


def abstract_label(work: Mapping[str, Any]) -> str:
    """Name the abstract for what it is."""
    return "Summary" if work.get("abstract_origin") == "summary" else "Abstract"


def facet_label(value: Mapping[str, Any], facet: str) -> str:
    """Name a facet's value; a verification level is stored as a bare number."""
    key: str = value["key"]
    if facet == "verification" and key.isdigit() and int(key) in LEVELS:
        return level_words(int(key))
    label: str = value["label"]
    return label


def year_counts(values: Sequence[Mapping[str, Any]]) -> list[dict[str, int]]:
    """Return the values of the facet of years as works per year."""
    return [{"year": int(value["key"]), "works": value["count"]} for value in values]


def by_key(values: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return a facet's values by their keys."""
    return {value["key"]: value for value in values}


def initials(name: str) -> str:
    """Return the letters that stand for a person: of the first name and the last."""
    words = [word for word in name.split() if word[:1].isalpha()] or [name or "?"]
    return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()


def level_words(level: int) -> str:
    """Name a verification level: `L1: Imported record`."""
    return f"L{level}: {LEVELS[level][1]}"


def span(thing: Mapping[str, Any]) -> str:
    """Return the years from `first_year` to `last_year`: `2014-2019`, `2014`, or nothing."""
    first, last = thing.get("first_year"), thing.get("last_year")
    if first is None or last is None:
        return ""
    return str(first) if first == last else f"{first}–{last}"  # noqa: RUF001 (a span of years takes an en dash)


def named(things: Sequence[Mapping[str, Any]], most: int = NAMED) -> str:
    """List names: `A`, `A and B`, `A, B, C and 4 more`."""
    names = [thing["name"] for thing in things[:most]]
    if len(things) > most:
        names.append(f"{len(things) - most} more")
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _sentence(parts: Sequence[str]) -> str:
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]


def work_reasons(reasons: Mapping[str, Any]) -> str:
    """Say why a work is similar."""
    found = []
    if reasons["shared_authors"]:
        found.append(f"also by {named(reasons['shared_authors'])}")
    if reasons["shared_topics"]:
        found.append(f"also on {named(reasons['shared_topics'])}")
    found.append(f"{percent(reasons['semantic'])} alike in meaning")
    if reasons["keyword"] > 0:
        share = percent(reasons["keyword"])
        found.append("the closest in wording" if share == "100%" else f"{share} as close in wording as the closest")
    return _sentence(found)


def researcher_reasons(reasons: Mapping[str, Any]) -> str:
    """Say why a researcher is like another; the closest works are shown apart, for they have titles and links."""
    found = []
    if reasons["shared_topics"]:
        found.append(f"both on {named(reasons['shared_topics'])}")
    together = reasons["works_together"]
    found.append(f"{count(together, 'work')} together" if together else "no work together")
    return _sentence(found)


def schema_words(schema: Mapping[str, Any]) -> str:
    """Say in a few words what an OpenAPI schema allows; a named one by its name."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "items" in schema:
        return f"list of {schema_words(schema['items'])}"
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"] if value is not None)
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {schema_words(schema['additionalProperties'])}"
    kinds = schema.get("type", "any")
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)


FILTERS = {
    filter_.__name__: filter_
    for filter_ in (
        abstract_label,
        by_key,
        coded,
        count,
        cut,
        facet_label,
        host,
        initials,
        level_words,
        marked,
        percent,
        plain,
        researcher_reasons,
        researchers_found,
        schema_words,
        span,
        tex,
        web_address,
        work_reasons,
        works_found,
        year_counts,
    )
}
