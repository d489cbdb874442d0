"""PubMed and MEDLINE XML (baseline, update files and E-utilities), in the import format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexer.records import RecordWarning
from indexer.sources.base import INCOMPLETE_AUTHORS
from indexer.sources.bibliography import arxiv_number, catalogue_record
from indexer.sources.xml_records import XmlRecord, text_of
from indexer.sources.xml_text import date_of, first, joined, marked_up, person, spaced_initials, texts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

_RETRACTED = {"Retracted Publication"}
#: Schemes of ids of articles by PubMed's names; `pii` and others identify nothing outside of a publisher.
_SCHEMES = {"pubmed": "pmid", "pmc": "pmcid", "doi": "doi"}


def article_record(article: Element) -> dict[str, Any]:
    """Return a `PubmedArticle` in the import format."""
    citation, work = _find(article, "MedlineCitation"), _find(article, "MedlineCitation/Article")
    kinds = set(texts(work, "PublicationTypeList/PublicationType"))
    ids = _ids(article.findall("PubmedData/ArticleIdList/ArticleId"))
    authors, warnings = _authors(work)
    if arxiv := arxiv_number(*texts(work, "ELocationID[@EIdType='pii']")):
        ids.append(f"arxiv:{arxiv}")
    return catalogue_record(
        f"pmid:{first(citation, 'PMID')}",
        source="PubMed",
        doi=first(work, "ELocationID[@EIdType='doi']") or next((i[4:] for i in ids if i.startswith("doi:")), None),
        ids=[id_ for id_ in ids if not id_.startswith("doi:")],
        dates=_dates(work),
        title=_title(work),
        abstract=_abstract(work.find("Abstract")) or _abstract(citation.find("OtherAbstract")),
        type="preprint" if "Preprint" in kinds else "article",
        venue=first(work, "Journal/Title", "Journal/ISOAbbreviation")
        or first(citation, "MedlineJournalInfo/MedlineTA"),
        url=f"https://pubmed.ncbi.nlm.nih.gov/{first(citation, 'PMID')}/",
        language=first(work, "Language"),
        is_retracted=bool(kinds & _RETRACTED),
        authors=authors,
        references=_references(article),
        warnings=warnings,
        **_topics(citation),
    )


def book_record(article: Element) -> dict[str, Any]:
    """Return a `PubmedBookArticle`, a book or one of its chapters, in the import format."""
    document = _find(article, "BookDocument")
    is_chapter = document.find("ArticleTitle") is not None
    authors, warnings = _authors(document if document.find("AuthorList") is not None else _find(document, "Book"))
    ids = _ids(article.findall(".//ArticleIdList/ArticleId"))
    return catalogue_record(
        f"pmid:{first(document, 'PMID')}",
        source="PubMed",
        ids=ids,
        dates=[_date(document.find("ContributionDate")), _date(document.find("Book/PubDate"))],
        title=marked_up(document.find("ArticleTitle" if is_chapter else "Book/BookTitle")),
        abstract=_abstract(document.find("Abstract")),
        type="book-chapter" if is_chapter else "book",
        venue=first(document, "Book/BookTitle") if is_chapter else first(document, "Book/Publisher/PublisherName"),
        url=f"https://pubmed.ncbi.nlm.nih.gov/{first(document, 'PMID')}/",
        language=first(document, "Language"),
        authors=authors,
        warnings=warnings,
    )


def _find(element: Element, path: str) -> Element:
    found = element.find(path)
    if found is None:
        raise ValueError(f"{path} is missing")
    return found


def _title(work: Element) -> str | None:
    """Return the title, without the brackets and the point that PubMed adds; else that in the original language."""
    title = marked_up(work.find("ArticleTitle"))
    if title and title.rstrip(".").startswith("[") and title.rstrip(".").endswith("]"):
        title = title.rstrip(".")[1:-1]
    if not title or title.rstrip(".").lower() in {"not available", "in process citation"}:
        title = marked_up(work.find("VernacularTitle")) or title
    return title.removesuffix(".") if title else None


def _abstract(abstract: Element | None) -> str | None:
    """Return the parts of an abstract, each with its label."""
    if abstract is None:
        return None
    parts = []
    for part in abstract.findall("AbstractText"):
        text, label = marked_up(part), part.get("Label")
        if text:
            parts.append(f"{label.capitalize()}: {text}" if label and label.upper() != "UNLABELLED" else text)
    return " ".join(parts) or None


def _authors(work: Element) -> tuple[list[dict[str, Any]], list[RecordWarning]]:
    """Return the authors of a work, else its editors, and a warning if there are more."""
    lists = work.findall("AuthorList")
    listed = next((item for item in lists if item.get("Type", "authors") == "authors"), lists[0] if lists else None)
    if listed is None:
        return [], []
    authors = [_author(author) for author in listed.findall("Author") if author.get("ValidYN") != "N"]
    warnings = []
    if listed.get("CompleteYN") == "N":
        warnings.append(RecordWarning(INCOMPLETE_AUTHORS, f"PubMed lists the first {len(authors)} authors"))
    return authors, warnings


def _author(author: Element) -> dict[str, Any]:
    return person(
        first(author, "ForeName", "FirstName") or spaced_initials(first(author, "Initials")),
        first(author, "LastName"),
        suffix=first(author, "Suffix"),
        name=first(author, "CollectiveName"),
        orcid=first(author, "Identifier[@Source='ORCID']"),
        affiliation=joined(texts(author, "AffiliationInfo/Affiliation", "Affiliation")),
    )


def _dates(work: Element) -> list[str | None]:
    issue = work.find("Journal/JournalIssue/PubDate")
    electronic = _date(work.find("ArticleDate"))
    return [_date(issue), first(issue, "MedlineDate") if issue is not None else None, electronic]


def _date(date: Element | None) -> str | None:
    return None if date is None else date_of(first(date, "Year"), first(date, "Month"), first(date, "Day"))


def _ids(elements: Iterable[Element]) -> list[str]:
    return [
        f"{_SCHEMES[kind]}:{text}"
        for element in elements
        if (kind := element.get("IdType", "")) in _SCHEMES and (text := text_of(element))
    ]


def _references(article: Element) -> list[str]:
    """Return an id of each reference that has one, the PubMed id if there is one."""
    cited = [_ids(reference.findall("ArticleIdList/ArticleId")) for reference in article.iter("Reference")]
    best = [sorted(ids, key=lambda id_: not id_.startswith("pmid:"))[0] for ids in cited if ids]
    corrections = article.findall(".//CommentsCorrections[@RefType='Cites']/PMID")
    return [*best, *(f"pmid:{text}" for pmid in corrections if (text := text_of(pmid)))]


def _topics(citation: Element) -> dict[str, list[str]]:
    """Return the major topics among the MeSH headings, with their ids."""
    headings = citation.findall("MeshHeadingList/MeshHeading")
    major = [
        descriptor
        for heading in headings
        if (descriptor := heading.find("DescriptorName")) is not None
        and descriptor.get("UI")
        and any(part.get("MajorTopicYN") == "Y" for part in heading)
    ]
    return {
        "topics": [f"mesh:{descriptor.get('UI')}" for descriptor in major],
        "topic_names": [text_of(descriptor) or "" for descriptor in major],
    }


def _deleted(pmid: Element) -> dict[str, Any]:
    return {"id": f"pmid:{text_of(pmid)}", "withdrawn": True}


RECORDS = (
    XmlRecord("PubMed", ("PubmedArticle",), lambda article, _: article_record(article)),
    XmlRecord("PubMed books", ("PubmedBookArticle",), lambda article, _: book_record(article)),
    XmlRecord("PubMed deletions", ("PMID",), lambda pmid, _: _deleted(pmid), frozenset({"DeleteCitation"})),
)
