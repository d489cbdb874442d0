"""Write the lockfile anew: `python -m peerscope.artifacts.update_lockfile`, after changing a version below.

Each root is resolved alone. Together, the Maven resolver would let the bill of materials of one root (log4j's names
Jackson 2.19) overrule what another was built with (OpenSearch: 2.21): not the node that was released.
"""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from jgo.maven import Dependency
from rich.console import Console

from peerscope.artifacts.lockfile import LOCK_FILE, Artifact
from peerscope.artifacts.remote import maven
from peerscope.artifacts.verified import sha256_of

if TYPE_CHECKING:
    from jgo.maven import MavenContext

OPENSEARCH = "3.6.0"
PLUGINS = f"{OPENSEARCH}.0"
ICU = "77.1"
MODELS = "1.19.0-beta29"
#: The newest that the registry has of the other models.
OTHER_MODELS = "0.36.2"

ENGINE, PLUGIN, MODEL = "org.opensearch", "org.opensearch.plugin", "dev.langchain4j:langchain4j-embeddings"

# With all that they depend on.
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
# Just these files: they bring what they need, or it is there already.
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
    """Return the roots and what they need to run, less the native libraries of HTTP/3: loopback has no use for them."""
    found: dict[tuple[str, str], Dependency] = {}
    for root in roots:
        inputs, transitive = context.resolver.resolve([dependency(context, root)])
        for item in (*inputs, *transitive):
            if not item.classifier:
                found.setdefault((item.groupId, item.artifactId), item)
    return list(found.values())


def pin(item: Dependency) -> Artifact:
    """Download a file and note what it is."""
    path = item.artifact.resolve()
    return Artifact(item.groupId, item.artifactId, item.version, sha256_of(path), path.stat().st_size, item.type)


def resolve_all(context: MavenContext) -> dict[str, list[Artifact]]:
    """Return every section. A module leaves out what `engine/lib` has: a class in two places stops the node."""
    with ThreadPoolExecutor(8) as pool:
        lock = {name: list(pool.map(pin, with_dependencies(context, roots))) for name, roots in RESOLVED.items()}
        lock |= {
            name: list(pool.map(pin, [dependency(context, root) for root in roots])) for name, roots in ALONE.items()
        }
    library = {(item.group, item.name) for item in lock["engine/lib"]}
    for name in lock:
        if name.startswith("engine/modules/"):
            lock[name] = [item for item in lock[name] if (item.group, item.name) not in library]
    return lock


def main() -> None:
    """Resolve everything and write the lock file."""
    with tempfile.TemporaryDirectory() as folder:
        lock = resolve_all(maven(Path(folder)))
    defaults = {"packaging": "jar", "classifier": None}
    plain = {
        name: [{k: v for k, v in asdict(item).items() if defaults.get(k, ...) != v} for item in sorted(items, key=str)]
        for name, items in sorted(lock.items())
    }
    LOCK_FILE.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
    Console(stderr=True).print(f"{LOCK_FILE.name}: {sum(map(len, plain.values()))} files in {len(plain)} sections")


if __name__ == "__main__":
    main()
