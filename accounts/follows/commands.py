"""`peerscope digest`: mails what is new. To be run by a timer, as often as people should hear."""

from __future__ import annotations

from smtplib import SMTPException
from typing import TYPE_CHECKING

import click

from accounts import resources
from accounts.follows.digest import deliver, letters
from accounts.terminal import pass_database
from peerscope import engine
from peerscope.commands import pass_settings
from search_api.app import create_app
from search_api.http.services import KEY, Services

if TYPE_CHECKING:
    from accounts.database import Database
    from peerscope.settings import Settings

#: Base of links without PEERSCOPE_PUBLIC_URL: a server on this machine.
HERE = "http://127.0.0.1:8000"


@click.command()
@click.option("--dry-run", is_flag=True, help="Print the mails, and send and note nothing.")
@pass_settings
@pass_database
def digest(database: Database, settings: Settings, dry_run: bool) -> None:
    """Mail each account that wants it what is new in what it follows, since the last digest.

    Links begin with PEERSCOPE_PUBLIC_URL. Without PEERSCOPE_SMTP_URL the mails are printed.
    """
    engine.connect(settings)
    app = create_app(settings=settings)
    services: Services = app.extensions[KEY]
    with app.test_request_context("/", base_url=settings.public_url or HERE):
        sent, failed = _deliver_all(services, database, dry_run)
    resources.resources_of(app).database.close()
    click.echo(f"{sent} {'would be sent' if dry_run else 'sent'}.")
    if failed:
        raise click.ClickException(f"{failed} could not be sent.")


def _deliver_all(services: Services, database: Database, dry_run: bool) -> tuple[int, int]:
    """Deliver what is due; gives how many digests were sent, and how many could not be."""
    sent = 0
    failed: list[Exception] = []
    for letter in letters(services, failed.append):
        if dry_run:
            click.echo(f"--- {letter.address}: {letter.subject}\n{letter.text}---")
            sent += 1
            continue
        try:
            sent += deliver(database, letter, resources.mailer().send)
        except (OSError, SMTPException) as error:
            failed.append(error)
            click.echo(f"A digest was refused, and stays due: {error}", err=True)
    return sent, len(failed)
