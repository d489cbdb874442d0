"""Sends the main requests to a running service and prints the responses, for `peerscope demo --check`."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from peerscope.errors import PeerscopeError
from peerscope.terminal import echo

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds for a service to become ready.
READY_TIMEOUT = 60
#: Number of tries while the response is 503.
TRIES = 4
TOPIC_OF_INTEREST = "recording the activity of many neurons at once"
PERSON = "Konrad P. Kording"


class NoAnswerError(PeerscopeError):
    """The service did not respond, or returned an error or an empty list."""


def wait_until_ready(base: str, alive: Callable[[], bool]) -> None:
    """Wait for /readyz. Raises `NoAnswerError` when the service dies or takes longer than `READY_TIMEOUT`."""
    deadline = time.monotonic() + READY_TIMEOUT
    while time.monotonic() < deadline and alive():
        try:
            with urllib.request.urlopen(f"{base}/readyz", timeout=5):  # noqa: S310 (our own loopback address)
                return
        except (OSError, HTTPException):
            time.sleep(0.2)
    raise NoAnswerError(f"The service at {base} was not ready within {READY_TIMEOUT} s.")


def ask(base: str, path: str, **params: Any) -> dict[str, Any]:
    """Return the JSON response to a GET; retry after a 503. Raises `NoAnswerError` for any other error."""
    url = f"{base}/api/v1{path}" + (f"?{urlencode(params)}" if params else "")
    for left in range(TRIES - 1, -1, -1):
        try:
            with urllib.request.urlopen(url, timeout=30) as response:  # noqa: S310 (our own loopback address)
                body: dict[str, Any] = json.load(response)
                return body
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE or not left:
                raise NoAnswerError(f"{url}: {error.code} {error.read().decode('utf-8', 'replace')}") from error
            time.sleep(float(error.headers.get("Retry-After", 1)))
    raise AssertionError("unreachable")


def ask_all(base: str) -> None:
    """Send each main request and print the responses. Raises `NoAnswerError` when one is empty."""
    for mode in ("hybrid", "semantic", "keyword"):
        works = ask(base, "/works", q=TOPIC_OF_INTEREST, mode=mode, per_page=3, facets="topic")
        _heading(f"Works on “{TOPIC_OF_INTEREST}”, {mode}: {works['meta']['count']} results")
        _print_works(works)
    _heading("Topics of these works")
    echo("  " + ", ".join(f"{value['label']} ({value['count']})" for value in works["facets"]["topic"][:6]))
    _show_similar_works(base, works["results"][0])
    _heading(f"Experts for “{TOPIC_OF_INTEREST}”")
    _print_researchers(ask(base, "/researchers", about=TOPIC_OF_INTEREST, per_page=3))
    _show_researcher(base, _results(ask(base, "/researchers", q=PERSON))[0]["id"])


def _show_similar_works(base: str, work: dict[str, Any]) -> None:
    _heading(f"Works similar to “{work['title']}”")
    _print_works(ask(base, f"/works/{quote(work['id'])}/similar", per_page=3))


def _show_researcher(base: str, id_: str) -> None:
    profile = ask(base, f"/researchers/{quote(id_)}")
    trust, counts = profile["trust"], profile["counts"]
    _heading(f"{profile['name']}: {profile['tagline']}")
    echo(f"  trust {trust['score']} of 100, {trust['band']}; {counts['works']} works, ", nl=False)
    echo(f"{counts['close_collaborators']} close collaborators, {counts['topics']} topics")
    for work in _results(ask(base, f"/researchers/{quote(id_)}/works")):
        echo(f"  {work['year']}  {work['type']}  {work['source']}  {work['title']}")
    _heading(f"Researchers similar to {profile['name']}, without collaborators")
    _print_researchers(ask(base, f"/researchers/{quote(id_)}/similar", per_page=3, exclude="collaborators"))


def _heading(text: str) -> None:
    echo(f"\n{text}", bold=True)


def _results(page: dict[str, Any]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = page["results"]
    if not results:
        raise NoAnswerError(f"{page['links']['self']} has no results.")
    return results


def _print_works(page: dict[str, Any]) -> None:
    for work in _results(page):
        echo(f"  {work['score']:.2f}  {work['title']} ({work['year']})")


def _print_researchers(page: dict[str, Any]) -> None:
    for person in _results(page):
        echo(f"  {person['score']:.2f}  {person['name']}: {person['tagline'] or 'topics not imported'}")
        for _, work_id, score in person.get("reasons", {}).get("closest_works", [])[:1]:
            echo(f"        most similar work, {score:.2f}: {person['reasons']['titles'][work_id]}")
