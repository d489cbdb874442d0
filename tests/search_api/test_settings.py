"""Settings that are numbers: what is wrong is told when a service is about to start, in one message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from peerscope.cli import main
from peerscope.errors import SettingsError
from search_api.http import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "PEERSCOPE_SEMANTIC_WEIGHT"


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    settings._wrong.clear()


@pytest.mark.parametrize("given", ["many", "-1", "2", "nan"])
def test_a_setting_that_cannot_be_is_named(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv(NAME, given)
    assert settings.number(NAME, 0.4, 0, 1) == 0.4
    with pytest.raises(SettingsError, match=NAME):
        settings.check()


def test_all_that_is_wrong_is_told_at_once_and_what_was_mended_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (NAME, "PEERSCOPE_K"):
        monkeypatch.setenv(name, "1.5")
    assert settings.whole("PEERSCOPE_K", 200, 1, 1000) == 200
    settings.number(NAME, 0.4, 0, 1)
    with pytest.raises(SettingsError, match=r"PEERSCOPE_K is 1.5; .*whole number; PEERSCOPE_SEMANTIC_WEIGHT"):
        settings.check()
    monkeypatch.setenv(NAME, "0.5")
    assert settings.number(NAME, 0.4, 0, 1) == 0.5
    with pytest.raises(SettingsError, match=r"^PEERSCOPE_K[^;]*;[^;]*$"):
        settings.check()


def test_an_empty_setting_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_K", "")
    assert settings.whole("PEERSCOPE_K", 200, 1, 1000) == 200
    settings.check()


@pytest.mark.parametrize(
    "name",
    [
        "PEERSCOPE_WORKERS",
        "PEERSCOPE_RATE_LIMIT",
        "PEERSCOPE_RATE_LIMIT_STORAGE",
        "PEERSCOPE_VECTOR_BITS",
        "PEERSCOPE_PROXIES",
        "PEERSCOPE_LOG",
        "PEERSCOPE_SMTP_URL",
        "PEERSCOPE_DATABASE_URL",
    ],
)
def test_a_server_does_not_start_with_a_setting_that_cannot_be(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "nonsense")
    result = CliRunner().invoke(main, ["serve"])
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert name in result.output
