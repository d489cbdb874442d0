"""What an author is known by, and the ids that researchers get from it.

By itself a name on a work is known by the id that its source gives, else by an ORCID iD, else by the folded name. That
is where resolving begins: a new author's provisional id comes from it, and evidence then joins and parts (`resolve`).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indexer.records import Author

#: A source's id that is only a slug of the name says nothing that the name does not.
NAME_SCHEME = "name:"

#: Letters that Unicode does not decompose, as they are commonly transcribed.
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i", "ħ": "h"}
)
#: Apostrophes as they are typed; they join what a hyphen would part.
_APOSTROPHES = "'`\u2019\u02bc"
_NO_APOSTROPHES = str.maketrans("", "", _APOSTROPHES)
_BETWEEN = re.compile(r"[\W_]+")


@lru_cache(maxsize=100_000)  # resolving a collection asks for each word of each name a dozen times
def fold_name(name: str) -> str:
    """Return a name without case, diacritics and punctuation: `Jürgen O'Neill-Jost` becomes `jurgen oneill jost`."""
    letters = name.casefold()
    if not letters.isascii():
        decomposed = unicodedata.normalize("NFKD", letters).translate(_LETTERS)
        letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(_BETWEEN.sub(" ", letters.translate(_NO_APOSTROPHES)).split())


def strong_id(author: Author) -> str | None:
    """Return the id by which the source itself knows this person, None where it knows only a name."""
    return author.id if author.id and not author.id.startswith(NAME_SCHEME) else None


def identity_key(author: Author) -> str:
    """Return what makes two authors one researcher: the source's id, else the ORCID iD, else the folded name."""
    if found := strong_id(author):
        return found
    if author.orcid:
        return f"orcid:{author.orcid}"
    # A name in a script that folds to nothing is still a name.
    return NAME_SCHEME + (fold_name(author.name) or author.name)


def researcher_id(key: str) -> str:
    """Return a researcher's id for an identity key: readable, fit for a URL, and the same in every run.

    `name:konrad p kording` becomes `konrad-p-kording-` and eight hex digits of the key's SHA-256, so that two keys
    that read alike stay two ids.
    """
    readable = re.sub(r"[^a-z0-9]+", "-", fold_name(key.partition(":")[2])).strip("-")[:60]
    digest = hashlib.sha256(key.encode("utf-8")).hexdigest()[:8]
    return f"{readable}-{digest}" if readable else digest
