"""`peerscope claims | domains`: reviewing claims, and the e-mail domains of institutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from opensearchpy.exceptions import TransportError

from accounts.claims import institution_emails, lifecycle, review
from accounts.terminal import counted, in_one_line, pass_database
from mappings import IndexNames, institution_id
from peerscope import engine
from peerscope.commands import pass_settings
from peerscope.terminal import echo

if TYPE_CHECKING:
    from accounts.database import Database
    from peerscope.settings import Settings

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
        echo(f"  by {in_one_line(claim['account_name'])}, {claim['created_at']:%Y-%m-%d %H:%M} UTC")
        domains = ", ".join(claim["proven_domains"]) or claim["account_email_domain"]
        known = (
            f"e-mail at {domains}" if domains else "",
            f"ORCID iD {claim['account_orcid']}" if claim["account_orcid"] else "",
            f"account since {claim['account_created_at']:%Y-%m-%d}",
        )
        echo(f"  {', '.join(filter(None, known))}")
        for label, text in (("evidence", claim["statement"]), ("reason", claim["reason"])):
            if text:
                echo(f"  {label}: {in_one_line(text)}")
        if claim["disputes"]:
            echo(f"  DISPUTES the owner's claim {claim['disputes']}")
    echo("More with -n." if listed["has_more"] else counted(len(listed["results"]), status, "claim"))


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
@click.option("--force", is_flag=True, help="Add it even if no indexed institution has this id.")
@pass_settings
@pass_database
def add(database: Database, settings: Settings, domain: str, institution: str, force: bool) -> None:
    """Add DOMAIN and its subdomains to INSTITUTION, named by its id or ROR id."""
    if not force and _is_indexed(settings, institution) is False:
        detail = "Its page has the id at its end; --force adds the domain before the institution is indexed."
        raise click.ClickException(f"No institution has the id {institution!r}. {detail}")
    with database.begin() as session:
        is_new = institution_emails.add_domain(session, domain, institution)
    echo(f"{domain} now belongs to {institution}." if is_new else f"{domain} already belongs to {institution}.")


def _is_indexed(settings: Settings, institution: str) -> bool | None:
    """Return whether the index has an institution; None, with a note, while OpenSearch does not answer."""
    try:
        opensearch = engine.connect(settings, start=False, ready_timeout=5)
        return bool(opensearch.exists(index=IndexNames(settings.index_prefix).institutions, id=institution))
    except (engine.EngineError, TransportError):
        echo("Note: OpenSearch does not answer, so it is not known whether this institution exists.", err=True)
        return None


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
