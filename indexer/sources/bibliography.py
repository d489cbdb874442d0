"""What BibTeX, RIS and CSL-JSON have in common: a reference as a person keeps it, in the import format.

Such files are kept by hand. So ids come from what is stable (a DOI, an arXiv number) and only else from the citation
key; and keywords stay out, because each library has its own.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from typing import TYPE_CHECKING, Any

from mappings import bare_doi

if TYPE_CHECKING:
    from collections.abc import Mapping

_ARXIV = re.compile(
    r"arxiv(?:\.org/\w+/|:\s*)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?(?!\d)", re.IGNORECASE
)
_DATE = re.compile(r"(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2}))?)?(?!\d)")


def reference(
    key: str | None, *, doi: str | None = None, arxiv: str | None = None, dated: str | None = None, **rest: Any
) -> dict[str, Any]:
    """Give a reference in the import format; `key` is its citation key, `dated` a date or the start of one."""
    day, year = date_and_year(dated)
    url = rest.get("url")
    return {
        "id": _id(key, doi, arxiv) or _id_of_content(year, rest),
        "doi": doi,
        "date": day,
        "year": year,
        "source": "bibliography",
        **rest,
        "url": url if url and url.lower().startswith(("http://", "https://")) else None,
        "language": _language(rest.get("language")),
    }


def _id(key: str | None, doi: str | None, arxiv: str | None) -> str | None:
    """Give the most stable id there is. A DOI that is none is refused later, with all that the record says."""
    if doi:
        try:
            return f"doi:{bare_doi(doi)}"
        except ValueError:
            pass
    if arxiv:
        return f"arxiv:{arxiv}"
    slug = re.sub(r"[^\w.:+-]+", "-", key or "").strip("-")
    return f"local:{slug}" if slug else None


def _id_of_content(year: int | None, rest: Mapping[str, Any]) -> str | None:
    """Give an id for a reference without any, as RIS files have them: its title, and a hash of who and when."""
    title = " ".join((rest.get("title") or "").casefold().split())
    if not title:
        return None
    names = [author["name"] for author in rest["authors"]]
    digest = hashlib.sha256(f"{title}|{year}|{names}".encode("utf-8", "replace")).hexdigest()[:8]
    slug = re.sub(r"\W+", "-", title)[:40].strip("-")
    return f"local:{slug}-{digest}"


def arxiv_number(*candidates: str | None) -> str | None:
    """Give the arXiv number in the first text that has one: in `arXiv:1910.00744v2` or an address; else None."""
    return next((match[1] for text in candidates if text and (match := _ARXIV.search(text))), None)


def date_and_year(text: str | None) -> tuple[str | None, int | None]:
    """Give the full date, if there is one, and the year of a text like `2019`, `2019-10`, `2019/10/02/`."""
    match = _DATE.search(text or "")
    if not match:
        return None, None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        return (date(year, month, day).isoformat() if month and day else None), year  # type: ignore[arg-type]
    except ValueError:
        return None, year


def first_last(name: str) -> str:
    """Turn `Last, First` and `Last, First, Jr.` around; a name without a comma stays as it is."""
    last, *rest = (part.strip() for part in name.split(","))
    return " ".join(part for part in [*rest[:1], last, *rest[1:]] if part)


def _language(text: str | None) -> str | None:
    """Give a code of two letters (`en` of `en-US`); other spellings are not guessed at."""
    match = re.fullmatch(r"([a-z]{2})(?:[-_]\w+)?", (text or "").strip(), re.IGNORECASE)
    return match[1].lower() if match else None
