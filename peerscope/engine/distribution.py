"""Assembling OpenSearch from its Maven artifacts into the folder that its release archive would unpack to.

The jars are hard links to the verified files of `artifacts`, so the disk holds them once. The folder's name contains a
digest of its contents; a new version is assembled next to the old one, which is then removed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from peerscope.artifacts import Artifact, ArtifactError, fetch, load_section, sections
from peerscope.artifacts.files import sha256_of
from peerscope.engine.errors import AssemblyError
from peerscope.engine.place import Place, link_file, open_to_all

# Class and extended plugins of each module; its jars are in the lockfile, its other values are those of the release.
MODULES = {
    "transport-netty4": ("org.opensearch.transport.Netty4ModulePlugin", ""),
    "transport-grpc": ("org.opensearch.transport.grpc.GrpcPlugin", ""),
    "lang-painless": ("org.opensearch.painless.PainlessModulePlugin", ""),
    "analysis-common": ("org.opensearch.analysis.common.CommonAnalysisModulePlugin", "lang-painless"),
    "mapper-extras": ("org.opensearch.index.mapper.MapperExtrasModulePlugin", ""),
    "reindex": ("org.opensearch.index.reindex.ReindexModulePlugin", ""),
    "host-filter": ("peerscope.hostfilter.HostFilterPlugin", ""),
}
#: Our own module, which refuses requests of web pages; its source is beside it.
HOST_FILTER = Path(__file__).parent / "host_filter" / "host-filter.jar"
DESCRIPTOR = """\
description={name}
version={version}
name={name}
classname={classname}
java.version=21
opensearch.version={version}
extended.plugins={extended}
has.native.controller=false
"""


def opensearch_version() -> str:
    """Return the version that the lockfile pins."""
    return next(item.version for item in load_section("engine/lib") if item.name == "opensearch")


@dataclass(frozen=True)
class Distribution:
    """A folder that contains OpenSearch, ready to run."""

    folder: Path

    @property
    def agent(self) -> Path:
        """The Java agent that restricts plugins."""
        return next(self.folder.glob("agent/opensearch-agent-[0-9]*.jar"))

    def class_path(self, *, with_icu: bool) -> str:
        """Return Java's class path; ICU's text data only for a Java without its own."""
        folders = ["lib", "icu"] if with_icu else ["lib"]
        return os.pathsep.join(str(self.folder / name / "*") for name in folders)


def assemble(place: Place, *, home: Path, mirror: str | None, with_icu: bool) -> Distribution:
    """Download missing files to `home`, assemble or repair the folder, and return it; see `artifacts.fetch`.

    Raises `AssemblyError`, which names what is missing and where.
    """
    names = ["engine/lib", "engine/agent", "engine/plugins", *sections("engine/modules")]
    names += ["engine/icu"] if with_icu else []
    wanted = {name: load_section(name) for name in names}
    folder = place.folder / f"opensearch-{opensearch_version()}-{_digest()}"
    try:
        files = [item for items in wanted.values() for item in items]
        paths = dict(
            zip(files, fetch(files, title=f"OpenSearch {opensearch_version()}", home=home, mirror=mirror), strict=True)
        )
        for name, items in wanted.items():
            _fill(folder, name.removeprefix("engine/"), [paths[item] for item in items])
        _fill(folder, "modules/host-filter", [HOST_FILTER])
        (folder / "bin").mkdir(exist_ok=True)  # OpenSearch needs to read it and would create it if allowed
        if place.account:
            open_to_all(folder)
    except ArtifactError as error:
        raise AssemblyError(str(error)) from error
    except OSError as error:
        raise AssemblyError(f"cannot assemble OpenSearch in {folder}: {error.strerror or error}") from error
    return Distribution(folder)


def remove_others(place: Place, keep: Distribution) -> None:
    """Remove the distributions assembled by other releases of Peerscope."""
    for folder in place.folder.glob("opensearch-*"):
        if folder != keep.folder:
            shutil.rmtree(folder, ignore_errors=True)


def _digest() -> str:
    pins: list[Artifact] = load_section("engine")
    digests = [*(item.sha256 for item in pins), sha256_of(HOST_FILTER)]
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:8]


def _fill(folder: Path, part: str, files: list[Path]) -> None:
    target = folder / part
    target.mkdir(parents=True, exist_ok=True)
    for file in files:
        if file.suffix == ".zip":
            _unpack(file, target)
        else:
            link_file(file, target / file.name)
    if part.startswith("modules/"):
        (target / "plugin-descriptor.properties").write_text(_descriptor(target.name), encoding="utf-8")


def _descriptor(name: str) -> str:
    classname, extended = MODULES[name]
    return DESCRIPTOR.format(name=name, version=opensearch_version(), classname=classname, extended=extended)


def _unpack(archive: Path, target: Path) -> None:
    """Unpack a plugin atomically, unless its folder already has every file in its size."""
    with zipfile.ZipFile(archive) as content:
        name = _plugin_name(content)
        entries = [entry for entry in content.infolist() if not entry.is_dir()]
        if all(_has(target / name / entry.filename, entry.file_size) for entry in entries):
            return
        fresh = target.parent / f"{name}.new"
        for folder in (fresh, target / name):
            shutil.rmtree(folder, ignore_errors=True)
        content.extractall(fresh)
        fresh.replace(target / name)


def _plugin_name(content: zipfile.ZipFile) -> str:
    lines = content.read("plugin-descriptor.properties").decode().splitlines()
    return next(line.removeprefix("name=") for line in lines if line.startswith("name="))


def _has(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size
