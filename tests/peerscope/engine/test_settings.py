"""What the environment may say about OpenSearch, and how a mistake in it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from peerscope.engine import EngineSettings
from peerscope.engine.settings import default_heap, machine_memory
from peerscope.errors import SettingsError
from peerscope.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

GB = 1024**3
NAMES = ("OPENSEARCH_URL", "OPENSEARCH_USER", "OPENSEARCH_PASSWORD", "OPENSEARCH_CA", "HEAP", "ENGINE_PORT")


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(f"PEERSCOPE_{name}", raising=False)
    monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path))


def test_an_empty_environment_means_the_embedded_node(tmp_path: Path) -> None:
    settings = EngineSettings.from_settings(Settings.load())
    assert (settings.url, settings.port, settings.port_is_fixed) == (None, 9200, False)
    assert settings.node_folder == tmp_path / "engine"
    assert settings.heap == default_heap()


def test_a_cluster_is_named_with_its_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    certificate = tmp_path / "ca.pem"
    certificate.write_text("")
    values = ("https://search.example.org:9200/", "reader", "secret", str(certificate))
    for name, value in zip(NAMES, values, strict=False):
        monkeypatch.setenv(f"PEERSCOPE_{name}", value)
    settings = EngineSettings.from_settings(Settings.load())
    assert settings.url == "https://search.example.org:9200"
    assert (settings.user, settings.password, settings.ca) == ("reader", "secret", certificate)
    assert "secret" not in repr(settings)


def test_a_cluster_may_have_several_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_OPENSEARCH_URL", "http://one:9200/, http://two:9200")
    assert EngineSettings.from_settings(Settings.load()).urls == ["http://one:9200", "http://two:9200"]


@pytest.mark.parametrize(("text", "megabytes"), [("512m", 512), ("2g", 2048), ("2GB", 2048), ("256M", 256)])
def test_the_heap_is_read_in_megabytes(monkeypatch: pytest.MonkeyPatch, text: str, megabytes: int) -> None:
    monkeypatch.setenv("PEERSCOPE_HEAP", text)
    assert EngineSettings.from_settings(Settings.load()).heap == megabytes


def test_a_port_that_is_named_is_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_ENGINE_PORT", "9201")
    settings = EngineSettings.from_settings(Settings.load())
    assert (settings.port, settings.port_is_fixed) == (9201, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENSEARCH_URL", "search.example.org:9200"),
        ("OPENSEARCH_URL", "ftp://search.example.org"),
        ("OPENSEARCH_CA", "/no/such/file.pem"),
        ("HEAP", "2"),
        ("HEAP", "a lot"),
        ("HEAP", "100m"),
        ("ENGINE_PORT", "0"),
        ("ENGINE_PORT", "70000"),
        ("ENGINE_PORT", "http"),
    ],
)
def test_a_mistake_is_answered_with_the_variable_and_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"PEERSCOPE_{name}", value)
    with pytest.raises(SettingsError, match=f"^PEERSCOPE_{name}={value}: must "):
        EngineSettings.from_settings(Settings.load())


@pytest.mark.parametrize(("memory", "heap"), [(1, 512), (4, 1024), (8, 2048), (64, 4096)])
def test_the_heap_is_a_quarter_of_memory_within_bounds(memory: int, heap: int) -> None:
    assert default_heap(memory * GB) == heap


@pytest.mark.parametrize(("limit", "seen"), [("1073741824\n", GB), ("max\n", None)])
def test_a_containers_limit_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: str, seen: int | None
) -> None:
    (tmp_path / "memory.max").write_text(limit)
    monkeypatch.setattr("peerscope.engine.settings.CGROUP_LIMIT", tmp_path / "none")
    without = machine_memory()
    monkeypatch.setattr("peerscope.engine.settings.CGROUP_LIMIT", tmp_path / "memory.max")
    assert machine_memory() == (seen or without)
