"""`peerscope digest`: mails what is new. To be run by a timer, as often as people should hear."""

from __future__ import annotations

import os
from smtplib import SMTPException

import click

from accounts.follows.digest import deliver, letters
from accounts.resources import database, mailer, resources_of
from accounts.terminal import opened
from peerscope import engine
from search_api.http.services import KEY, Services

#: Where links lead when nothing is said: to a server on this machine.
HERE = "http://127.0.0.1:8000"


@click.command()
@click.option("--dry-run", is_flag=True, help="Print the mails, and send and note nothing.")
def digest(dry_run: bool) -> None:
    """Mail each account that wants it what is new in what it follows, since the last digest.

    Links begin with PEERSCOPE_PUBLIC_URL. Without PEERSCOPE_SMTP_URL the mails are printed.
    """
    from search_api.app import create_app

    engine.connect()
    with opened():
        app = create_app()
        services: Services = app.extensions[KEY]
        accounts = resources_of(app).database
        try:
            with app.test_request_context("/", base_url=os.environ.get("PEERSCOPE_PUBLIC_URL") or HERE):
                sent, failed = _deliver_all(services, dry_run)
        finally:
            accounts.close()
    click.echo(f"{sent} {'would be sent' if dry_run else 'sent'}.")
    if failed:
        raise click.ClickException(f"{failed} could not be sent.")


def _deliver_all(services: Services, dry_run: bool) -> tuple[int, int]:
    """Deliver what is due; gives how many digests were sent, and how many could not be."""
    sent = 0
    failed: list[Exception] = []
    for letter in letters(services, failed.append):
        if dry_run:
            click.echo(f"--- {letter.address}: {letter.subject}\n{letter.text}---")
            sent += 1
            continue
        try:
            sent += deliver(database(), letter, mailer().send)
        except (OSError, SMTPException) as error:
            failed.append(error)
            click.echo(f"A digest was refused, and stays due: {error}", err=True)
    return sent, len(failed)
