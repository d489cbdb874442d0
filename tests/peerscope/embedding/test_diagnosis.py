from __future__ import annotations

import pytest

from peerscope import embedding
from peerscope.settings import Settings


def test_a_working_model_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PEERSCOPE_MODEL", raising=False)
    model, query = embedding.diagnose(Settings.load())
    assert model.ok
    assert embedding.DEFAULT in model.detail
    assert "384 dimensions" in model.detail
    assert query.ok
    assert query.detail.endswith(" ms")


@pytest.mark.parametrize("installed", [False, pytest.param(True, marks=pytest.mark.torch)])
def test_a_missing_model_is_one_problem_and_no_exception(installed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra sentence-transformers, and with it."""
    if not installed:
        monkeypatch.setattr("peerscope.embedding.transformer_backend.find_spec", lambda name: None)
    monkeypatch.setenv("PEERSCOPE_MODEL", "no-such-model")
    [check] = embedding.diagnose(Settings.load())
    assert not check.ok
    assert "no-such-model" in check.detail
