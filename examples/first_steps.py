"""First steps with the HTTP API through `peerscope.Client`.

Start a service with `peerscope demo`, then run

    python examples/first_steps.py http://127.0.0.1:8000
"""

from __future__ import annotations

import sys

from peerscope import Client
from peerscope.errors import ApiError


def main(base_url: str) -> None:
    """Search works, show one work and one researcher, and read a whole list."""
    client = Client(base_url)

    show("Works on recording neurons, since 2013, and their topics")
    works = client.works("recording many neurons at once", year="2013-", per_page=3, facets="topic")
    for work in works.page:
        show(f"  {work['score']:.2f}  {work['title']} ({work['year']})")
    show("  topics: " + ", ".join(f"{value['label']} ({value['count']})" for value in works.facets["topic"][:3]))

    work = works.page[0]
    show(f"\nWorks similar to “{work['title']}”, with reasons")
    for other in client.similar_works(work["id"], per_page=3).page:
        shared = ", ".join(topic["name"] for topic in other["reasons"]["shared_topics"]) or "no topic in common"
        show(f"  {other['score']:.2f}  {other['title']}: {shared}")

    show("\nSuggestions of a search box for “kord”")
    for suggestion in client.autocomplete("kord"):
        show(f"  {suggestion['kind']}: {suggestion['label']} ({suggestion['hint']})")

    id_ = client.researchers("Konrad Kording").page[0]["id"]
    profile = client.researcher(id_)
    show(f"\n{profile['name']}: {profile['tagline']}; trust {profile['trust']['score']} ({profile['trust']['band']})")
    show("  similar researchers who are not collaborators yet:")
    for other in client.similar_researchers(id_, exclude="collaborators", per_page=3).page:
        show(f"  {other['score']:.2f}  {other['name']}")

    # Iterating over a list reads all its pages, here of ten works each.
    years = [work["year"] for work in client.researcher_works(id_, select="year", per_page=10)]
    show(f"\nAll {len(years)} works of {profile['name']}, page by page: from {min(years)} to {max(years)}")

    show("\nAn invalid request is explained:")
    try:
        client.works(yaer="2019")
    except ApiError as error:
        show(f"  {error}")


def show(text: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
