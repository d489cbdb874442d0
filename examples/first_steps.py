"""First steps with the HTTP API: what a newcomer would try, with nothing but `requests`.

Start a service with `peerscope demo`, then run

    python examples/first_steps.py http://127.0.0.1:8000
"""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import quote

import requests


class Peerscope:
    """The API of one service; every answer is plain JSON."""

    def __init__(self, base: str) -> None:
        """Take the address of the service, such as `http://127.0.0.1:8000`."""
        self.base = base.rstrip("/")
        self.session = requests.Session()

    def get(self, path: str, **params: Any) -> Any:
        """Ask one thing. Raises ValueError with the service's own words when it cannot be answered."""
        # An address out of `links` is whole already; our own paths begin below the API.
        url = self.base + (path if path.startswith("/api/") else f"/api/v1{path}")
        response = self.session.get(url, params=params, timeout=10)
        if not response.ok:
            problem = response.json()
            raise ValueError(f"{problem['title']}: {problem['detail']}")
        return response.json()

    def all(self, path: str, **params: Any) -> Any:
        """Return every result of a list, page after page, by following `links.next`."""
        answer = self.get(path, **params)
        yield from answer["results"]
        while following := answer["links"]["next"]:
            answer = self.get(following)
            yield from answer["results"]


def main(base: str) -> None:
    """Search, look at one work and one person, and read a whole list."""
    peerscope = Peerscope(base)

    say("Works on how brains could be recorded, since 2013, and the topics they are on")
    found = peerscope.get("/works", q="recording many neurons at once", year="2013-", per_page=3, facets="topic")
    for work in found["results"]:
        say(f"  {work['score']:.2f}  {work['title']} ({work['year']})")
    say("  topics: " + ", ".join(f"{value['label']} ({value['count']})" for value in found["facets"]["topic"][:3]))

    work = found["results"][0]
    say(f"\nLike “{work['title']}”, and why")
    for other in peerscope.get(work["links"]["similar"], per_page=3)["results"]:
        shared = ", ".join(topic["name"] for topic in other["reasons"]["shared_topics"]) or "no topic in common"
        say(f"  {other['score']:.2f}  {other['title']}: {shared}")

    say("\nWhat a search box would offer for “kord”")
    for suggestion in peerscope.get("/autocomplete", q="kord")["results"]:
        say(f"  {suggestion['kind']}: {suggestion['label']} ({suggestion['hint']})")

    person = peerscope.get("/researchers", q="Konrad Kording")["results"][0]
    profile = peerscope.get(f"/researchers/{quote(person['id'])}")
    say(f"\n{profile['name']}: {profile['tagline']}; trust {profile['trust']['score']} ({profile['trust']['band']})")
    say("  researchers like this who are not collaborators yet:")
    for other in peerscope.get(profile["links"]["similar"], exclude="collaborators", per_page=3)["results"]:
        say(f"  {other['score']:.2f}  {other['name']}")

    years = [work["year"] for work in peerscope.all(profile["links"]["works"], select="year", per_page=10)]
    say(f"\nAll {len(years)} works of {profile['name']}, page by page: from {min(years)} to {max(years)}")

    say("\nA mistake is explained:")
    try:
        peerscope.get("/works", yaer="2019")
    except ValueError as error:
        say(f"  {error}")


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
