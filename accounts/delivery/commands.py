"""`peerscope people`: the profile states that accounts write to the index."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from accounts.corrections import decisions
from accounts.delivery.lease import Lease
from accounts.delivery.service import Delivery
from accounts.terminal import pass_database
from mappings import IndexNames
from peerscope import engine
from peerscope.commands import pass_settings
from peerscope.signing import Signer
from peerscope.terminal import echo

if TYPE_CHECKING:
    from accounts.database import Database
    from peerscope.settings import Settings

#: Seconds to wait for a running server to write all states.
PATIENCE = 600.0


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
