"""What tests of several rooms share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.orcid import Provider, provider

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def orcid_provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """An OpenID provider of our own, and the settings by which Peerscope logs in there."""
    with provider() as served:
        for name, value in served.environment().items():
            monkeypatch.setenv(name, value)
        yield served
