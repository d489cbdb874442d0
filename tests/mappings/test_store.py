from __future__ import annotations

import pytest

from mappings import Generation, IndexNames, index_body
from mappings.names import KINDS
from mappings.store import load

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


def test_settings_can_be_given() -> None:
    assert index_body("works", MODEL, {"number_of_shards": 3})["settings"]["index"]["number_of_shards"] == 3


def test_the_weights_of_the_hybrid_pipeline_sum_to_one() -> None:
    (processor,) = load("hybrid")["phase_results_processors"]
    weights = processor["normalization-processor"]["combination"]["parameters"]["weights"]
    assert sum(weights) == 1.0


def test_names_carry_prefix_version_and_generation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_INDEX_PREFIX", "mine-")
    names = IndexNames.from_env()
    assert names.works == "mine-works"
    generation = Generation(names.prefix, 12)
    assert generation.works == "mine-works-v1-000012"
    assert Generation.of_index("mine-", generation.works) == generation
    assert generation.next().researchers == "mine-researchers-v1-000013"


@pytest.mark.parametrize("index", ["mine-works", "other-works-v1-000001", "mine-works-v1-1", "mine-works-v1-000001-x"])
def test_foreign_indices_are_no_generation(index: str) -> None:
    assert Generation.of_index("mine-", index) is None
