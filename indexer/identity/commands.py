"""`peerscope why-merged | duplicates`: what the indexer decided about people, for a person to judge."""

from __future__ import annotations

import json

import click

from mappings import IndexNames
from peerscope import artifacts, engine


@click.command("why-merged", short_help="Say why works are one researcher's.")
@click.argument("id_", metavar="ID")
def why_merged(id_: str) -> None:
    """Say why the works of researcher ID were taken to be one person's: each join with its evidence.

    To correct it, put a [[merge]] or [[split]] into overrides.toml in PEERSCOPE_HOME, and index again.
    """
    client, names = engine.connect(), IndexNames.from_env()
    answer = client.get(
        index=names.researchers, id=id_, params={"_source_includes": "name,merge_reasons"}, ignore=[404]
    )
    if not answer.get("found"):
        raise click.ClickException(f"No researcher has the id {id_!r}.")
    click.secho(answer["_source"]["name"], bold=True)
    for sentence in answer["_source"]["merge_reasons"] or [
        "Nothing was joined: one name, as printed, or ids of a source."
    ]:
        click.echo(f"- {sentence}")


@click.command(short_help="List researchers who may be one person.")
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(1), help="Pairs to show.")
def duplicates(count: int) -> None:
    """List pairs of researchers that fell just short of being joined in the last run, the likeliest first."""
    files = sorted((artifacts.home() / "runs").glob("*/duplicates.jsonl"))
    lines = files[-1].read_text(encoding="utf-8").splitlines() if files else []
    for line in lines[:count]:
        click.echo(f"- {json.loads(line)}")
    click.echo(f"{len(lines):,} pairs in all, in {files[-1]}" if lines else "None.")
