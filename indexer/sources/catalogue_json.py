"""JSON of Semantic Scholar, OpenReview, INSPIRE, NASA ADS and HAL, in the import format."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from indexer.records import RecordWarning
from indexer.sources.author_names import from_inverted, is_organisation
from indexer.sources.base import INCOMPLETE_AUTHORS, NotAWork
from indexer.sources.bibliography import catalogue_record
from indexer.sources.json_records import JsonRecord, texts_of
from indexer.sources.xml_text import joined, person

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]


def _has(value: object, *keys: str) -> bool:
    return isinstance(value, dict) and all(key in value for key in keys)


def _first(value: object) -> str | None:
    return next(texts_of(value), None)


def _named(name: str | None) -> str:
    """Return a name in reading order, from an inverted one; names of groups are unchanged."""
    return name or "" if is_organisation(name or "") else from_inverted(name or "")


# Semantic Scholar

_S2_SCHEMES = {
    "doi": "doi",
    "arxiv": "arxiv",
    "pubmed": "pmid",
    "pubmedcentral": "pmcid",
    "mag": "mag",
    "dblp": "dblp",
    "acl": "acl",
}
_S2_TYPES = {
    "Dataset": "dataset",
    "Book": "book",
    "BookSection": "book-chapter",
    "JournalArticle": "article",
    "Conference": "article",
    "Review": "article",
}


def is_semantic_scholar(value: object) -> bool:
    """Return whether a value is a paper of the API (`paperId`) or of the bulk files (`corpusid`)."""
    return _has(value, "title") and (_has(value, "paperId") or _has(value, "corpusid"))


def semantic_scholar_record(paper: Mapping[str, Any]) -> Json:
    """Return a paper in the import format."""
    external = paper.get("externalIds") or paper.get("externalids") or {}
    ids = {
        _S2_SCHEMES[key.lower()]: str(value) for key, value in external.items() if key.lower() in _S2_SCHEMES and value
    }
    number = paper.get("corpusid") or paper.get("corpusId") or external.get("CorpusId") or paper.get("paperId")
    journal = paper.get("journal") or {}
    venue = paper.get("publicationVenue") or {}
    kinds = paper.get("publicationTypes") or paper.get("publicationtypes") or []
    references = [item.get("citedPaper", item) for item in paper.get("references") or [] if isinstance(item, dict)]
    return catalogue_record(
        f"s2:{number}",
        source="Semantic Scholar",
        doi=ids.pop("doi", None),
        ids=[f"{scheme}:{value}" for scheme, value in ids.items() if not re.search(r"\s", value)],
        dates=[paper.get("publicationDate") or paper.get("publicationdate"), str(paper.get("year") or "")],
        title=paper["title"],
        abstract=paper.get("abstract"),
        type=next((_S2_TYPES[kind] for kind in kinds if kind in _S2_TYPES), None)
        or ("preprint" if "arxiv" in ids else None),
        venue=paper.get("venue") or venue.get("name") or journal.get("name"),
        url=paper.get("url"),
        cited_by_count=paper.get("citationCount", paper.get("citationcount")),
        authors=[_s2_author(author) for author in paper.get("authors") or []],
        references=[f"s2:{id_}" for cited in references if (id_ := cited.get("corpusId") or cited.get("paperId"))],
    )


def _s2_author(author: Mapping[str, Any]) -> Json:
    id_ = author.get("authorId")
    orcid = (author.get("externalIds") or {}).get("ORCID")
    return person(
        name=author.get("name"),
        orcid=orcid,
        id=f"s2:{id_}" if id_ else None,
        affiliation=joined(author.get("affiliations") or []),
    )


# OpenReview


def is_openreview(value: object) -> bool:
    """Return whether a value is a note of OpenReview."""
    return _has(value, "id", "content") and isinstance(value["content"], dict) and _has(value, "forum")  # type: ignore[index]


def openreview_record(note: Mapping[str, Any]) -> Json:
    """Return a submission in the import format. Raises NotAWork for reviews, comments and decisions."""
    content = {key: value.get("value") if isinstance(value, dict) else value for key, value in note["content"].items()}
    if note["forum"] != note["id"] or not (content.get("title") or content.get("authors")):
        raise NotAWork("a review or comment, not a submission")
    authors = [
        {"name": name, "id": f"openreview:{id_}" if str(id_).startswith("~") else None}
        for name, id_ in zip(
            content.get("authors") or [], [*(content.get("authorids") or []), *[None] * 10_000], strict=False
        )
    ]
    stamp = note.get("pdate") or note.get("odate") or note.get("cdate")
    date = datetime.fromtimestamp(stamp / 1000, UTC).date().isoformat() if isinstance(stamp, int | float) else None
    return catalogue_record(
        f"openreview:{note['forum']}",
        source="OpenReview",
        dates=[date],
        title=content.get("title"),
        abstract=content.get("abstract"),
        type="article" if content.get("venueid") and "/" in str(content["venueid"]) else "preprint",
        venue=content.get("venue"),
        url=f"https://openreview.net/forum?id={note['forum']}",
        authors=authors,
    )


# INSPIRE

_INSPIRE_TYPES = {
    "thesis": "dissertation",
    "book chapter": "book-chapter",
    "conference paper": "article",
    "proceedings": "book",
}


def is_inspire(value: object) -> bool:
    """Return whether a value is the metadata of a literature record of INSPIRE."""
    return (_has(value, "titles") and (_has(value, "control_number") or _has(value, "_collections"))) or _has(
        value, "authors", "arxiv_eprints"
    )


def inspire_record(work: Mapping[str, Any]) -> Json:
    """Return a literature record in the import format."""
    authors = [_inspire_author(author) for author in work.get("authors") or []]
    authors = authors or [{"name": f"{group['value']} Collaboration"} for group in work.get("collaborations") or []]
    total = work.get("number_of_authors") or work.get("author_count")
    eprints = work.get("arxiv_eprints") or []
    published = work.get("publication_info") or []
    warnings = []
    if isinstance(total, int) and total > len(authors):
        warnings.append(RecordWarning(INCOMPLETE_AUTHORS, f"INSPIRE lists {len(authors)} of {total} authors"))
    title = (work.get("titles") or [{}])[0]
    kind = next(texts_of(work.get("document_type")), None)
    categories = [category for eprint in eprints for category in eprint.get("categories") or []]
    record = catalogue_record(
        f"inspire:{work['control_number']}" if work.get("control_number") else None,
        source="INSPIRE",
        doi=next((item.get("value") for item in work.get("dois") or []), None),
        arxiv=next((eprint.get("value") for eprint in eprints), None),
        ids=[f"arxiv:{eprint['value']}" for eprint in eprints if eprint.get("value")],
        dates=[
            next((entry.get("date") for entry in work.get("imprints") or []), None),
            work.get("preprint_date"),
            work.get("earliest_date"),
            *(str(entry.get("year") or "") for entry in published),
        ],
        title=": ".join(part for part in (title.get("title"), title.get("subtitle")) if part),
        abstract=next((item.get("value") for item in work.get("abstracts") or []), None),
        type=_INSPIRE_TYPES.get(kind or "", kind) if published or kind != "article" else "preprint",
        venue=next((entry["journal_title"] for entry in published if entry.get("journal_title")), None)
        or ("arXiv" if eprints else None),
        cited_by_count=work.get("citation_count"),
        authors=authors,
        references=[id_ for entry in work.get("references") or [] if (id_ := _inspire_reference(entry))],
        topics=list(dict.fromkeys(categories)),
        warnings=warnings,
    )
    return {**record, **({"authors_truncated": total} if warnings else {})}


def _inspire_author(author: Mapping[str, Any]) -> Json:
    ids = {item.get("schema"): item.get("value") for item in author.get("ids") or []}
    places = [place.get("value") for place in author.get("affiliations") or author.get("raw_affiliations") or []]
    number = _last_part((author.get("record") or {}).get("$ref"))
    return person(
        name=_named(author.get("full_name")),
        orcid=ids.get("ORCID"),
        id=f"inspire:{number}" if number else None,
        affiliation=joined(places),
    )


def _inspire_reference(entry: Mapping[str, Any]) -> str | None:
    if number := _last_part((entry.get("record") or {}).get("$ref")):
        return f"inspire:{number}"
    cited = entry.get("reference") or {}
    doi = next(texts_of(cited.get("dois")), None)
    eprint = cited.get("arxiv_eprint")
    return f"doi:{doi}" if doi else f"arxiv:{eprint}" if eprint else None


def _last_part(address: str | None) -> str | None:
    return address.rpartition("/")[2] if address else None


# NASA ADS

_ADS_TYPES = {
    "article": "article",
    "eprint": "preprint",
    "inproceedings": "article",
    "book": "book",
    "inbook": "book-chapter",
    "phdthesis": "dissertation",
    "mastersthesis": "dissertation",
    "techreport": "report",
    "software": "software",
    "dataset": "dataset",
}


def is_ads(value: object) -> bool:
    """Return whether a value is a document of NASA ADS."""
    return _has(value, "bibcode")


def ads_record(work: Mapping[str, Any]) -> Json:
    """Return a document in the import format."""
    orcids = work.get("orcid_pub") or work.get("orcid_user") or work.get("orcid_other") or []
    places = work.get("aff") or []
    names = work.get("author") or []
    total = work.get("author_count")
    warnings = []
    if isinstance(total, int) and total > len(names):
        warnings.append(RecordWarning(INCOMPLETE_AUTHORS, f"ADS lists {len(names)} of {total} authors"))
    identifiers = list(texts_of(work.get("identifier")))
    arxiv = next(
        (text.lower().removeprefix("arxiv:") for text in identifiers if text.lower().startswith("arxiv:")), None
    )
    record = catalogue_record(
        f"ads:{work['bibcode']}",
        source="NASA ADS",
        doi=_first(work.get("doi")),
        ids=[f"arxiv:{arxiv}"] if arxiv else [],
        dates=[re.sub(r"-00", "", work.get("pubdate") or work.get("date") or ""), str(work.get("year") or "")],
        title=_first(work.get("title")),
        abstract=_first(work.get("abstract")),
        type=_ADS_TYPES.get(work.get("doctype") or ""),
        venue=_first(work.get("pub")),
        url=f"https://ui.adsabs.harvard.edu/abs/{work['bibcode']}",
        cited_by_count=work.get("citation_count"),
        authors=[
            person(
                name=_named(name),
                orcid=_at(orcids, place),
                affiliation=None if _at(places, place) == "-" else _at(places, place),
            )
            for place, name in enumerate(texts_of(names))
        ],
        references=[f"ads:{bibcode}" for bibcode in texts_of(work.get("reference"))],
        warnings=warnings,
    )
    return {**record, **({"authors_truncated": total} if warnings else {})}


def _at(values: list[Any], place: int) -> str | None:
    return values[place] if place < len(values) and values[place] != "-" else None


# HAL

_HAL_TYPES = {
    "ART": "article",
    "COMM": "article",
    "OUV": "book",
    "DOUV": "book",
    "COUV": "book-chapter",
    "THESE": "dissertation",
    "HDR": "dissertation",
    "MEM": "dissertation",
    "REPORT": "report",
    "UNDEFINED": "preprint",
    "PREPRINT": "preprint",
    "SOFTWARE": "software",
}


def is_hal(value: object) -> bool:
    """Return whether a value is a document of HAL."""
    return _has(value, "docid") and (_has(value, "halId_s") or _has(value, "uri_s") or _has(value, "title_s"))


def hal_record(work: Mapping[str, Any]) -> Json:
    """Return a document in the import format. Raises NotAWork for one of the default fields, which have no authors."""
    if "title_s" not in work or "authFullName_s" not in work:
        raise NotAWork(
            "HAL's default fields have no title and authors; request fl=* or the fields named in docs/import-formats.md"
        )
    orcids = {}
    for text in texts_of(work.get("authFullNameFormIDPersonIDIDHal_fs") or []):
        name, _, rest = text.partition("_FacetSep_")
        orcids[name] = rest.rpartition("_FacetSep_")[2]
    kind = work.get("docType_s") or ""
    return catalogue_record(
        f"hal:{re.sub(r'v[0-9]+$', '', work.get('halId_s') or str(work['docid']))}",
        source="HAL",
        doi=_first(work.get("doiId_s")),
        ids=[
            f"{scheme}:{value}"
            for key, scheme in (("arxivId_s", "arxiv"), ("pubmedId_s", "pmid"), ("pubmedcentralId_s", "pmcid"))
            if (value := _first(work.get(key)))
        ],
        dates=[work.get("publicationDate_s"), work.get("producedDate_s"), str(work.get("producedDateY_i") or "")],
        title=": ".join(part for part in (_first(work["title_s"]), _first(work.get("subTitle_s"))) if part),
        abstract=_first(work.get("abstract_s")),
        type=_HAL_TYPES.get(kind),
        venue=_first(work.get("journalTitle_s"))
        or _first(work.get("bookTitle_s"))
        or _first(work.get("conferenceTitle_s")),
        url=work.get("uri_s"),
        language=_first(work.get("language_s")),
        authors=[
            {"name": name, "id": f"hal:{orcids[name]}" if orcids.get(name) else None}
            for name in texts_of(work["authFullName_s"])
        ],
    )


JSON_RECORDS = (
    JsonRecord("Semantic Scholar", is_semantic_scholar, semantic_scholar_record),
    JsonRecord("OpenReview", is_openreview, openreview_record),
    JsonRecord("INSPIRE", is_inspire, inspire_record),
    JsonRecord("NASA ADS", is_ads, ads_record),
    JsonRecord("HAL", is_hal, hal_record),
)
