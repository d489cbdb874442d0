"""The analyzers of all indices: shared steps from analysis.json, and a stemmer for each language that has one.

Texts are folded (case, diacritics, width, joiners, compatibility characters) before they are stemmed, so that a word is
found however it is typed. The field that all works share is stemmed by KStem, which removes endings only
from words of its English lexicon: it decides what matches. Its subfield `english`, stemmed by Porter's second stemmer,
ranks what matches. Other languages have a field each (`localized`), filled by works with a known `language`.

Each pattern in analysis.json begins with the character it replaces and looks at its neighbours only then: a pattern
that begins with a condition tests it at every character of every text, which took a quarter of OpenSearch's processor
time for indexing.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from mappings.characters import PLAIN_CHARACTERS

FOLDED = ("asciifolding",)
#: Stemmer of each language in `works.localized`, as OpenSearch names it, and the filters before it. Portuguese endings
#: are recognized by their accents, which the stemmer removes itself.
LANGUAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "ar": ("arabic", FOLDED),
    "bg": ("bulgarian", FOLDED),
    "ca": ("catalan", FOLDED),
    "cs": ("czech", FOLDED),
    "da": ("danish", FOLDED),
    "de": ("light_german", ("german_compounds", "german_normalization", "asciifolding")),
    "el": ("greek", FOLDED),
    "es": ("light_spanish", FOLDED),
    "fi": ("light_finnish", FOLDED),
    "fr": ("minimal_french", FOLDED),
    "hi": ("hindi", FOLDED),
    "hu": ("light_hungarian", FOLDED),
    "id": ("indonesian", FOLDED),
    "it": ("light_italian", FOLDED),
    "nl": ("dutch", FOLDED),
    "no": ("light_norwegian", FOLDED),
    "pt": ("light_portuguese", ()),
    "ro": ("romanian", FOLDED),
    "ru": ("russian", FOLDED),
    "sv": ("swedish", FOLDED),
    "tr": ("turkish", ("apostrophe", "asciifolding")),
}
#: Codes of three letters (ISO 639-2) and variants of those languages.
_CODES = {
    "ara": "ar",
    "bul": "bg",
    "cat": "ca",
    "ces": "cs",
    "cze": "cs",
    "dan": "da",
    "deu": "de",
    "ger": "de",
    "ell": "el",
    "gre": "el",
    "spa": "es",
    "fin": "fi",
    "fra": "fr",
    "fre": "fr",
    "hin": "hi",
    "hun": "hu",
    "ind": "id",
    "ita": "it",
    "nld": "nl",
    "dut": "nl",
    "nor": "no",
    "nob": "no",
    "nno": "no",
    "nb": "no",
    "nn": "no",
    "por": "pt",
    "ron": "ro",
    "rum": "ro",
    "rus": "ru",
    "swe": "sv",
    "tur": "tr",
}
#: Steps on characters, of all texts but names.
_CHARACTERS = (
    *("characters", "joiners", "other_joiners", "points", "latex_fonts", "script_tags", "scripts"),
    *("plus_plus", "sharp", "before_greek", "after_greek", "greek_words"),
)
#: Steps on words that only affect their own script.
_SCRIPTS = (
    *("arabic_normalization", "persian_normalization", "decimal_digit", "indic_normalization", "hindi_normalization"),
    "greek_names",
)
#: KStem knows some plurals as words, so that `books` would not find `book`. Porter's stemmer would find "elevation" for
#: `eleve` (élève). nDCG@10 by keyword on cranfield / cacm / med / scifact: .366 / .525 / .699 / .695, with KStem alone
#: .363 / .527 / .693 / .696, with Porter's second stemmer, which was used before, .373 / .516 / .704 / .700.
_STEMMING = ("plurals", "kstem")
#: Stemming of the subfields that rank. nDCG@10 of hybrid search on cranfield / cacm: .433 / .593 ranked by these, .426
#: / .568 ranked by KStem.
_RANKING = ("english_stemmer",)
#: Folding of texts and names: both ways in which letters such as `ö` are written without diacritics; a query has one of
#: them.
_FOLDING, _QUERY_FOLDING = "folded_or_spelt_out", "asciifolding"


def language_of(code: str | None) -> str | None:
    """Return the language in `LANGUAGES` that a code such as `de`, `de-AT` or `ger` means; None for others."""
    start = (code or "").strip().lower().replace("_", "-").partition("-")[0]
    language = _CODES.get(start, start)
    return language if language in LANGUAGES else None


def analysis() -> dict[str, Any]:
    """Return the part `analysis` of the settings of an index."""
    shared: dict[str, Any] = json.loads(files("mappings").joinpath("analysis.json").read_text(encoding="utf-8"))
    parts = shared["analysis"]
    parts["char_filter"]["characters"]["mappings"] += [f"{sign}=>{plain}" for sign, plain in PLAIN_CHARACTERS.items()]
    parts["filter"] |= {"plurals": _stemmer("minimal_english"), "english_stemmer": _stemmer("english")}
    parts["filter"] |= {f"{name}_stemmer": _stemmer(stemmer) for name, (stemmer, _) in LANGUAGES.items()}
    words = ("cjk_width", "english_possessive", "greek_lowercase", "articles", "apostrophes", "english_stop", *_SCRIPTS)
    exact = ("cjk_width", "greek_lowercase", "articles", "apostrophes", *_SCRIPTS, "asciifolding")
    names = ("cjk_width", "greek_lowercase", *_SCRIPTS[:2], *_SCRIPTS[3:5])
    parts["analyzer"] = {
        "stemmed": _analyzer(_CHARACTERS, (*words, "bigrams", _FOLDING, *_STEMMING)),
        "stemmed_query": _analyzer(_CHARACTERS, (*words, "query_bigrams", _QUERY_FOLDING, *_STEMMING)),
        "english": _analyzer(_CHARACTERS, (*words, "bigrams", _FOLDING, *_RANKING)),
        "english_query": _analyzer(_CHARACTERS, (*words, "query_bigrams", _QUERY_FOLDING, *_RANKING)),
        "exact": _analyzer(_CHARACTERS, exact),
        "name": _analyzer(_CHARACTERS[:3], (*names, _QUERY_FOLDING)),
        "printed_name": _analyzer(_CHARACTERS[:3], (*names, _FOLDING)),
        **{
            f"text_{name}": _analyzer(_CHARACTERS, (*exact[:-1], *before, f"{name}_stemmer"))
            for name, (_, before) in LANGUAGES.items()
        },
    }
    return shared


def _stemmer(language: str) -> dict[str, str]:
    return {"type": "stemmer", "language": language}


def _analyzer(characters: tuple[str, ...], words: tuple[str, ...]) -> dict[str, Any]:
    return {"char_filter": list(characters), "tokenizer": "standard", "filter": list(words)}
