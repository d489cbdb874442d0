"""`peerscope serve | search | similar`: the service, and its results in a terminal."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click
from rich.markup import escape
from rich.table import Table

from mappings import IndexNames
from peerscope import engine
from peerscope.commands import pass_settings
from peerscope.terminal import Console, echo, echo_json
from search_api.app import create_app
from search_api.http import extensions
from search_api.http.index_check import IndexCheck
from search_api.http.server import Server, check, listen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from peerscope.settings import Settings

RESULTS = 10


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; 0.0.0.0 for all.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen at.")
@pass_settings
def serve(settings: Settings, host: str, port: int) -> None:
    """Serve the API and the pages until Ctrl-C.

    Starts the embedded OpenSearch when PEERSCOPE_OPENSEARCH_URL names no cluster and none runs, and stops it at the
    end. PEERSCOPE_WORKERS sets the number of worker processes.
    """
    check(settings)
    # First, so that an occupied port is reported at once, and reserved while OpenSearch starts.
    listener = listen(host, port)
    with closing(engine.connect(settings)) as opensearch:
        problem = IndexCheck(opensearch, IndexNames(settings.index_prefix)).problem()
    if problem:
        echo(f"Warning: every search is answered with 503 until this is done: {problem}", err=True)
    # In this process, before the workers start: they share what is prepared.
    for extension in extensions.load(settings):
        extension.prepare(settings)
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    message = f"Peerscope is at {address}  (API docs at /api/docs, Ctrl-C to stop)"
    Server(listener, settings, create_app, lambda: echo(message, err=True)).run()


@click.command()
@click.argument("text")
@click.option("--mode", type=click.Choice(["hybrid", "semantic", "keyword"]), default="hybrid", show_default=True)
@click.option("--researchers", is_flag=True, help="Find researchers who work on it instead of works.")
@click.option("--team", multiple=True, metavar="ID", help="Find people for this team; repeat it for each member.")
@click.option("-n", "count", default=RESULTS, show_default=True, type=click.IntRange(1, 100), help="Results to show.")
@click.option("--json", "as_json", is_flag=True, help="Print the response of the API as JSON.")
@pass_settings
def search(
    settings: Settings, text: str, mode: str, researchers: bool, team: tuple[str, ...], count: int, as_json: bool
) -> None:
    """Search works, or with --researchers people, for TEXT.

    With --team, find people who know what the team lacks for TEXT.
    """
    if not text.strip():
        raise click.UsageError("TEXT is empty: enter the words to search for.")
    if team:
        body = {"text": text, "team": list(team)}
        show(post(settings, "researchers/complement", body, per_page=count), as_json)
        return
    path, params = ("researchers", {"about": text}) if researchers else ("works", {"q": text, "mode": mode})
    show(ask(settings, path, per_page=count, **params), as_json)


@click.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option(
    "--unlike", multiple=True, metavar="ID", help="Whom or what results should not resemble; may be repeated."
)
@click.option("--text", default="", help="A text that results should match too.")
@click.option("-n", "count", default=RESULTS, show_default=True, type=click.IntRange(1, 100), help="Results to show.")
@click.option("--json", "as_json", is_flag=True, help="Print the response of the API as JSON.")
@pass_settings
def similar(
    settings: Settings, ids: tuple[str, ...], unlike: tuple[str, ...], text: str, count: int, as_json: bool
) -> None:
    """Find works or researchers similar to ID, or to several.

    ID is an id from a result table, a DOI, or an ORCID iD, also as a URL.
    """
    app_client = client(settings)
    if len(ids) > 1 or unlike or text:
        show(_similar_to_group(app_client, ids, unlike, text, count), as_json)
        return
    id_ = ids[0]
    for kind in ("works", "researchers"):
        path = f"/api/v1/{kind}/{quote(id_, safe=':')}/similar"
        # An id that was merged into another redirects to it.
        response = app_client.get(path, query_string={"per_page": count}, follow_redirects=True)
        if response.status_code != 404:
            show(checked(response), as_json)
            return
    raise click.ClickException(f"No work and no researcher has the id {id_!r}.")


def _similar_to_group(
    app_client: Any, ids: Sequence[str], unlike: Sequence[str], text: str, count: int
) -> dict[str, Any]:
    """Return what is similar to several works or to several researchers, of whichever kind the ids are."""
    body = {"like": list(ids), "unlike": list(unlike)} | ({"text": text} if text else {})
    unknown: dict[str, set[str]] = {}
    for kind in ("works", "researchers"):
        response = app_client.post(f"/api/v1/{kind}/similar", json=body, query_string={"per_page": count})
        answer = response.get_json(force=True)
        missing = set(answer["meta"].get("unknown", ())) if response.status_code == 200 else {*ids, *unlike}
        if response.status_code not in {200, 422}:
            checked(response)
        if not missing:
            found: dict[str, Any] = answer
            return found
        unknown[kind] = missing
    missing = min(unknown.values(), key=len)
    raise click.ClickException(
        f"These are not all works, nor all researchers: unknown are {', '.join(sorted(missing))}."
    )


def client(settings: Settings) -> Any:
    """Return a client of an app in this process, so that commands and the API return the same."""
    engine.connect(settings)
    return create_app(settings=settings).test_client()


def ask(settings: Settings, path: str, **params: Any) -> dict[str, Any]:
    """Return the response of the API. Raises ClickException with the detail of an error."""
    return checked(client(settings).get(f"/api/v1/{path}", query_string=params, follow_redirects=True))


def post(settings: Settings, path: str, body: dict[str, Any], **params: Any) -> dict[str, Any]:
    """Return the response of the API to a body. Raises ClickException with the detail of an error."""
    return checked(client(settings).post(f"/api/v1/{path}", json=body, query_string=params))


def checked(response: Any) -> dict[str, Any]:
    """Return the body of a response. Raises ClickException with the detail of an error."""
    if response.status_code != 200:
        raise click.ClickException(response.get_json(force=True)["detail"])
    answer: dict[str, Any] = response.get_json()
    return answer


def show(answer: dict[str, Any], as_json: bool) -> None:
    """Print a list as a table, or as JSON."""
    if as_json:
        echo_json(answer)
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("score", "what", "id"):
        table.add_column(name, overflow="fold", no_wrap=name == "score")
    for result in answer["results"]:
        score = result.get("score")
        table.add_row("" if score is None else f"{score:.2f}", _describe(result), escape(result["id"]))
    console = Console()
    console.print(table if answer["results"] else "No results.")
    if any("score" not in result for result in answer["results"]):
        console.print("[yellow]Note:[/] the query has no words to rank by, so these are the newest works that match.")
    if unknown := answer["meta"].get("unknown"):
        console.print(f"[yellow]Note:[/] not in the collection: {escape(', '.join(unknown))}")
    for part in answer["meta"].get("degraded", []):
        console.print(f"[yellow]Note:[/] {part} search is unavailable; showing keyword matches only.")


def _describe(result: dict[str, Any]) -> str:
    if "title" not in result:
        place = result["affiliations"][0]["name"] if result["affiliations"] else ""
        works = result["counts"]["works"]
        facts = [place, f"{works:,} {'work' if works == 1 else 'works'}", result["tagline"] or ""]
        lines = [" · ".join(filter(None, facts))]
        lines += ["adds: " + "; ".join(gain["text"] for gain in result["adds"])] if result.get("adds") else []
        return "\n".join([escape(result["name"]), *(f"[dim]{escape(line)}[/]" for line in lines)])
    names = [author["name"] for author in result["authors"]]
    authors = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{escape(result['title'])}\n[dim]{escape(authors)}, {result['year'] or 'year not imported'}[/]"
