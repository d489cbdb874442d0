"""Putting the folder together from the real artifacts, and mending it; no node is started."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from peerscope.artifacts import fetch, load_section, sections
from peerscope.engine.configuration import configuration_files, java_command, node_settings
from peerscope.engine.distribution import (
    HOST_FILTER,
    MODULES,
    Distribution,
    assemble,
    opensearch_version,
    remove_others,
)
from peerscope.engine.host_filter import build
from peerscope.engine.java import Java
from peerscope.engine.place import Place
from peerscope.settings import Settings

HOME = Settings.load().home


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("node"))
    place.make()
    return place


@pytest.fixture(scope="module")
def distribution(place: Place) -> Distribution:
    return assemble(place, home=HOME, mirror=None, with_icu=False)


def test_it_has_every_pinned_jar_without_using_the_disk_twice(distribution: Distribution) -> None:
    for section in ("engine/lib", "engine/agent", *sections("engine/modules")):
        pins = load_section(section)
        for pin, path in zip(pins, fetch(pins, title="OpenSearch", home=HOME), strict=True):
            jar = distribution.folder / section.removeprefix("engine/") / pin.filename
            assert jar.stat().st_size == pin.size
            assert jar.samefile(path) or jar.stat().st_dev != path.stat().st_dev


def test_every_module_and_plugin_describes_itself(distribution: Distribution) -> None:
    names = {
        path.parent.name: path.read_text() for path in distribution.folder.glob("*/*/plugin-descriptor.properties")
    }
    assert set(names) == {*MODULES, "opensearch-knn", "opensearch-neural-search"}
    pinned = {name.removeprefix("engine/modules/") for name in sections("engine/modules")}
    assert set(MODULES) == {*pinned, "host-filter"}
    assert "extended.plugins=lang-painless" in names["analysis-common"]
    assert all(f"opensearch.version={opensearch_version()}" in text for text in names.values())


def test_what_was_damaged_is_mended(place: Place, distribution: Distribution) -> None:
    jar = next((distribution.folder / "lib").glob("lucene-core-*.jar"))
    size = jar.stat().st_size
    plugin = next((distribution.folder / "plugins" / "opensearch-knn").glob("opensearch-knn-*.jar"))
    jar.unlink()
    plugin.write_bytes(b"")
    shutil.rmtree(distribution.folder / "modules" / "reindex")
    assert assemble(place, home=HOME, mirror=None, with_icu=False) == distribution
    assert jar.stat().st_size == size
    assert plugin.stat().st_size > 1_000_000
    assert (distribution.folder / "modules" / "reindex" / "plugin-descriptor.properties").exists()
    assert not list(distribution.folder.rglob("*.new"))


def test_an_older_one_goes(place: Place, distribution: Distribution) -> None:
    older = place.folder / "opensearch-3.5.0-12345678"
    (older / "lib").mkdir(parents=True)
    remove_others(place, distribution)
    assert not older.exists()
    assert distribution.folder.exists()


def test_the_configuration_keeps_to_loopback_and_to_the_folder(place: Place) -> None:
    settings = node_settings(place, "a name", 9201)
    assert (settings["http.host"], settings["transport.host"]) == ("127.0.0.1", "127.0.0.1")
    assert settings["action.auto_create_index"] is False
    files = configuration_files(place, "a name", 9201)
    assert '"http.port": 9201' in files[str(place.config / "opensearch.yml")]


def test_the_wheel_gets_the_text_data_it_lacks_and_a_jdk_its_vectors(place: Place, distribution: Distribution) -> None:
    jdk = java_command(Java(Path("/jdk"), "25", has_vector=True), distribution, place, 1024)
    wheel = java_command(Java(Path("/wheel"), "25", has_vector=False, is_wheel=True), distribution, place, 1024)
    assert jdk[0] == "/jdk/bin/java"
    assert "-Xmx1024m" in jdk
    assert "--add-modules=jdk.incubator.vector" in jdk
    assert "--add-modules=jdk.incubator.vector" not in wheel
    assert "-Djava.locale.providers=CLDR,SPI" in wheel
    assert f"{distribution.folder}/icu/*" in wheel[wheel.index("-cp") + 1]
    assert "/icu/" not in jdk[jdk.index("-cp") + 1]


def test_our_module_was_built_from_its_source() -> None:
    """If it fails: python -m peerscope.engine.host_filter.build."""
    with zipfile.ZipFile(HOST_FILTER) as jar:
        assert jar.read(build.DIGEST).decode() == build.source_digest()
