"""Pasted texts in addresses: what fits, what comes out again, and what is refused."""

from __future__ import annotations

import base64
import random
import re
import zlib
from urllib.parse import quote

import pytest

from search_api.http.args import MAX_QUERY
from search_api.http.errors import Problem
from search_api.web.pasted import MAX_ADDRESS, address_of, find_conflicts, pack, unpack
from tests.search_api.test_web import WORK, FakeOpenSearch, app_over

WORDS = [
    "neurons",
    "encode",
    "movement",
    "by",
    "their",
    "rate",
    "while",
    "decoding",
    "maps",
    "spikes",
    "onto",
    "the",
    "velocity",
    "of",
    "a",
    "hand",
]
ABSTRACT = " ".join(random.Random(1).choices(WORDS, k=250))


@pytest.mark.parametrize("text", ["a", ABSTRACT, "神经元编码运动。" * 60, "😀 & <b>?#%\n\t", "Ω" * MAX_QUERY])
def test_a_text_comes_out_as_it_went_in(text: str) -> None:
    packed = pack(text)
    assert quote(packed, safe="") == packed
    assert unpack(packed) == text


def test_short_texts_are_readable_and_long_ones_compressed_or_left_out() -> None:
    assert address_of("spiking neurons") == {"text": "spiking neurons"}
    packed = address_of(ABSTRACT)
    assert packed is not None
    assert packed.keys() == {"packed"}
    assert len(packed["packed"]) < len(ABSTRACT)
    letters = "".join(chr(number) for number in range(0x4E00, 0x4E00 + 5_000))
    assert address_of("".join(random.Random(1).choices(letters, k=5_000))) is None


BOMB = base64.urlsafe_b64encode(zlib.compress(bytes(50_000_000), 9, wbits=-15)).decode()


@pytest.mark.parametrize("packed", ["!", "AAAA", "é", pack(ABSTRACT)[:-9], pack(ABSTRACT) + "AAAA", BOMB, "%00"])
def test_what_is_damaged_is_refused_with_a_reason(packed: str) -> None:
    with pytest.raises(Problem, match="damaged"):
        unpack(packed)
    page = app_over(FakeOpenSearch([WORK])).test_client().get("/related", query_string={"packed": packed})
    assert page.status_code == 400
    assert "copied completely" in page.text


def test_a_pasted_text_gets_an_address_unless_it_shall_be_private() -> None:
    client = app_over(FakeOpenSearch([WORK])).test_client()
    shared = client.post("/related", data={"text": "spiking neurons", "authors": "Ada Alder"})
    assert (shared.status_code, shared.location) == (303, "/related?text=spiking+neurons&authors=Ada+Alder")
    long = client.post("/related", data={"text": ABSTRACT})
    assert len(long.location) < MAX_ADDRESS
    assert ABSTRACT[:150] in client.get(long.location).text
    private = client.post("/related", data={"text": ABSTRACT, "private": "true"})
    assert private.status_code == 200
    assert not [href for href in re.findall(r'href="([^"]*)"', private.text) if WORDS[0] in href or "packed=" in href]


@pytest.mark.parametrize(
    "query", ["show=experts&colour=red", "show=works&year=soon", "topic=cs.LG", "show=works&page=0"]
)
def test_parameters_are_checked(query: str) -> None:
    answer = app_over(FakeOpenSearch([WORK])).test_client().get(f"/related?text=x&{query}")
    assert answer.status_code == 400


def test_too_many_authors_are_refused_before_they_are_looked_up() -> None:
    with pytest.raises(Problem, match="At most 50"):
        find_conflicts(None, "\n".join(f"Author {number}" for number in range(51)))  # type: ignore[arg-type]


def test_a_page_contains_the_text_a_few_times_only() -> None:
    text = " ".join(random.Random(1).choices(WORDS, k=1_500))
    packed = (address_of(text) or {})["packed"]
    page = app_over(FakeOpenSearch([WORK] * 10)).test_client().get(f"/related?packed={packed}&show=works").text
    assert page.count(packed) <= 10
