"""The examples run as they stand, over HTTP, against the sample."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.served import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"


@pytest.fixture
def base(sample_app: Flask) -> Iterator[str]:
    with served(sample_app) as address:
        yield address


def test_the_first_steps_lead_where_they_say(base: str) -> None:
    command = [sys.executable, str(EXAMPLES / "first_steps.py"), base]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    for words in (
        "Physical Principles for Scalable Neural Recording",
        "Neurons and Cognition",
        "researcher: Konrad P. Kording (Neurons and Cognition · 21 works)",
        "All 21 works of Konrad P. Kording",
        "Bad Request: Invalid parameters: yaer. Valid parameters are:",
    ):
        assert words in done.stdout


def test_every_example_is_run_here() -> None:
    assert {file.name for file in EXAMPLES.glob("*.py")} == {"first_steps.py"}
