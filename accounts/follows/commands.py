"""`peerscope digest`: mails new works. Meant to be run by a timer."""

from __future__ import annotations

from smtplib import SMTPException
from typing import TYPE_CHECKING

import click

from accounts import resources
from accounts.follows.digest import deliver, due_emails
from accounts.terminal import pass_database
from peerscope import engine
from peerscope.commands import pass_settings
from search_api.app import create_app
from search_api.http.services import KEY, Services

if TYPE_CHECKING:
    from accounts.database import Database
    from peerscope.settings import Settings

#: Base of links without PEERSCOPE_PUBLIC_URL: a server on this machine.
LOCAL_URL = "http://127.0.0.1:8000"


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
        sent, failed = _deliver_all(services, database, dry_run)
    resources.resources_of(app).database.close()
    click.echo(f"{sent} {'would be sent' if dry_run else 'sent'}.")
    if failed:
        raise click.ClickException(f"{failed} could not be sent.")


def _deliver_all(services: Services, database: Database, dry_run: bool) -> tuple[int, int]:
    """Send the digests that are due; returns how many were sent and how many failed."""
    sent = 0
    errors: list[Exception] = []
    for email in due_emails(services, errors.append):
        if dry_run:
            click.echo(f"--- {email.address}: {email.subject}\n{email.text}---")
            sent += 1
            continue
        try:
            sent += deliver(database, email, resources.mailer().send)
        except (OSError, SMTPException) as error:
            errors.append(error)
            click.echo(f"A digest was refused by the mail server and will be sent next time: {error}", err=True)
    return sent, len(errors)
