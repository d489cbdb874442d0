"""`peerscope reports`: reviews reports at the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from accounts.moderation import service
from accounts.moderation.schemas import MAX_REASON, STATUSES
from accounts.terminal import counted, in_one_line, pass_database
from peerscope.terminal import echo

if TYPE_CHECKING:
    from accounts.database import Database

reason_option = click.option("--reason", required=True, help="The reason, which is stored with the report.")


@click.group()
def reports() -> None:
    """Review reports about messages."""


@reports.command("list")
@click.option("--status", type=click.Choice(STATUSES), default="open", show_default=True)
@click.option("-n", "count", default=50, show_default=True, type=click.IntRange(1, 1_000), help="Reports to show.")
@pass_database
def list_reports(database: Database, status: str, count: int) -> None:
    """List reports, oldest first, each with what the accused wrote."""
    with database.read() as session:
        cases = [service.serialize_case(session, report) for report in service.list_reports(session, status)]
    for case in cases[:count]:
        names = [f"{side['name']} ({side['id']})" if side else "?" for side in (case["reporter"], case["accused"])]
        echo(f"{case['id']}  {in_one_line(' on '.join(names))}", bold=True)
        echo(f"  {case['created_at']:%Y-%m-%d %H:%M} UTC: {in_one_line(case['reason'])}")
        for text in case["evidence"]:
            echo(f"  wrote: {in_one_line(text)}")
        if case["note"]:
            echo(f"  {status}: {in_one_line(case['note'])}")
    echo(counted(len(cases), status, "report"))


@reports.command()
@click.argument("id_", metavar="ID")
@reason_option
@pass_database
def uphold(database: Database, id_: str, reason: str) -> None:
    """Uphold the report ID, which suspends the accused account."""
    echo(f"{_decide(database, id_, reason, uphold=True)} `peerscope accounts restore` reinstates an account.")


@reports.command()
@click.argument("id_", metavar="ID")
@reason_option
@pass_database
def dismiss(database: Database, id_: str, reason: str) -> None:
    """Dismiss the report ID, which changes nothing else."""
    echo(_decide(database, id_, reason, uphold=False))


def _decide(database: Database, id_: str, reason: str, *, uphold: bool) -> str:
    with database.begin() as session:
        report = service.decide(session, id_, None, uphold=uphold, reason=reason.strip()[:MAX_REASON])
        return service.describe_decision(session, report)
