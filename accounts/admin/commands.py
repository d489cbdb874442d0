"""`peerscope claims | domains | people | audit`: administration at the command line."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from accounts.admin import service
from accounts.claims import institution_emails, lifecycle
from accounts.corrections import decisions
from accounts.delivery.lease import Lease
from accounts.delivery.service import Delivery
from accounts.terminal import in_one_line, pass_database
from mappings import IndexNames, institution_id
from peerscope import engine
from peerscope.commands import pass_settings
from peerscope.signing import Signer
from peerscope.terminal import echo, json_text

if TYPE_CHECKING:
    from accounts.database import Database
    from peerscope.settings import Settings

STATUSES = ("pending", "verified", "rejected", "released")
#: Seconds to wait for a running server to write all states.
PATIENCE = 600.0


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
        listed = service.list_claims(session, status, per_page=count)
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


@click.group()
def people() -> None:
    """Manage the profile states that accounts write to the index."""


@people.command()
@pass_settings
@pass_database
def sync(database: Database, settings: Settings) -> None:
    """Write the states of all people to the index again; a running server does so when necessary."""
    names = IndexNames(settings.index_prefix)
    decisions.write(database, settings.home)
    delivery = Delivery(database, engine.connect(settings), names, Signer.from_settings(settings))
    lease = Lease(database, names.prefix)
    if lease.take():
        try:
            echo(f"{delivery.deliver_all():,} researchers have a state; the index is up to date.")
        finally:
            lease.release()
        return
    delivery.invalidate()
    deadline = time.monotonic() + PATIENCE
    while not delivery.is_complete():
        if time.monotonic() > deadline:
            raise click.ClickException("The running server has not delivered all states yet; see its log.")
        time.sleep(0.2)
    echo("The running server has delivered all states; the index is up to date.")


@click.command()
@click.option("-n", "count", default=50, show_default=True, type=click.IntRange(1, 10_000), help="Rows to show.")
@click.option("--action", default="", help="Prefix of the action, such as `claim.`.")
@click.option("--target", default="", help="Id of the target.")
@click.option("--actor", default="", help="Id of the acting account.")
@pass_database
def audit(database: Database, count: int, action: str, target: str, actor: str) -> None:
    """Show the audit log, newest first."""
    filters = {"action": action, "target": target, "actor": actor}
    with database.read() as session:
        for row in service.list_audit(session, filters, per_page=count)["results"]:
            detail = json_text(row.detail) if row.detail else ""
            echo(f"{row.at:%Y-%m-%d %H:%M:%S}  {row.actor_id or 'system'}  {row.action}  {row.target}  {detail}")
