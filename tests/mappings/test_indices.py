from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from mappings import Generation, IndexNames, Scale, StoreError, rollback
from mappings.indices import index_body
from mappings.names import KINDS
from peerscope.errors import SettingsError
from peerscope.settings import Settings

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

MODEL = {"name": "test", "dimension": 7, "fingerprint": "f"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_strict_mapping_that_keeps_the_model(kind: str) -> None:
    body = index_body(kind, MODEL)
    assert body["mappings"]["dynamic"] == "strict"
    assert body["mappings"]["_meta"]["model"] == MODEL
    assert "stemmed" in body["settings"]["analysis"]["analyzer"]


@pytest.mark.parametrize("kind", ["works", "researchers"])
def test_vectors_get_the_models_dimension(kind: str) -> None:
    body = index_body(kind, MODEL)
    vector = body["mappings"]["properties"]["embedding"]
    assert vector["dimension"] == 7
    assert vector["method"]["engine"] == "lucene"
    assert body["settings"]["index"]["knn"] is True


def test_only_growing_kinds_have_several_shards() -> None:
    scale = Scale(shards=3, replicas=1, bits=7)
    found = {kind: index_body(kind, MODEL, scale)["settings"]["index"] for kind in KINDS}
    assert {kind for kind, index in found.items() if index["number_of_shards"] == 3} == {"works", "researchers"}
    assert {index["number_of_replicas"] for index in found.values()} == {0}


def test_quantised_vectors_are_rescored() -> None:
    method = index_body("works", MODEL, Scale(bits=7))["mappings"]["properties"]["embedding"]["method"]
    assert method["parameters"]["encoder"] == {"name": "sq", "parameters": {"bits": 7}}
    assert Scale(bits=7).rescoring() == {"rescore": {"oversample_factor": 2.0}}
    assert "encoder" not in index_body("works", MODEL)["mappings"]["properties"]["embedding"]["method"]["parameters"]
    assert Scale().rescoring() == {}


def test_the_layout_comes_from_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Scale.from_settings(Settings.load()) == Scale() == Scale(1, 0, 32)
    for name, value in {"SHARDS": "4", "REPLICAS": "2", "VECTOR_BITS": "7"}.items():
        monkeypatch.setenv(f"PEERSCOPE_{name}", value)
    assert Scale.from_settings(Settings.load()) == Scale(4, 2, 7)


@pytest.mark.parametrize(
    ("name", "value"), [("SHARDS", "0"), ("REPLICAS", "-1"), ("SHARDS", "x"), ("VECTOR_BITS", "8")]
)
def test_an_invalid_layout_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"PEERSCOPE_{name}", value)
    with pytest.raises(SettingsError, match=f"PEERSCOPE_{name}={value}: must"):
        Scale.from_settings(Settings.load())


def test_names_carry_prefix_version_and_generation() -> None:
    names = IndexNames("mine-")
    assert names.works == "mine-works"
    generation = Generation(names.prefix, 12)
    assert generation.works == "mine-works-v7-000012"
    assert Generation.of_index("mine-", generation.works) == generation
    assert generation.next().researchers == "mine-researchers-v7-000013"


@pytest.mark.parametrize("index", ["mine-works", "other-works-v1-000001", "mine-works-v1-1", "mine-works-v1-000001-x"])
def test_other_indices_are_not_generations(index: str) -> None:
    assert Generation.of_index("mine-", index) is None


def test_rollback_refuses_a_generation_of_another_mapping_version(monkeypatch: pytest.MonkeyPatch) -> None:
    current, older = Generation("mine-", 2), Generation("mine-", 1, version=3)
    monkeypatch.setattr("mappings.generations.live", lambda *_: current)
    monkeypatch.setattr("mappings.generations.list_generations", lambda *_: [older, current])
    with pytest.raises(StoreError, match="mapping version 3, but this Peerscope needs version 7"):
        rollback(cast("OpenSearch", None), IndexNames("mine-"))


def test_patterns_begin_with_the_character_they_replace() -> None:
    parts = index_body("works", MODEL)["settings"]["analysis"]
    steps = {**parts["char_filter"], **parts["filter"]}
    patterns = {name: step["pattern"] for name, step in steps.items() if step["type"] == "pattern_replace"}
    assert len(patterns) > 10
    # A condition at the beginning would be tested at each character of each text.
    assert {name for name, pattern in patterns.items() if pattern.startswith("(")} == set()
