"""Regenerate the lockfile after changing a version below: `python -m peerscope.artifacts.update_lockfile`.

Each root is resolved separately. Resolved together, the bill of materials of one root (log4j's names Jackson 2.19)
would override the version that another was built with (OpenSearch: 2.21), unlike in the released node.
"""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from jgo.maven import Dependency

from peerscope.artifacts.download import maven
from peerscope.artifacts.files import sha256_of
from peerscope.artifacts.lockfile import LOCKFILE, Artifact
from peerscope.settings import Settings
from peerscope.terminal import Console

if TYPE_CHECKING:
    from jgo.maven import MavenContext

OPENSEARCH = "3.6.0"
PLUGINS = f"{OPENSEARCH}.0"
ICU = "77.1"
MODELS = "1.19.0-beta29"
#: Newest release of the other models.
OTHER_MODELS = "0.36.2"

ENGINE, PLUGIN, MODEL = "org.opensearch", "org.opensearch.plugin", "dev.langchain4j:langchain4j-embeddings"

# With all dependencies.
RESOLVED = {
    "engine/lib": [
        f"{ENGINE}:opensearch:{OPENSEARCH}",
        "org.apache.logging.log4j:log4j-core:2.25.3",
        f"{ENGINE}:opensearch-plugin-classloader:{OPENSEARCH}",
    ],
    "engine/modules/transport-netty4": [f"{PLUGIN}:transport-netty4-client:{OPENSEARCH}"],
    "engine/modules/transport-grpc": [f"{PLUGIN}:transport-grpc:{OPENSEARCH}"],
    "engine/modules/lang-painless": [f"{PLUGIN}:lang-painless:{OPENSEARCH}"],
    "engine/modules/analysis-common": [f"{PLUGIN}:analysis-common:{OPENSEARCH}"],
    "engine/modules/mapper-extras": [f"{PLUGIN}:mapper-extras-client:{OPENSEARCH}"],
    "engine/modules/reindex": [f"{PLUGIN}:reindex-client:{OPENSEARCH}"],
}
# Without dependencies: they are self-contained, or another section has their dependencies.
ALONE = {
    "engine/agent": [
        f"{ENGINE}:opensearch-agent:{OPENSEARCH}",
        f"{ENGINE}:opensearch-agent-bootstrap:{OPENSEARCH}",
        "net.bytebuddy:byte-buddy:1.17.7",
    ],
    "engine/plugins": [f"{PLUGIN}:opensearch-knn:{PLUGINS}:zip", f"{PLUGIN}:neural-search:{PLUGINS}:zip"],
    "engine/icu": [f"com.ibm.icu:icu4j:{ICU}", f"com.ibm.icu:icu4j-localespi:{ICU}"],
    "model/all-MiniLM-L6-v2-int8": [f"{MODEL}-all-minilm-l6-v2-q:{MODELS}"],
    "model/all-MiniLM-L6-v2": [f"{MODEL}-all-minilm-l6-v2:{MODELS}"],
    "model/bge-small-en-v1.5-int8": [f"{MODEL}-bge-small-en-v15-q:{OTHER_MODELS}"],
    "model/e5-small-v2-int8": [f"{MODEL}-e5-small-v2-q:{OTHER_MODELS}"],
}


def dependency(context: MavenContext, coordinates: str) -> Dependency:
    """Return the file that `group:name:version[:packaging]` names."""
    group, name, version, *packaging = coordinates.split(":")
    return Dependency(context.project(group, name).at_version(version).artifact(packaging=(packaging or ["jar"])[0]))


def with_dependencies(context: MavenContext, roots: list[str]) -> list[Dependency]:
    """Return the roots and their dependencies, except the native libraries of HTTP/3, which loopback does not use."""
    dependencies: dict[tuple[str, str], Dependency] = {}
    for root in roots:
        inputs, transitive = context.resolver.resolve([dependency(context, root)])
        for item in (*inputs, *transitive):
            if not item.classifier:
                dependencies.setdefault((item.groupId, item.artifactId), item)
    return list(dependencies.values())


def pin(item: Dependency) -> Artifact:
    """Download a file and return its pin."""
    path = item.artifact.resolve()
    return Artifact(item.groupId, item.artifactId, item.version, sha256_of(path), path.stat().st_size, item.type)


def resolve_all(context: MavenContext) -> dict[str, list[Artifact]]:
    """Return every section. Modules omit what `engine/lib` has: the node does not start with a class in two places."""
    with ThreadPoolExecutor(8) as pool:
        lockfile = {name: list(pool.map(pin, with_dependencies(context, roots))) for name, roots in RESOLVED.items()}
        lockfile |= {
            name: list(pool.map(pin, [dependency(context, root) for root in roots])) for name, roots in ALONE.items()
        }
    library = {(item.group, item.name) for item in lockfile["engine/lib"]}
    for name in lockfile:
        if name.startswith("engine/modules/"):
            lockfile[name] = [item for item in lockfile[name] if (item.group, item.name) not in library]
    return lockfile


def main() -> None:
    """Resolve everything and write the lockfile."""
    with tempfile.TemporaryDirectory() as folder:
        lockfile = resolve_all(maven(Path(folder), Settings.load().maven_url))
    defaults = {"packaging": "jar", "classifier": None}
    document = {
        name: [{k: v for k, v in asdict(item).items() if defaults.get(k, ...) != v} for item in sorted(items, key=str)]
        for name, items in sorted(lockfile.items())
    }
    LOCKFILE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    Console(stderr=True).print(f"{LOCKFILE.name}: {sum(map(len, document.values()))} files in {len(document)} sections")


if __name__ == "__main__":
    main()
