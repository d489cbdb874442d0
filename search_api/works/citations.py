"""Works in the formats of reference managers: BibTeX, RIS and CSL-JSON."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING

import rispy
from bibtexparser.entrypoint import write_string
from bibtexparser.library import Library
from bibtexparser.middlewares.names import NameParts, parse_single_name_into_parts
from bibtexparser.model import Entry, Field

from search_api.works.formulas import is_safe_formula

if TYPE_CHECKING:
    from mappings.documents import Authorship, WorkDocument

#: For each type of work: the kind of BibTeX entry, its field for the venue, the RIS type and the CSL type.
KINDS = {
    "article": ("article", "journal", "JOUR", "article-journal"),
    "preprint": ("misc", "howpublished", "UNPB", "article"),
    "book": ("book", "publisher", "BOOK", "book"),
    "book-chapter": ("incollection", "booktitle", "CHAP", "chapter"),
    "dissertation": ("phdthesis", "school", "THES", "thesis"),
    "report": ("techreport", "institution", "RPRT", "report"),
    "dataset": ("misc", "howpublished", "DATA", "dataset"),
}
UNKNOWN = ("misc", "howpublished", "GEN", "document")
#: In the ACL Anthology everything but its two journals is in proceedings.
PROCEEDINGS = ("inproceedings", "booktitle", "CPAPER", "paper-conference")
_ANTHOLOGY_JOURNAL = re.compile(r"acl:(?:[JQ]\d|\d{4}\.(?:cl|tacl)-)")

_SUFFIX = re.compile(r"[JS]r\.?|I{2,3}|IV", re.IGNORECASE)
_GROUP = re.compile(
    r"&|\b(?:and|agency|association|center|centre|collaboration|college|committee|consortium|corp|council|department"
    r"|foundation|gmbh|group|inc|initiative|institute?|laborator(?:y|ies)|llc|ltd|ministry|network|office|organi[sz]ation|project|society"
    r"|team|universit\w*)\b",
    re.IGNORECASE,
)
#: Control characters, surrogates, and code points without a character.
_UNPRINTABLE = {"Cc", "Cs", "Cn", "Co"}
#: A name in Chinese, Japanese or Korean characters has no first and last name to tell apart.
_EAST_ASIAN = re.compile(r"[\s\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_MATH = re.compile(r"(\$[^$\s](?:[^$]*[^$\s\\])?\$)")
_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{character: f"\\{character}" for character in "&%$#_"},
    }
)
#: Both spellings of the character that begins a command.
_ESCAPE = re.compile(r"\\|\^\^")
#: Doubled, these become one character in LaTeX; braces prevent that.
_LIGATURE = re.compile(r"-(?=-)|`(?=`)|'(?=')")


def name_parts(name: str) -> NameParts:
    """Return the first names, particles (`van der`), last names and suffix (`Jr.`) of a printed name.

    A single word, or the name of a group of people, is a last name only.
    """
    words = name.replace("{", "").replace("}", "").split()
    if len(words) < 2 or _GROUP.search(name) or _EAST_ASIAN.fullmatch(name):
        return NameParts(last=[" ".join(words)])
    suffix = [words.pop()] if len(words) > 2 and _SUFFIX.fullmatch(words[-1]) else []
    parts = parse_single_name_into_parts(" ".join(words), strict=False)
    return NameParts(parts.first, parts.von, parts.last, [*parts.jr, *suffix])


def _kind(work: WorkDocument) -> tuple[str, str, str, str]:
    if work["id"].startswith("acl:") and work["type"] in {None, "article"}:
        return KINDS["article"] if _ANTHOLOGY_JOURNAL.match(work["id"]) else PROCEEDINGS
    return KINDS.get(work["type"] or "", UNKNOWN)


def _arxiv(work: WorkDocument) -> str | None:
    return next((id_.removeprefix("arxiv:") for id_ in work["ids"] if id_.startswith("arxiv:")), None)


def _note(work: WorkDocument) -> str | None:
    return "Retracted" if work.get("is_retracted") else None


def _subtype(work: WorkDocument) -> str | None:
    """Return the type of a work that its kind of entry or reference does not name."""
    is_named = work["type"] in KINDS and KINDS[work["type"]][0] != "misc" and not work["id"].startswith("acl:")
    return None if is_named else work["type"]


def _line(text: str | None) -> str:
    """Return a text as one line of printable characters; marks that join or part letters (U+200C, U+200D) are kept."""
    printable = "".join(c if unicodedata.category(c) not in _UNPRINTABLE else " " for c in text or "")
    return " ".join(printable.split())


# BibTeX


def bibtex(work: WorkDocument, key: str) -> str:
    """Return a work as a BibTeX entry; `key` is its citation key, unique in the file."""
    kind, venue_field, _, _ = _kind(work)
    arxiv = _arxiv(work)
    values = {
        "title": _braced(_line(work["title"])),
        "author": " and ".join(_bibtex_name(author["name"]) for author in work["researchers"]),
        venue_field: latex(_line(work["venue"])),
        "year": str(work["year"] or ""),
        "date": work["date"],
        "doi": latex(_line(work["doi"])),
        "eprint": latex(_line(arxiv)),
        "archiveprefix": arxiv and "arXiv",
        "url": latex(_line(work["url"])),
        "langid": latex(_line(work["language"])),
        "abstract": latex(_line(work["abstract"])),
        "note": _note(work),
        "entrysubtype": latex(_line(_subtype(work))),
        "ids": work["id"] if _balanced(work["id"]) and not _ESCAPE.search(work["id"]) else None,
    }
    fields = [Field(name, value) for name, value in values.items() if value]
    return write_string(Library([Entry(kind, key, fields)]))


def citation_key(work: WorkDocument) -> str:
    """Return a key like `kording2019reverse`: the first author's last name, the year, the title's first long word."""
    parts = name_parts(work["researchers"][0]["name"]) if work["researchers"] else NameParts()
    words = [_ascii(word) for word in re.split(r"[\W_]+", work["title"])]
    word = next((word for word in words if len(word) > 3), "".join(words[:1]))
    return f"{_ascii(''.join(parts.von + parts.last))}{work['year'] or ''}{word}" or _ascii(work["id"]) or "work"


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", plain.lower())


def latex(text: str) -> str:
    """Return a text as LaTeX: special characters are escaped, formulas between dollar signs are kept."""
    pieces = _MATH.split(text)
    return "".join(piece if n % 2 and _is_formula(piece) else _escaped(piece) for n, piece in enumerate(pieces))


def _is_formula(piece: str) -> bool:
    """Return whether a piece of text between dollar signs can be exported as the formula that it seems to be."""
    return _balanced(piece) and is_safe_formula(piece)


def _escaped(text: str) -> str:
    table = _SPECIAL if _balanced(text) else {**_SPECIAL, ord("{"): r"\textbraceleft{}", ord("}"): r"\textbraceright{}"}
    return _LIGATURE.sub(r"\g<0>{}", text.translate(table))


def _balanced(text: str) -> bool:
    """Return whether braces are balanced: BibTeX counts escaped ones too."""
    depth = 0
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            return False
    return depth == 0


def _braced(title: str) -> str:
    """Return a title as LaTeX, with braces around words whose capitals bibliography styles must keep.

    Those are words with a capital inside (`ReLU`, `DNA`), and names in a title that is otherwise in lower case.
    """
    pieces = _MATH.split(title)
    if not all(map(_balanced, pieces)) or not all(map(_is_formula, pieces[1::2])):
        return latex(title)
    words = title.split()
    is_plain = sum(word[0].isupper() for word in words[1:]) * 2 < len(words) - 1
    for n, piece in enumerate(pieces):
        if n % 2 == 0:
            # The first word of a title has a capital because it is first.
            words_and_spaces = enumerate(re.split(r"(\s+)", piece))
            pieces[n] = "".join(
                _keep_capitals(word, may_be_name=is_plain and bool(n or m)) for m, word in words_and_spaces
            )
    return "".join(pieces)


def _keep_capitals(word: str, *, may_be_name: bool) -> str:
    """Return a word as LaTeX with braces around parts that have a capital inside, or first if it may be a name."""
    parts = []
    for n, part in enumerate(re.split(r"([/:(-]+)", word)):
        inside = part if may_be_name and n == 0 else part[1:]
        is_kept = any(character.isupper() for character in inside) and _balanced(part)
        parts.append(f"{{{_escaped(part)}}}" if is_kept else part.translate(_SPECIAL))
    return _LIGATURE.sub(r"\g<0>{}", "".join(parts))


def _bibtex_name(name: str) -> str:
    parts = name_parts(_line(name))
    if not parts.first:
        return f"{{{latex(' '.join(parts.von + parts.last))}}}"
    return latex(parts.merge_last_name_first)


# RIS


class _Ris(rispy.RisWriter):  # type: ignore[misc]  # rispy has no type information
    """RIS without the numbers that rispy writes before each reference: the format has no such lines."""

    def set_header(self, count: int) -> str:  # noqa: ARG002 (rispy's own signature)
        return ""


def ris(work: WorkDocument) -> str:
    """Return a work as a RIS reference. The format requires each value on one line."""
    date = work["date"].replace("-", "/") if work["date"] else None
    arxiv = _arxiv(work)
    values = {
        "type_of_reference": _kind(work)[2],
        "id": _line(work["id"]),
        "type_of_work": _line(_subtype(work)),
        "title": _line(work["title"]),
        "authors": [_ris_name(author["name"]) for author in work["researchers"]],
        "year": str(work["year"] or ""),
        "date": date,
        "secondary_title": _line(work["venue"]),
        "doi": _line(work["doi"]),
        "number": arxiv and f"arXiv:{arxiv}",
        "urls": [_line(work["url"])] if work["url"] else [],
        "language": _line(work["language"]),
        "keywords": [_line(topic["name"]) for topic in work["topics"]],
        "abstract": _line(work["abstract"]),
        "notes": [note] if (note := _note(work)) else [],
        "name_of_database": _line(work["source"]),
    }
    return str(rispy.dumps([{name: value for name, value in values.items() if value}], implementation=_Ris))


def _ris_name(name: str) -> str:
    parts = name_parts(_line(name))
    last = " ".join(parts.von + parts.last)
    return ", ".join(part for part in (last, " ".join(parts.first), " ".join(parts.jr)) if part)


# CSL


def csl(work: WorkDocument) -> str:
    """Return a work as a CSL-JSON item."""
    parts = (work["date"] or "").split("-")
    date = list(map(int, parts)) if all(map(str.isdecimal, parts)) else [work["year"]]
    arxiv = _arxiv(work)
    item = {
        "id": work["id"],
        "type": _kind(work)[3],
        "genre": _subtype(work),
        "title": work["title"],
        "author": [_csl_name(author) for author in work["researchers"]],
        "issued": {"date-parts": [date]} if date != [None] else None,
        "container-title": work["venue"],
        "DOI": work["doi"],
        "URL": work["url"],
        "number": arxiv and f"arXiv:{arxiv}",
        "abstract": work["abstract"],
        "language": work["language"],
        "source": work["source"],
        "note": _note(work),
    }
    return json.dumps({name: value for name, value in item.items() if value}, ensure_ascii=False)


def _csl_name(author: Authorship) -> dict[str, str]:
    parts = name_parts(author["name"])
    if not parts.first:
        return {"literal": " ".join(parts.von + parts.last)}
    named = {
        "family": " ".join(parts.last),
        "given": " ".join(parts.first),
        "non-dropping-particle": " ".join(parts.von),
        "suffix": " ".join(parts.jr),
    }
    return {name: value for name, value in named.items() if value}
