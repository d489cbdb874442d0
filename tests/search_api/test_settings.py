"""Settings that cannot be used: all are named in one message when a service is about to start."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from peerscope.cli import main
from peerscope.errors import SettingsError
from peerscope.settings import Settings

NAME = "PEERSCOPE_SEMANTIC_WEIGHT"


@pytest.mark.parametrize("value", ["many", "-1", "2", "nan"])
def test_a_setting_that_cannot_be_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(SettingsError, match=NAME):
        Settings.load()


def test_all_that_is_wrong_is_told_at_once_and_what_was_mended_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (NAME, "PEERSCOPE_K"):
        monkeypatch.setenv(name, "1.5")
    with pytest.raises(SettingsError, match=r"PEERSCOPE_K=1.5: .*integer.*; PEERSCOPE_SEMANTIC_WEIGHT"):
        Settings.load()
    monkeypatch.setenv(NAME, "0.5")
    with pytest.raises(SettingsError, match=r"^PEERSCOPE_K[^;]*$"):
        Settings.load()


def test_an_empty_setting_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_K", "")
    assert Settings.load().k == 200


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


@pytest.mark.parametrize(
    ("value", "link"),
    [
        ("desk@example.org", "mailto:desk@example.org"),
        ("mailto:desk@example.org", "mailto:desk@example.org"),
        ("https://example.org/contact", "https://example.org/contact"),
    ],
)
def test_a_contact_is_an_address_of_a_page_or_of_mail(monkeypatch: pytest.MonkeyPatch, value: str, link: str) -> None:
    monkeypatch.setenv("PEERSCOPE_CONTACT", value)
    assert Settings.load().contact == link


@pytest.mark.parametrize("value", ["javascript:alert(1)", "the desk", "desk@"])
def test_a_contact_that_cannot_be_linked_is_an_error(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PEERSCOPE_CONTACT", value)
    with pytest.raises(SettingsError, match="PEERSCOPE_CONTACT"):
        Settings.load()
