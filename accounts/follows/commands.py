"""`peerscope digest`: mails new works. Meant to be run by a timer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from accounts import resources
from accounts.follows.digest import due_emails, enqueue_digest
from accounts.mail.letters import LOCAL_URL
from accounts.mail.sender import Outcome, deliver_due
from accounts.terminal import pass_database
from peerscope import engine
from peerscope.commands import pass_settings
from peerscope.terminal import echo
from search_api.app import create_app
from search_api.http.services import KEY, Services

if TYPE_CHECKING:
    from accounts.database import Database
    from peerscope.settings import Settings


@click.command()
@click.option("--dry-run", is_flag=True, help="Print the mails without sending them.")
@pass_settings
@pass_database
def digest(database: Database, settings: Settings, dry_run: bool) -> None:
    """E-mail each account that enabled it the works added since its last digest.

    Links start with PEERSCOPE_PUBLIC_URL. Without PEERSCOPE_SMTP_URL the mails are printed.
    """
    engine.connect(settings)
    app = create_app(settings=settings)
    services: Services = app.extensions[KEY]
    with app.test_request_context("/", base_url=settings.public_url or LOCAL_URL):
        outcome, errors = _deliver_all(services, database, dry_run)
    resources.resources_of(app).database.close()
    echo(f"{outcome.sent} {'would be sent' if dry_run else 'sent'}.")
    if errors:
        raise click.ClickException(f"{errors} could not be built; see the log.")
    if outcome.failed:
        detail = "A running server or the next `peerscope digest` tries again, unless the refusal is permanent."
        raise click.ClickException(f"{outcome.failed} could not be sent. {detail}")


def _deliver_all(services: Services, database: Database, dry_run: bool) -> tuple[Outcome, int]:
    """Enqueue the digests that are due, and send all waiting mail; returns the outcome, and how many digests failed."""
    count = 0
    errors: list[Exception] = []
    for email in due_emails(services, errors.append):
        if dry_run:
            echo(f"--- {email.address}: {email.subject}\n{email.text}---")
        else:
            enqueue_digest(database, email)
        count += 1
    if dry_run:
        return Outcome(count), len(errors)
    return deliver_due(database, resources.mailer(), services.settings.public_url), len(errors)
