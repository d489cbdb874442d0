"""Compare two records: titles, authors, and whether one describes a preprint."""

from __future__ import annotations

import hashlib
import re
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING

from indexer.identity.compatibility import Verdict, compatible
from indexer.identity.keys import fold_name
from indexer.identity.names import parse_name, surname_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.records import Author, Work

#: A title with fewer letters (`Editorial`, `Introduction`) is that of many works.
MIN_TITLE = 16
#: The same for titles in Chinese, Japanese and Korean, where a letter is a syllable or a word.
MIN_ASIAN_TITLE = 8
#: Share of equal letters from which two titles are the same with a misprint or another punctuation.
SIMILAR = 0.85
#: Letters of the start that two titles share when one lacks the subtitle.
MIN_START = 20
#: Share of the shorter list of authors that the longer one contains, for compatible lists.
SHARED_AUTHORS = 0.75
#: Authors that are compared.
MAX_AUTHORS = 100
_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MARKUP = re.compile(r"<[^<>]{0,100}>|\\[a-zA-Z]+|[${}^_~]")
_PREPRINT_TYPES = frozenset(("preprint", "posted-content", "posted_content", "submitted", "working-paper"))
_PREPRINT_SCHEMES = ("arxiv:",)
#: DOIs of servers of preprints. bioRxiv and medRxiv have digits or a date after the registrant of their publisher.
_PREPRINT_DOI = re.compile(
    r"doi:(?:10\.48550/|10\.1101/(?:\d{6}|\d{4}\.\d\d\.\d\d\.\d+)(?:v\d+)?$|10\.64898/|10\.2139/ssrn|10\.21203/rs"
    r"|10\.26434/chemrxiv|10\.31234/|10\.31219/|10\.31235/|10\.31223/|10\.20944/preprints|10\.36227/techrxiv|10\.22541/)"
)
_PREPRINT_VENUE = re.compile(
    r"\b(?:arxiv|biorxiv|medrxiv|chemrxiv|psyarxiv|socarxiv|eartharxiv|techrxiv|ssrn|corr|research square"
    r"|preprints?)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=20_000)
def fold_title(title: str) -> str:
    """Return the letters and digits of a title in lower case, without diacritics, TeX commands, tags and spaces."""
    return fold_name(_MARKUP.sub(" ", title)).replace(" ", "")


def version_keys(work: Work) -> list[str]:
    """Return keys of which a preprint and its published version share one; none for a title that many works have.

    A key is a digest of the folded title and the family name of the first author, or of the first one in the alphabet.
    """
    folded = fold_title(work.title)
    if len(folded) < (MIN_ASIAN_TITLE if _ASIAN.search(folded) else MIN_TITLE) or not work.authors:
        return []
    surnames = [_surname(author) for author in work.authors[:MAX_AUTHORS]]
    texts = {f"{folded}|{surname}" for surname in (surnames[0], min(surnames))}
    return sorted(hashlib.blake2b(text.encode(), digest_size=8).hexdigest() for text in texts)


def _surname(author: Author) -> str:
    return surname_key(parse_name(author.name).surname)


def is_same_title(a: str, b: str) -> bool:
    """Return whether two titles are equal but for punctuation, a misprint, or a subtitle that one of them lacks."""
    first, second = fold_title(a), fold_title(b)
    if first == second:
        return True
    short, long = sorted((first, second), key=len)
    if not short:
        return False
    if len(short) >= MIN_START and long.startswith(short):
        return True
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    return min(map(len, (first, second))) >= MIN_TITLE and (
        matcher.real_quick_ratio() >= SIMILAR and matcher.quick_ratio() >= SIMILAR and matcher.ratio() >= SIMILAR
    )


def share_author(a: Sequence[Author], b: Sequence[Author]) -> bool:
    """Return whether two lists have a person with compatible names."""
    return bool(common_authors(a, b))


def have_compatible_authors(a: Work, b: Work) -> bool:
    """Return whether two lists of authors can be those of one work: most of the shorter list is in the other one.

    Of lists of the first authors only, the first ones have to agree.
    """
    if a.authors_truncated or b.authors_truncated:
        return bool(a.authors and b.authors) and is_same_name(a.authors[0], b.authors[0])
    shorter = min(len(a.authors), len(b.authors), MAX_AUTHORS)
    return shorter > 0 and len(common_authors(a.authors, b.authors)) >= SHARED_AUTHORS * shorter


def common_authors(a: Sequence[Author], b: Sequence[Author]) -> list[tuple[int, int]]:
    """Return the positions (from 0) of people whom both lists have, each once; equal positions are tried first."""
    first, second = a[:MAX_AUTHORS], b[:MAX_AUTHORS]
    pairs = [(i, i) for i in range(min(len(first), len(second))) if is_same_name(first[i], second[i])]
    left = [i for i in range(len(first)) if (i, i) not in set(pairs)]
    right = [i for i in range(len(second)) if (i, i) not in set(pairs)]
    for i in left:
        if (match := next((j for j in right if is_same_name(first[i], second[j])), None)) is not None:
            pairs.append((i, match))
            right.remove(match)
    return sorted(pairs)


def is_same_name(a: Author, b: Author) -> bool:
    """Return whether two names may be those of one person on one work."""
    names = [parse_name(author.name) for author in (a, b)]
    return compatible(*names) is not Verdict.INCOMPATIBLE


def is_preprint_id(id_: str) -> bool:
    """Return whether an id is that of a preprint."""
    return id_.startswith(_PREPRINT_SCHEMES) or bool(_PREPRINT_DOI.match(id_))


def is_preprint(work: Work) -> bool:
    """Return whether a record describes a preprint: by its own id, type, DOI or venue."""
    kind = (work.type or "").lower().replace(" ", "-")
    return (
        is_preprint_id(work.id)
        or kind in _PREPRINT_TYPES
        or (work.doi is not None and is_preprint_id(f"doi:{work.doi}"))
        or (work.venue is not None and _PREPRINT_VENUE.search(work.venue) is not None)
    )


def own_id(work: Work) -> str:
    """Return an id for a work whose DOI is that of another work in its file, made of its title and authors."""
    text = f"{work.id} {fold_title(work.title)} {' '.join(author.name for author in work.authors[:3])}"
    return f"local:{hashlib.sha256(text.encode('utf-8')).hexdigest()[:16]}"
