"""`peerscope why-merged | duplicates`: show why researchers were merged, or nearly merged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from mappings import IndexNames
from peerscope import engine
from peerscope.commands import pass_settings
from peerscope.terminal import echo

if TYPE_CHECKING:
    from peerscope.settings import Settings


@click.command("why-merged", short_help="Explain why works were merged into one researcher.")
@click.argument("id_", metavar="ID")
@pass_settings
def why_merged(settings: Settings, id_: str) -> None:
    """Explain why the works of researcher ID were assigned to one person: each merge with its evidence.

    To correct a merge, add a [[merge]] or [[split]] to overrides.toml in PEERSCOPE_HOME and index again.
    """
    client, names = engine.connect(settings), IndexNames(settings.index_prefix)
    response = client.get(
        index=names.researchers, id=id_, params={"_source_includes": "name,merge_reasons"}, ignore=[404]
    )
    if not response.get("found"):
        raise click.ClickException(f"No researcher has the id {id_!r}.")
    echo(response["_source"]["name"], bold=True)
    reasons = response["_source"]["merge_reasons"] or ["Nothing was merged: no other name or id was assigned to it."]
    for sentence in reasons:
        echo(f"- {sentence}")


@click.command(short_help="List possible duplicate researchers.")
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(1), help="Number of pairs to show.")
@pass_settings
def duplicates(settings: Settings, count: int) -> None:
    """List pairs of researchers that the last run almost merged, the most likely first."""
    files = sorted((settings.home / "runs").glob("*/duplicates.jsonl"))
    lines = files[-1].read_text(encoding="utf-8").splitlines() if files else []
    for line in lines[:count]:
        echo(f"- {json.loads(line)}")
    echo(f"{len(lines):,} pairs in total, in {files[-1]}" if lines else "None.")
