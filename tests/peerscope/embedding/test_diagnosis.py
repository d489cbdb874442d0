from __future__ import annotations

from typing import TYPE_CHECKING

from peerscope import embedding

if TYPE_CHECKING:
    import pytest


def test_a_working_model_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PEERSCOPE_MODEL", raising=False)
    model, query = embedding.diagnose()
    assert model.ok
    assert embedding.DEFAULT in model.detail
    assert "384 dimensions" in model.detail
    assert query.ok
    assert query.detail.endswith(" ms")


def test_a_missing_model_is_one_problem_and_no_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_MODEL", "no-such-model")
    [check] = embedding.diagnose()
    assert not check.ok
    assert "no-such-model" in check.detail
