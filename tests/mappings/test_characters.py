"""Compatibility characters and letters that are spelt out: one table for analyzers and queries."""

from __future__ import annotations

import json
import re
import unicodedata
from importlib.resources import files

import pytest

from mappings import plain_characters, spelt_out
from mappings.analysis import analysis
from mappings.characters import PLAIN_CHARACTERS
from search_api.retrieval.syntax import parse
from search_api.retrieval.terms import shorten

FILTERS = json.loads(files("mappings").joinpath("analysis.json").read_text(encoding="utf-8"))["analysis"]["filter"]


@pytest.mark.parametrize(
    ("printed", "plain"),
    [
        *(("\u21131 norm of \U0001d431", "l1 norm of x"), ("\U0001d53c[\U0001d4a9]", "E[N]"), ("\ufb01bre", "fibre")),
        *(("\uff27\uff30\uff35\uff13", "GPU3"), ("\uff23\uff0b\uff0b", "C++"), ("12\u338f", "12kg"), ("\u339b", "um")),
        *(("CO\u2082", "CO2"), ("Fe\u00b3\u207a", "Fe3+"), ("\u00bd", "1/2"), ("\u2163", "IV"), ("\u2460", "1")),
        *(
            ("Matlab\u2122", "Matlab\u2122"),
            ("\u2116 5", "\u2116 5"),
            ("G\u00fcrsoy", "G\u00fcrsoy"),
            ("plain", "plain"),
        ),
        *(("\u30ac\u30e9\u30b9", "\u30ac\u30e9\u30b9"), ("\ud55c\uad6d", "\ud55c\uad6d"), ("\u2192", "\u2192")),
    ],
)
def test_characters_that_stand_for_others_are_read_as_those(printed: str, plain: str) -> None:
    assert plain_characters(printed) == plain
    query = parse(printed)
    assert (query.source, query) == (plain, parse(plain))
    assert shorten(printed) == shorten(plain)


def test_every_character_has_one_plain_form_which_stays() -> None:
    mappings = analysis()["analysis"]["char_filter"]["characters"]["mappings"]
    sources = [mapping.partition("=>")[0] for mapping in mappings]
    assert len(sources) == len(set(sources))
    assert PLAIN_CHARACTERS.keys() <= set(sources)
    for plain in PLAIN_CHARACTERS.values():
        assert plain == plain_characters(plain) == unicodedata.normalize("NFC", plain)
        assert plain.isprintable()
        assert not any(part.isspace() for part in plain)


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        *(
            ("G\u00fcrsoy", "Guersoy"),
            ("M\u00dcLLER", "MUeLLER"),
            ("\u00d8deg\u00e5rd", "Oedegaard"),
            ("Wei\u00df", "Weiss"),
        ),
        *(
            ("\u00c5ngstr\u00f6m", "Aangstroem"),
            ("Kj\u00e6r", "Kjaer"),
            ("B\u0153uf", "Boeuf"),
            ("Xue", "Xue"),
            ("Dvo\u0159\u00e1k", "Dvo\u0159\u00e1k"),
        ),
    ],
)
def test_letters_are_spelt_out_as_the_index_has_them(name: str, spelt: str) -> None:
    assert spelt_out(name) == spelt


def test_the_index_has_the_same_letters_spelt_out() -> None:
    for name in ("umlaut_a", "umlaut_o", "umlaut_u", "ring_a"):
        letters = [letter for letter in map(chr, range(0x80, 0x180)) if re.fullmatch(FILTERS[name]["pattern"], letter)]
        assert letters
        assert {spelt_out(letter) for letter in letters} == {FILTERS[name]["replacement"]}
