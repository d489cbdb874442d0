"""`peerscope why-merged | duplicates`: why researchers were merged, or nearly merged, as tables of 80 columns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import click
from rich.table import Table

from indexer.identity.weights import Weights
from mappings import IndexNames
from peerscope import engine
from peerscope.commands import pass_settings
from peerscope.terminal import Console

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.staging.database import ProbableDuplicate
    from mappings.documents import Identity
    from peerscope.settings import Settings

WIDTH = 80
#: Maximum number of works listed for one group.
MAX_WORKS = 5
#: Confidence from which the weakest join counts as certain, and below which a split is suggested.
CERTAIN, LIKELY = 0.98, 0.85
#: Nats below the threshold of identity at which two researchers are still probably one.
CLOSE = 0.75


@click.command("why-merged", short_help="Explain why works were merged into one researcher.")
@click.argument("id_", metavar="ID")
@click.option("--all", "show_all", is_flag=True, help="Also print every single join with its values in nats.")
@pass_settings
def why_merged(settings: Settings, id_: str, show_all: bool) -> None:
    """Explain why the works of researcher ID were assigned to one person.

    Prints groups of works that clearly belong together, what connects them, a verdict, and the command that corrects a
    wrong merge.
    """
    client, names = engine.connect(settings), IndexNames(settings.index_prefix)
    fields = "id,name,merge_reasons,identity"
    response = client.get(index=names.researchers, id=id_, params={"_source_includes": fields}, ignore=[404])
    if not response.get("found"):
        raise click.ClickException(f"No researcher has the id {id_!r}.")
    document: dict[str, Any] = response["_source"]
    console = Console(width=WIDTH, highlight=False)
    console.print(document["name"], style="bold", markup=False)
    if not document["merge_reasons"]:
        console.print("Nothing was merged: no other name or id was assigned to it.")
        return
    identity: Identity = document["identity"]
    console.print(_groups(identity))
    console.print(f"\n{_verdict(identity)}", markup=False)
    if len(identity["groups"]) > 1:
        works = ",".join(identity["groups"][-1]["works"])
        console.print("If the last group is another person's work:")
        console.print(f"  peerscope split {id_} --works {works}", soft_wrap=True, markup=False)
    for sentence in document["merge_reasons"] if show_all else ():
        console.print(f"- {sentence}", soft_wrap=True, markup=False)
    if not show_all:
        console.print(f"{len(document['merge_reasons']):,} joins; --all prints each with its evidence in numbers.")


def _groups(identity: Identity) -> Table:
    table = Table("works", "what connects them", box=None, padding=(0, 2, 0, 0), show_header=True)
    for group in identity["groups"]:
        listed = group["works"][:MAX_WORKS]
        more = [f"and {len(group['works']) - len(listed):,} more"] if len(group["works"]) > len(listed) else []
        evidence = [f"- {phrase}" for phrase in group["evidence"]] or ["nothing else"]
        table.add_row("\n".join([*listed, *more]), "\n".join(evidence))
    return table


def _verdict(identity: Identity) -> str:
    groups, confidence = len(identity["groups"]), identity["confidence"]
    if confidence >= CERTAIN or groups == 1:
        return f"Verdict: one person (confidence {confidence:.2f})."
    if confidence >= LIKELY:
        return (
            f"Verdict: probably one person; {groups} groups of works with weaker links (confidence {confidence:.2f})."
        )
    return f"Verdict: perhaps several people; {groups} groups of works with weak links (confidence {confidence:.2f})."


def print_duplicates(settings: Settings, count: int) -> None:
    """Print pairs of researchers that the last run almost merged, the most likely first."""
    files = sorted((settings.home / "runs").glob("*/duplicates.jsonl"))
    pairs = _pairs(files[-1]) if files else []
    console = Console(width=WIDTH, highlight=False)
    if not pairs:
        console.print("No possible duplicates are known.")
        return
    likely = Weights().threshold - CLOSE
    for pair in pairs[:count]:
        left, right = pair["left"], pair["right"]
        console.print(f"{_named(left)}  =?  {_named(right)}", style="bold", markup=False, soft_wrap=True)
        verdict = "probably one person" if pair["score"] >= likely else "perhaps one person"
        console.print(f"  {verdict}: {'; '.join(pair['evidence']) or 'only the names agree'}", markup=False)
        console.print(f"  peerscope merge {left['id']} {right['id']}", soft_wrap=True, markup=False)
    console.print(f"\n{len(pairs):,} pairs in total, in {files[-1]}", soft_wrap=True, markup=False)


def _pairs(path: Path) -> list[ProbableDuplicate]:
    """Return the pairs of a file; reports of older versions have sentences instead, which cannot be acted on."""
    items = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [cast("ProbableDuplicate", item) for item in items if isinstance(item, dict)]


def _named(side: dict[str, Any] | Any) -> str:
    return f"{side['name']} ({side['works']} work{'s' if side['works'] != 1 else ''})"
