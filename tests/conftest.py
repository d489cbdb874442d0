"""What all tests share: tiers, the report of what was not tested, the node of OpenSearch, ORCID."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from werkzeug.routing import Rule

from tests.orcid import Provider, provider
from tests.shared_node import SharedNode

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from _pytest.terminal import TerminalReporter
    from pluggy import Result

#: Skips for this reason are allowed in continuous integration too: the real data cannot be published.
DATA = "PEERSCOPE_DATA"
NODE = pytest.StashKey[SharedNode]()
#: Settings of the environment that tests use. All others are removed: they could change results, or name a real
#: database.
KEPT = frozenset(
    {
        *("PEERSCOPE_HOME", "PEERSCOPE_MAVEN_URL", DATA, SharedNode.VARIABLE),
        *(f"PEERSCOPE_OPENSEARCH_{name}" for name in ("URL", "USER", "PASSWORD", "CA")),
    }
)


class LazyRule(Rule):
    """Compiles the function that builds URLs at its first use.

    Compiling all of them takes 55 of the 70 ms of `create_app`, which many tests call.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_builder = super()._compile_builder
        compiled: list[Callable[..., tuple[str, str]]] = []

        def build(*args: object, **kwargs: object) -> tuple[str, str]:
            if not compiled:
                compiled.append(compile_builder(append_unknown))
            return compiled[0](*args, **kwargs)

        return build


Flask.url_rule_class = LazyRule


def pytest_configure(config: pytest.Config) -> None:
    """Remove settings from the environment, and offer one node of OpenSearch to all processes of the run.

    The node starts when the first test needs it.
    """
    for name in [name for name in os.environ if name.startswith("PEERSCOPE_") and name not in KEPT]:
        del os.environ[name]
    # One key for all parts of a test; none is generated in the home of whoever runs the tests.
    os.environ["PEERSCOPE_SECRET_KEY"] = "the key of the tests"
    if not hasattr(config, "workerinput"):
        config.stash[NODE] = node = SharedNode.serve()
        os.environ[SharedNode.VARIABLE] = str(node.folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    if node := config.stash.get(NODE, None):
        node.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark by folder and by fixture what a test needs."""
    for item in items:
        if item.path.is_relative_to(item.config.rootpath / "tests" / "live"):
            item.add_marker("live")
        fixtures = getattr(item, "fixturenames", ())
        if "chromium" in fixtures:
            item.add_marker("browser")
        if "model_folder" in fixtures:
            item.add_marker("torch")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: object) -> Generator[None, Result[pytest.TestReport], None]:
    """In continuous integration a test that misses a program or a package fails."""
    report = (yield).get_result()
    if report.skipped and os.environ.get("CI") and DATA not in (reason := _reason(report)):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} must not be skipped in continuous integration: {reason}"


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Name at the end, in red, each thing that is missing here and how many tests it kept from running."""
    missing = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", ()))
    if missing:
        terminalreporter.section("NOT TESTED", red=True, bold=True)
    for reason, tests in missing.items():
        terminalreporter.line(f"{tests} test{'s' if tests > 1 else ''}: {reason}", red=True)


def _reason(report: pytest.TestReport) -> str:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix("Skipped: ")


#: How long an input takes to make depends on what else the machine does.
settings.register_profile("peerscope", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("peerscope")


@pytest.fixture
def orcid_provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """Serve an OpenID provider, and set what Peerscope needs to log in there."""
    with provider() as served:
        for name, value in served.environment().items():
            monkeypatch.setenv(name, value)
        yield served
