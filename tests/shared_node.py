"""One node of OpenSearch for all processes of a test run.

The process that runs pytest starts it, so that it ends with pytest, when the first test in any worker asks for it.
They talk through files in a folder whose path is in the environment.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import ClassVar

from peerscope.engine import EngineSettings, Node
from tests.ports import free_port

#: Seconds between two looks at a file.
PAUSE = 0.1
#: Seconds that the node may take to start, on a machine that does much else; it takes 10 to 30 on two quiet cores.
PATIENCE = 400


class SharedNode:
    """Starts a node when the file `wanted` appears, and answers in the file `answer.json`."""

    VARIABLE: ClassVar = "PEERSCOPE_TEST_NODE"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ended = threading.Event()
        self._node: Node | None = None
        self._thread: threading.Thread | None = None

    @classmethod
    def serve(cls) -> SharedNode:
        """Return one that waits to be asked, with a folder that the account of the node can reach."""
        folder = Path(tempfile.mkdtemp(prefix="peerscope-live-"))
        folder.chmod(0o755)
        node = cls(folder)
        node._thread = threading.Thread(target=node._serve, name="shared node", daemon=True)
        node._thread.start()
        return node

    def stop(self) -> None:
        """Stop the node, and remove its folder."""
        self._ended.set()
        if self._thread:
            self._thread.join()
        if self._node:
            self._node.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _serve(self) -> None:
        while not self._ended.wait(PAUSE):
            if (self.folder / "wanted").exists():
                self._answer(self._start())
                return

    def _start(self) -> dict[str, str]:
        try:
            self._node = Node(EngineSettings(folder=self.folder / "shared", heap=1024, port=free_port()))
            return {"url": self._node.start(timeout=PATIENCE).url}
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}

    def _answer(self, answer: dict[str, str]) -> None:
        (self.folder / "answer.part").write_text(json.dumps(answer), encoding="utf-8")
        (self.folder / "answer.part").replace(self.folder / "answer.json")


def shared_node_url() -> str:
    """Return the address of the node that all processes of this run share, starting it when it does not run yet."""
    folder = Path(os.environ[SharedNode.VARIABLE])
    (folder / "wanted").touch()
    deadline = time.monotonic() + PATIENCE + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):
            answer: dict[str, str] = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
            if "error" in answer:
                raise RuntimeError(answer["error"])
            return answer["url"]
        time.sleep(PAUSE)
    raise TimeoutError(f"OpenSearch did not start within {PATIENCE} s")
