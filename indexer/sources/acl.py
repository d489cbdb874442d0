"""Papers of the ACL Anthology, from its collection files (`data/xml/2022.acl.xml`), in the import format.

Front matter is not a work. Editors stand for the authors only where there are none. The Anthology's curators give
an author an `id` where several people share a name; otherwise there is only the name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from indexer.sources.author_names import full_name
from indexer.sources.base import NotAWork
from indexer.sources.bibliography import editors_as_authors
from indexer.sources.xml_records import XmlRecord, text_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: Venue ids are acronyms in lower case. Most acronyms are in capitals; these are the frequent exceptions.
_VENUES = {
    "arabicnlp": "ArabicNLP",
    "argmining": "ArgMining",
    "bionlp": "BioNLP",
    "blackboxnlp": "BlackboxNLP",
    "clinicalnlp": "ClinicalNLP",
    "conll": "CoNLL",
    "findings": "Findings",
    "nodalida": "NoDaLiDa",
    "repl4nlp": "RepL4NLP",
    "semeval": "SemEval",
    "starsem": "*SEM",
    "textgraphs": "TextGraphs",
    "vardial": "VarDial",
}
#: Generic id of workshops, listed in addition to the workshop's own id.
_ANY_WORKSHOP = "ws"


def paper_record(paper: Element, around: list[Element]) -> dict[str, Any]:
    """Return a paper in the import format; `around` ends with its collection and volume, which name the venue.

    A paper that the Anthology removed becomes a withdrawn record; a retracted one stays and is marked. Raises NotAWork
    for front and back matter.
    """
    collection, volume = around[-2], around[-1]
    if paper.get("type") in {"frontmatter", "backmatter"}:
        raise NotAWork(f"{paper.get('type')} of a volume, not a work")
    id_ = anthology_id(collection.get("id", ""), volume.get("id", ""), paper.get("id", ""))
    if paper.find("removed") is not None:
        return {"id": f"acl:{id_}", "withdrawn": True}
    authors = [_author(author) for author in paper.findall("author")]
    editors = [_author(editor) for editor in paper.findall("editor")]
    record = {
        "id": f"acl:{id_}",
        "title": _with_formulas(paper.find("title")),
        "abstract": _with_formulas(paper.find("abstract")),
        "year": _year(paper, volume, collection),
        "type": "article",
        "venue": _venue(volume),
        "doi": text_of(paper.find("doi")),
        "url": f"https://aclanthology.org/{id_}",
        "source": "ACL Anthology",
        "is_retracted": paper.find("retracted") is not None,
        "authors": authors,
    }
    return editors_as_authors(record, editors)


def _with_formulas(element: Element | None) -> str | None:
    """Return the text of a title or abstract with its formulas between dollar signs, as in arXiv's texts."""
    return None if element is None else " ".join(_marked(element).split()) or None


def _marked(element: Element) -> str:
    inside = (element.text or "") + "".join(_marked(child) + (child.tail or "") for child in element)
    is_formula = element.tag == "tex-math" and inside.strip() and "$" not in inside
    return f"${inside.strip()}$" if is_formula else inside


def anthology_id(collection: str, volume: str, paper: str) -> str:
    """Return the id of a paper: `2022.acl-long.1`; before 2020 `P19-1001`, or `W19-0101` for two-digit volumes."""
    if re.match(r"\d{4}\.", collection):
        return f"{collection}-{volume}.{paper}"
    two_digits = collection.startswith("W") or collection == "C69" or (collection == "D19" and int(volume) >= 5)
    return f"{collection}-{int(volume):0{2 if two_digits else 1}d}{int(paper):0{2 if two_digits else 3}d}"


def _year(paper: Element, volume: Element, collection: Element) -> int | None:
    year = text_of(paper.find("year")) or text_of(volume.find("meta/year"))
    if year and year.isdecimal():
        return int(year)
    match = re.match(r"(\d{4})\.", collection.get("id", ""))
    return int(match[1]) if match else None


def _venue(volume: Element) -> str | None:
    """Return the venue's acronym, else the title of the journal or volume."""
    for venue in map(text_of, volume.findall("meta/venue")):
        if venue and venue != _ANY_WORKSHOP:
            return _VENUES.get(venue, venue.upper())
    return text_of(volume.find("meta/journal-title")) or text_of(volume.find("meta/booktitle"))


def _name(element: Element) -> str:
    """Return a name in reading order; the one in Chinese characters beside it (`variant`) as family and given name."""
    return full_name(text_of(element.find("first")) or "", text_of(element.find("last")) or "")


def _author(author: Element) -> dict[str, Any]:
    id_ = author.get("id")
    affiliations = [text_of(affiliation) for affiliation in author.findall("affiliation")]
    return {
        "name": _name(author) or None,
        "name_variants": [name for variant in author.findall("variant") if (name := _name(variant))],
        "id": f"acl:{id_}" if id_ else None,
        "orcid": author.get("orcid"),
        "affiliation": "; ".join(affiliation for affiliation in affiliations if affiliation) or None,
    }


#: `meta` of a volume has its venue and year.
RECORDS = (XmlRecord("ACL Anthology", ("paper",), paper_record, frozenset({"collection"}), keep=("meta",)),)
