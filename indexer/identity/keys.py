"""Identity keys of authors, and the researcher ids made from them.

The key of a name on a work is the id of its source, else an ORCID iD, else the folded name. A new author's provisional
id is made from it, before evidence is weighed (`resolve`).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from indexer.records.work import NAME_SCHEME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.records import Author

#: Letters that Unicode does not decompose, with their usual transcription.
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i", "ħ": "h"}
)
#: Apostrophes as they are typed. They are removed, while hyphens separate words.
_APOSTROPHES = "'`\u2019\u02bc"
_NO_APOSTROPHES = str.maketrans("", "", _APOSTROPHES)
_BETWEEN = re.compile(r"[\W_]+")


@lru_cache(maxsize=100_000)  # resolving a collection folds each word of each name a dozen times
def fold_name(name: str) -> str:
    """Return a name in lower case without diacritics and punctuation: `Jürgen O'Neill-Jost` is `jurgen oneill jost`."""
    letters = name.casefold()
    if not letters.isascii():
        decomposed = unicodedata.normalize("NFKD", letters).translate(_LETTERS)
        letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(_BETWEEN.sub(" ", letters.translate(_NO_APOSTROPHES)).split())


def strong_id(author: Author) -> str | None:
    """Return the id that the source assigned to this person; None when it only has a name."""
    return author.id if author.id and not author.id.startswith(NAME_SCHEME) else None


def without_shared_ids(authors: Sequence[Author]) -> list[Author]:
    """Return the authors of a work without ids that several of them have: publishers repeat the iD of one on all."""
    counts = Counter(id_ for author in authors for id_ in {author.id, author.orcid} if id_)
    if len(counts) == counts.total():
        return list(authors)
    return [
        replace(
            author,
            id=author.id if counts[author.id or ""] <= 1 else None,
            orcid=author.orcid if counts[author.orcid or ""] <= 1 else None,
        )
        for author in authors
    ]


def identity_key(author: Author) -> str:
    """Return the key of an author: the source's id, else the ORCID iD, else the folded name."""
    if id_ := strong_id(author):
        return id_
    if author.orcid:
        return f"orcid:{author.orcid}"
    # A name in a script without letters for folding stays as it is.
    return NAME_SCHEME + (fold_name(author.name) or author.name)


def researcher_id(key: str) -> str:
    """Return the researcher id for an identity key: readable, safe in a URL, and the same in every run.

    `name:konrad p kording` becomes `konrad-p-kording-` and eight hex digits of the key's SHA-256, so that two
    keys with the same readable part have different ids.
    """
    readable = re.sub(r"[^a-z0-9]+", "-", fold_name(key.partition(":")[2])).strip("-")[:60]
    digest = hashlib.sha256(key.encode("utf-8")).hexdigest()[:8]
    return f"{readable}-{digest}" if readable else digest
