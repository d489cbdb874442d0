"""Asks a running service the main questions over HTTP and prints its answers: what `peerscope demo --check` shows."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import click

from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds that a service has to become ready.
PATIENCE = 60
#: Times that a question is asked while the answer is 503.
TRIES = 4
TOPIC_OF_INTEREST = "recording the activity of many neurons at once"
PERSON = "Konrad P. Kording"


class NoAnswerError(PeerscopeError):
    """The service did not answer a question, or answered it with nothing."""


def wait_until_ready(base: str, alive: Callable[[], bool]) -> None:
    """Wait for /readyz. Raises NoAnswerError when the service dies or takes longer than PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and alive():
        try:
            with urllib.request.urlopen(f"{base}/readyz", timeout=5):  # noqa: S310 (our own loopback address)
                return
        except OSError:
            time.sleep(0.2)
    raise NoAnswerError(f"{base}/readyz did not say that the service is ready within {PATIENCE} s.")


def ask(base: str, path: str, **params: Any) -> dict[str, Any]:
    """Return the JSON answer to one GET; 503 is asked again, as it says. Raises NoAnswerError on any other failure."""
    url = f"{base}/api/v1{path}" + (f"?{urlencode(params)}" if params else "")
    for left in range(TRIES - 1, -1, -1):
        try:
            with urllib.request.urlopen(url, timeout=30) as response:  # noqa: S310 (our own loopback address)
                answer: dict[str, Any] = json.load(response)
                return answer
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE or not left:
                raise NoAnswerError(f"{url}: {error.code} {error.read().decode('utf-8', 'replace')}") from error
            time.sleep(float(error.headers.get("Retry-After", 1)))
    raise AssertionError("the last try either answers or raises")


def ask_all(base: str) -> None:
    """Ask each main question and print the answers. Raises NoAnswerError when one of them comes back empty."""
    for mode in ("hybrid", "semantic", "keyword"):
        found = ask(base, "/works", q=TOPIC_OF_INTEREST, mode=mode, per_page=3, facets="topic")
        _heading(f"Works on “{TOPIC_OF_INTEREST}”, {mode}: {found['meta']['count']} found")
        _works(found)
    _heading("... and their topics")
    click.echo("  " + ", ".join(f"{value['label']} ({value['count']})" for value in found["facets"]["topic"][:6]))
    _ask_about_work(base, found["results"][0])
    _heading(f"Who works on “{TOPIC_OF_INTEREST}”?")
    _people(ask(base, "/researchers", about=TOPIC_OF_INTEREST, per_page=3))
    _ask_about_person(base, _some(ask(base, "/researchers", q=PERSON))[0]["id"])


def _ask_about_work(base: str, work: dict[str, Any]) -> None:
    _heading(f"Works like “{work['title']}”")
    _works(ask(base, f"/works/{quote(work['id'])}/similar", per_page=3))


def _ask_about_person(base: str, id_: str) -> None:
    profile = ask(base, f"/researchers/{quote(id_)}")
    trust, counts = profile["trust"], profile["counts"]
    _heading(f"{profile['name']}: {profile['tagline']}")
    click.echo(f"  trust {trust['score']} of 100, {trust['band']}; {counts['works']} works, ", nl=False)
    click.echo(f"{counts['close_collaborators']} close collaborators, {counts['topics']} topics")
    for work in _some(ask(base, f"/researchers/{quote(id_)}/works")):
        click.echo(f"  {work['year']}  {work['type']}  {work['source']}  {work['title']}")
    _heading(f"Researchers like {profile['name']}, not counting collaborators")
    _people(ask(base, f"/researchers/{quote(id_)}/similar", per_page=3, exclude="collaborators"))


def _heading(text: str) -> None:
    click.secho(f"\n{text}", bold=True)


def _some(answer: dict[str, Any]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = answer["results"]
    if not results:
        raise NoAnswerError(f"{answer['links']['self']} came back empty.")
    return results


def _works(answer: dict[str, Any]) -> None:
    for work in _some(answer):
        click.echo(f"  {work['score']:.2f}  {work['title']} ({work['year']})")


def _people(answer: dict[str, Any]) -> None:
    for person in _some(answer):
        click.echo(f"  {person['score']:.2f}  {person['name']}: {person['tagline'] or 'topics not imported'}")
        for _, theirs, score in person.get("reasons", {}).get("closest_works", [])[:1]:
            click.echo(f"        closest work, {score:.2f}: {person['reasons']['titles'][theirs]}")
