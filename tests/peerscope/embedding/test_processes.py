"""What can only be seen from outside: which libraries a process loads, and whether a forked one still works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

FORK = """
import os, signal, sys
import numpy as np
from peerscope import embedding
from peerscope.settings import Settings

embedder = embedding.load(Settings.load(), model=sys.argv[1])
texts = [f"{word} " * 40 for word in ("soil", "graph", "neuron", "star", "enzyme", "verb")]
before = embedder.embed_works(texts)
child = os.fork()
if child == 0:
    signal.alarm(60)  # a child that waits for threads which are not there would wait for ever
    same = np.allclose(before, embedder.embed_works(texts), atol=1e-5)
    query = np.isfinite(embedder.embed_query("after the fork")).all()
    os._exit(0 if same and query else 1)
_, status = os.waitpid(child, 0)
embedder.embed_works(texts)
sys.exit(os.waitstatus_to_exitcode(status))
"""

LIGHT = """
import sys
from peerscope import embedding
from peerscope.settings import Settings

assert "onnxruntime" not in sys.modules, "importing the package must stay cheap"
embedder = embedding.load(Settings.load(), model="all-MiniLM-L6-v2-int8")
embedder.embed_query("x"), embedder.embed_works(["y", "z"])
print(*{"torch", "transformers", "sentence_transformers"} & set(sys.modules))
"""


def python(code: str, *args: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *args], cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_packaged_models_need_no_torch() -> None:
    assert python(LIGHT) == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_process_forked_after_loading_can_embed() -> None:
    python(FORK, "all-MiniLM-L6-v2-int8")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_process_forked_after_loading_torch_can_embed(model_folder: str) -> None:
    python(FORK, model_folder)
