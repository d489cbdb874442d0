"""`peerscope claims | domains`: reviewing claims, and the e-mail domains of institutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from accounts.claims import institution_emails, lifecycle, review
from accounts.terminal import in_one_line, pass_database
from mappings import institution_id
from peerscope.terminal import echo

if TYPE_CHECKING:
    from accounts.database import Database

STATUSES = ("pending", "verified", "rejected", "released")


@click.group()
def claims() -> None:
    """Review profile claims."""


@claims.command("list")
@click.option("--status", type=click.Choice(STATUSES), default="pending", show_default=True)
@click.option("-n", "count", default=50, show_default=True, type=click.IntRange(1, 1_000), help="Claims to show.")
@pass_database
def list_claims(database: Database, status: str, count: int) -> None:
    """List claims, oldest first."""
    with database.read() as session:
        listed = review.list_claims(session, status, per_page=count)
    for claim in listed["results"]:
        echo(f"{claim['id']}  {claim['researcher_id']}", bold=True)
        orcid = f", ORCID iD {claim['account_orcid']}" if claim["account_orcid"] else ""
        echo(f"  by {in_one_line(claim['account_name'])}{orcid}, {claim['created_at']:%Y-%m-%d %H:%M} UTC")
        for label, text in (("evidence", claim["statement"]), ("reason", claim["reason"])):
            if text:
                echo(f"  {label}: {in_one_line(text)}")
        if claim["disputes"]:
            echo(f"  DISPUTES the owner's claim {claim['disputes']}")
    echo("More with -n." if listed["has_more"] else f"{len(listed['results'])} in total.")


@claims.command()
@click.argument("id_", metavar="ID")
@click.option("--reason", required=True, help="The reason, shown to the claimant.")
@pass_database
def approve(database: Database, id_: str, reason: str) -> None:
    """Verify the pending claim ID. It ends the claim of the former owner."""
    with database.begin() as session:
        claim = lifecycle.approve(session, None, id_, reason)
    echo(f"{claim.researcher_id} now belongs to account {claim.account_id}.")


@claims.command()
@click.argument("id_", metavar="ID")
@click.option("--reason", required=True, help="The reason, shown to the claimant.")
@pass_database
def reject(database: Database, id_: str, reason: str) -> None:
    """Reject the pending claim ID, or revoke a verified one."""
    with database.begin() as session:
        claim = lifecycle.reject(session, None, id_, reason)
    echo(f"The claim of account {claim.account_id} on {claim.researcher_id} is rejected.")


@click.group()
def domains() -> None:
    """Manage institutions' e-mail domains."""


def _domain(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    try:
        return institution_emails.domain_of(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _institution(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    return institution_id(value)


domain_argument = click.argument("domain", callback=_domain)
institution_argument = click.argument("institution", metavar="INSTITUTION", callback=_institution)


@domains.command()
@domain_argument
@institution_argument
@pass_database
def add(database: Database, domain: str, institution: str) -> None:
    """Add DOMAIN and its subdomains to INSTITUTION, named by its id or ROR id."""
    with database.begin() as session:
        is_new = institution_emails.add_domain(session, domain, institution)
    echo(f"{domain} now belongs to {institution}." if is_new else f"{domain} already belongs to {institution}.")


@domains.command()
@domain_argument
@institution_argument
@pass_database
def remove(database: Database, domain: str, institution: str) -> None:
    """Remove DOMAIN from INSTITUTION; owners verified through it drop to L3."""
    with database.begin() as session:
        is_removed = institution_emails.remove_domain(session, domain, institution)
    belongs = "no longer belongs" if is_removed else "did not belong"
    echo(f"{domain} {belongs} to {institution}.")


@domains.command("list")
@pass_database
def list_domains(database: Database) -> None:
    """List all domains."""
    with database.read() as session:
        for entry in institution_emails.list_domains(session):
            echo(f"{entry.domain}\t{entry.institution_id}")
