"""Build `host-filter.jar` after a change of its source: `python -m peerscope.engine.host_filter.build`.

Needs a JDK 21 or newer (javac); users do not. The same source and JDK give the same bytes.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
import zipfile
from pathlib import Path

from peerscope.artifacts import fetch, load_section
from peerscope.settings import Settings

FOLDER = Path(__file__).parent
SOURCE = FOLDER / "HostFilterPlugin.java"
JAR = FOLDER / "host-filter.jar"
#: Entry of the jar with the SHA-256 of the source, which a test compares.
DIGEST = "source.sha256"
#: The oldest Java that OpenSearch 3 runs on.
RELEASE = "21"
#: Time of all entries, the earliest that a zip file can hold.
TIME = (1980, 1, 1, 0, 0, 0)


def source_digest() -> str:
    """Return the SHA-256 of the source as 64 hexadecimal digits."""
    return hashlib.sha256(SOURCE.read_bytes()).hexdigest()


def build() -> Path:
    """Compile the source against the pinned OpenSearch, write the jar and return its path."""
    libraries = fetch(load_section("engine/lib"), title="OpenSearch", home=Settings.load().home)
    with tempfile.TemporaryDirectory() as folder:
        class_path = ":".join(map(str, libraries))
        command = ["javac", "--release", RELEASE, "-Xlint:none", "-cp", class_path, "-d", folder, str(SOURCE)]
        subprocess.run(command, check=True)  # noqa: S603
        classes = sorted(Path(folder).rglob("*.class"))
        content = {path.relative_to(folder).as_posix(): path.read_bytes() for path in classes}
    content[DIGEST] = source_digest().encode()
    with zipfile.ZipFile(JAR, "w") as jar:
        for name, data in content.items():
            jar.writestr(zipfile.ZipInfo(name, TIME), data)
    return JAR


if __name__ == "__main__":
    print(build())  # noqa: T201
