"""People found by name, however it is written: records of made-up people in a real index, one table of spellings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np
import pytest

from indexer.run import run
from indexer.sources import open_sources
from mappings import IndexNames, drop
from peerscope.embedding import Embedder, ModelDescription
from search_api.app import create_app
from search_api.http.services import Services

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from flask.testing import FlaskClient
    from numpy.typing import NDArray
    from opensearchpy import OpenSearch

    from indexer.run.progress import NoProgress

#: Name as printed -> works.
PEOPLE = {
    "Konrad P. Kording": 5,
    "Kenneth Koren": 1,
    "Jürgen Müller": 3,
    "Jan Mulder": 1,
    "Erwin Schrödinger": 1,
    "Jean-Pierre Dupont": 2,
    "J.-P. Duval": 1,
    "Ludwig van der Berg": 1,
    "Juan de la Cruz": 1,
    "Ana Cruz": 4,
    "Søren Ångström": 1,
    "Wei Wang": 1,
    "Weiwei Wang": 30,
    "Wei Wang-Liu": 30,
    "Maria Garcia": 9,
    "Maria Garcia-Lopez": 2,
    "Łukasz Żak": 1,
}
#: So many names begin with a K that a search that tries only the first of them would not come to Konrad.
CROWD = [f"Ka{a}{b} Aarden{a}" for a in "abcdefghij" for b in "abcdefghijklmno"]


class Flat(Embedder):
    """A model for which all works are alike: names are looked for here, not meaning."""

    def __init__(self) -> None:
        super().__init__(ModelDescription("flat", 4, "mean", "", "", 8, "flat"))

    def _encode_works(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.tile(np.array([1, 0, 0, 0], np.float32), (len(texts), 1))

    def _encode_query(self, text: str) -> NDArray[np.float32]:
        return np.array([1, 0, 0, 0], np.float32)


@pytest.fixture(scope="module")
def client(
    opensearch: OpenSearch, silent: NoProgress, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("names")
    names = IndexNames(f"names-{uuid4().hex[:8]}-")
    run.index(opensearch, names, Flat(), open_sources([str(written(folder))]), folder, silent)
    yield create_app(services=Services(opensearch, names, Flat)).test_client()
    drop(opensearch, names)


def written(folder: Path) -> Path:
    """Write works for everybody, each person under an id of their own."""
    works = [
        {
            "id": f"local:{number}-{n}",
            "title": f"Work {n} of person {number}",
            "year": 2020,
            "authors": [{"name": name, "id": f"acl:person-{number}"}],
        }
        for number, (name, count) in enumerate([*PEOPLE.items(), *((name, 1) for name in CROWD)])
        for n in range(count)
    ]
    path = folder / "works.jsonl"
    path.write_text("\n".join(json.dumps(work) for work in works), encoding="utf-8")
    return path


def found(client: FlaskClient, name: str) -> list[str]:
    answer = client.get("/api/v1/researchers", query_string={"q": name}).get_json()
    return [one["name"] for one in answer["results"]]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Konrad Kording", "Konrad P. Kording"),
        ("K Kording", "Konrad P. Kording"),
        ("K. P. Kording", "Konrad P. Kording"),
        ("KP Kording", "Konrad P. Kording"),
        ("Kording, Konrad", "Konrad P. Kording"),
        ("KORDING KONRAD", "Konrad P. Kording"),
        ("Kordign", "Konrad P. Kording"),
        ("Konrd Kording", "Konrad P. Kording"),
        ("Körding", "Konrad P. Kording"),
        ("konr kord", "Konrad P. Kording"),
        ("Müller", "Jürgen Müller"),
        ("Mueller", "Jürgen Müller"),
        ("Muller", "Jürgen Müller"),
        ("Juergen Mueller", "Jürgen Müller"),
        ("J. Müller", "Jürgen Müller"),
        ("Schroedinger", "Erwin Schrödinger"),
        ("schrodinger erwin", "Erwin Schrödinger"),
        ("Jean Pierre Dupont", "Jean-Pierre Dupont"),
        ("Jean-Pierre Dupont", "Jean-Pierre Dupont"),
        ("J.-P. Dupont", "Jean-Pierre Dupont"),
        ("J-P Dupont", "Jean-Pierre Dupont"),
        ("Jean-Pierre Duval", "J.-P. Duval"),
        ("Ludwig Berg", "Ludwig van der Berg"),
        ("van der Berg, L.", "Ludwig van der Berg"),
        ("L. van den Berg", "Ludwig van der Berg"),
        ("Cruz, Juan de la", "Juan de la Cruz"),
        ("Juan Cruz", "Juan de la Cruz"),
        ("Ana de la Cruz", "Ana Cruz"),
        ("Soren Angstrom", "Søren Ångström"),
        ("Soeren Aangstroem", "Søren Ångström"),
        ("Lukasz Zak", "Łukasz Żak"),
        ("Wei Wang", "Wei Wang"),
        ("Wang, Wei", "Wei Wang"),
        ("maria garcia", "Maria Garcia"),
        ("Maria Garcia Lopez", "Maria Garcia-Lopez"),
    ],
)
def test_who_is_meant_comes_first(client: FlaskClient, written: str, meant: str) -> None:
    assert found(client, written)[:1] == [meant]


def test_among_those_who_match_alike_more_works_come_first(client: FlaskClient) -> None:
    cruz = found(client, "Cruz")
    assert cruz == ["Ana Cruz", "Juan de la Cruz"]
    assert found(client, "W Wang")[-1] == "Wei Wang"


@pytest.mark.parametrize("name", ["Nobody Here", "Kording Mueller", "Zzyzx", "...", ","])
def test_who_is_not_there_is_not_found(client: FlaskClient, name: str) -> None:
    assert found(client, name) == []
