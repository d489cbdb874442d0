"""The node's configuration files, rewritten at each start, and the command line of Java."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peerscope.engine.distribution import Distribution
    from peerscope.engine.java import Java
    from peerscope.engine.place import Place

CLUSTER = "peerscope"
MAIN_CLASS = "org.opensearch.bootstrap.OpenSearch"

LOGGING = """\
status = error
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = ${sys:opensearch.logs.base_path}/opensearch.log
appender.file.filePattern = ${sys:opensearch.logs.base_path}/opensearch.%i.log
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 3
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
"""


def node_settings(place: Place, name: str, port: int) -> dict[str, object]:
    """Return the settings of `opensearch.yml`: a single node on loopback only, which needs no security plugin."""
    return {
        "cluster.name": CLUSTER,
        "node.name": name,
        "discovery.type": "single-node",
        "path.data": str(place.data),
        "path.logs": str(place.logs),
        "http.host": "127.0.0.1",
        "http.port": port,
        "transport.host": "127.0.0.1",
        # A web page in the browser of any user of this machine can send requests to loopback. This refuses those with
        # a foreign Origin; the module host-filter refuses the others.
        "http.cors.enabled": True,
        # A laptop's disk is often 90 % full, which would make all indices read-only.
        "cluster.routing.allocation.disk.threshold_enabled": False,
        # A misspelled name must fail rather than create an index without a mapping.
        "action.auto_create_index": False,
        # It limits the native memory of Faiss, which this node does not load.
        "knn.memory.circuit_breaker.enabled": False,
    }


def configuration_files(place: Place, name: str, port: int) -> dict[str, str]:
    """Return the texts of the configuration by path: `opensearch.yml` (JSON is YAML), and that of the logs.

    The launcher writes them as the node's account, in whose folder root must not write.
    """
    return {
        str(place.config / "opensearch.yml"): json.dumps(node_settings(place, name, port), indent=1) + "\n",
        str(place.config / "log4j2.properties"): LOGGING,
    }


def java_command(java: Java, distribution: Distribution, place: Place, heap: int) -> list[str]:
    """Return the command line that starts the node; `heap` is in megabytes."""
    return [
        str(java.executable),
        *memory_options(heap),
        *java_options(java),
        f"-Djava.io.tmpdir={place.temporary}",
        f"-Djna.tmpdir={place.temporary}",
        f"-XX:ErrorFile={place.logs}/java_error%p.log",
        f"-Dopensearch.path.home={distribution.folder}",
        f"-Dopensearch.path.conf={place.config}",
        "-Dopensearch.distribution.type=tar",
        f"-javaagent:{distribution.agent}",
        "-cp",
        distribution.class_path(with_icu=java.is_wheel),
        MAIN_CLASS,
    ]


def memory_options(heap: int) -> list[str]:
    """Return the memory options; the heap starts small, so that an idle node leaves memory to others."""
    return [f"-Xms{min(heap, 512)}m", f"-Xmx{heap}m", f"-XX:MaxDirectMemorySize={heap // 2}m"]


def java_options(java: Java) -> list[str]:
    """Return the options that OpenSearch's start script sets, and those that this Java needs.

    Two were measured and rejected: a class archive starts the node in 6 s instead of 8, but with an agent Java allows
    it "for testing purposes only"; the serial collector saves 190 MB, but its pauses grow with the heap.
    """
    options = [
        "-Xss1m",
        "-Djava.awt.headless=true",
        "-Dfile.encoding=UTF-8",
        "-Djna.nosys=true",
        "-XX:-OmitStackTraceInFastThrow",
        "-Dio.netty.noUnsafe=true",
        "-Dio.netty.noKeySetOptimization=true",
        "-Dio.netty.recycler.maxCapacityPerThread=0",
        "-Dlog4j.shutdownHookEnabled=false",
        "-Dlog4j2.disable.jmx=true",
        "--enable-native-access=ALL-UNNAMED",
    ]
    if java.has_vector:
        options.append("--add-modules=jdk.incubator.vector")
    if java.is_wheel:
        options.append("-Djava.locale.providers=CLDR,SPI")
    return options
