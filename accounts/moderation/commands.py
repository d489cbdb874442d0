"""`peerscope reports`: what an administrator decides at the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from accounts.moderation import cases
from accounts.moderation import reports as kept
from accounts.moderation.schemas import MAX_REASON, STATUSES
from accounts.terminal import in_one_line, pass_database

if TYPE_CHECKING:
    from accounts.database import Database

reason_option = click.option("--reason", required=True, help="Why; it is kept.")


@click.group()
def reports() -> None:
    """Decide on reports: what people say about what others wrote to them."""


@reports.command("list")
@click.option("--status", type=click.Choice(STATUSES), default="open", show_default=True)
@click.option("-n", "count", default=50, show_default=True, type=click.IntRange(1, 1_000), help="Reports to show.")
@pass_database
def list_reports(database: Database, status: str, count: int) -> None:
    """List reports, the oldest first, each with what the accused wrote."""
    with database.read() as session:
        found = [cases.case(session, one) for one in kept.reports(session, status)]
    for one in found[:count]:
        names = [f"{side['name']} ({side['id']})" if side else "?" for side in (one["reporter"], one["accused"])]
        click.secho(f"{one['id']}  {in_one_line(' on '.join(names))}", bold=True)
        click.echo(f"  {one['created_at']:%Y-%m-%d %H:%M} UTC: {in_one_line(one['reason'])}")
        for text in one["evidence"]:
            click.echo(f"  wrote: {in_one_line(text)}")
        if one["note"]:
            click.echo(f"  {status}: {in_one_line(one['note'])}")
    click.echo(f"{len(found)} in all.")


@reports.command()
@click.argument("id_", metavar="ID")
@reason_option
@pass_database
def uphold(database: Database, id_: str, reason: str) -> None:
    """Uphold the report ID: the accused account is suspended."""
    click.echo(f"{_decide(database, id_, reason, uphold=True)} `peerscope accounts restore` lets an account in again.")


@reports.command()
@click.argument("id_", metavar="ID")
@reason_option
@pass_database
def dismiss(database: Database, id_: str, reason: str) -> None:
    """Dismiss the report ID: nothing else changes."""
    click.echo(_decide(database, id_, reason, uphold=False))


def _decide(database: Database, id_: str, reason: str, *, uphold: bool) -> str:
    with database.begin() as session:
        return kept.said(session, kept.decide(session, id_, None, uphold=uphold, reason=reason.strip()[:MAX_REASON]))
