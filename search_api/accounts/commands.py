"""`peerscope accounts`: who has an account, who is an administrator, and who is suspended."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import delete, or_, select

from search_api.accounts import audit
from search_api.accounts.database import Database
from search_api.accounts.models import Account, Login, now
from search_api.accounts.outbox import touch_account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session


@contextmanager
def transaction() -> Iterator[Session]:
    """Open the database of the environment, with its newest tables, for one transaction."""
    database = Database()
    try:
        database.migrate()
        with database.begin() as session:
            yield session
    finally:
        database.close()


def account_of(session: Session, who: str) -> Account:
    """Give an account by its id, e-mail address or ORCID iD. Raises ClickException where there is none."""
    given = who.strip()
    query = select(Account).where(or_(Account.id == given, Account.email == given.lower(), Account.orcid == given))
    found = session.scalars(query).one_or_none()
    if found is None:
        raise click.ClickException(f"No account has the id, e-mail address or ORCID iD {who!r}.")
    return found


@click.group()
def accounts() -> None:
    """Look after people's accounts. WHO is an account's id, e-mail address or ORCID iD."""


@accounts.command("list")
@click.option("--admins", is_flag=True, help="Only administrators.")
@click.option("--suspended", is_flag=True, help="Only those that are suspended.")
def list_(admins: bool, suspended: bool) -> None:
    """List accounts, the newest first."""
    query = select(Account).order_by(Account.created_at.desc(), Account.id)
    if admins:
        query = query.where(Account.is_admin)
    if suspended:
        query = query.where(Account.suspended_at.is_not(None))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("name", "e-mail", "ORCID iD", "since", "is", "id"):
        table.add_column(name, overflow="fold")
    with transaction() as session:
        found = session.scalars(query).all()
    for one in found:
        states = [word for word, holds in (("admin", one.is_admin), ("suspended", one.suspended_at)) if holds]
        since = one.created_at.date().isoformat()
        table.add_row(escape(one.name), one.email or "", one.orcid or "", since, ", ".join(states), one.id)
    Console().print(table if found else "No accounts.")


@accounts.command()
@click.argument("who")
@click.option("--off", is_flag=True, help="Not an administrator any more.")
def admin(who: str, off: bool) -> None:
    """Make WHO an administrator."""
    with transaction() as session:
        account = account_of(session, who)
        if account.is_admin == off:
            account.is_admin = not off
            audit.note(session, None, "account.admin", account.id, on=not off)
        name = account.name
    click.echo(f"{name} is {'not ' if off else ''}an administrator.")


@accounts.command()
@click.argument("who")
@click.option("--reason", default="", help="Kept in the audit log.")
def suspend(who: str, reason: str) -> None:
    """Suspend WHO: logged out at once, and not let in."""
    with transaction() as session:
        account = account_of(session, who)
        set_suspended(session, account, None, on=True, reason=reason)
        name = account.name
    click.echo(f"{name} is suspended.")


@accounts.command()
@click.argument("who")
def restore(who: str) -> None:
    """Let WHO in again."""
    with transaction() as session:
        account = account_of(session, who)
        set_suspended(session, account, None, on=False)
        name = account.name
    click.echo(f"{name} is not suspended.")


def set_suspended(session: Session, account: Account, actor_id: str | None, *, on: bool, reason: str = "") -> None:
    """Suspend an account or end that; done before, it changes nothing."""
    if on == (account.suspended_at is not None):
        return
    account.suspended_at = now() if on else None
    touch_account(session, account.id)
    session.execute(delete(Login).where(Login.account_id == account.id))
    audit.note(session, actor_id, "account.suspend" if on else "account.restore", account.id, reason=reason)
