"""`peerscope accounts`: who has an account, who is an administrator, and who is suspended."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import or_, select

from accounts import audit
from accounts.login.models import Account
from accounts.me.export import export as exported
from accounts.me.service import delete_account
from accounts.suspension import set_suspended
from accounts.terminal import in_one_line, pass_database

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from accounts.database import Database


def account_of(session: Session, who: str) -> Account:
    """Return an account by its id, e-mail address or ORCID iD. Raises ClickException if there is none."""
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
@click.option("--suspended", is_flag=True, help="Only suspended accounts.")
@pass_database
def list_(database: Database, admins: bool, suspended: bool) -> None:
    """List accounts, newest first."""
    query = select(Account).order_by(Account.created_at.desc(), Account.id)
    if admins:
        query = query.where(Account.is_admin)
    if suspended:
        query = query.where(Account.suspended_at.is_not(None))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("name", "e-mail", "ORCID iD", "since", "is", "id"):
        table.add_column(name, overflow="fold")
    with database.begin() as session:
        found = session.scalars(query).all()
    for one in found:
        states = [word for word, holds in (("admin", one.is_admin), ("suspended", one.suspended_at)) if holds]
        since = one.created_at.date().isoformat()
        table.add_row(escape(in_one_line(one.name)), one.email or "", one.orcid or "", since, ", ".join(states), one.id)
    Console().print(table if found else "No accounts.")


@accounts.command()
@click.argument("who")
@click.option("--off", is_flag=True, help="Remove the role of administrator.")
@pass_database
def admin(database: Database, who: str, off: bool) -> None:
    """Make WHO an administrator."""
    with database.begin() as session:
        account = account_of(session, who)
        if account.is_admin == off:
            account.is_admin = not off
            audit.note(session, None, "account.admin", account.id, on=not off)
        name = in_one_line(account.name)
    click.echo(f"{name} is {'not ' if off else ''}an administrator.")


@accounts.command()
@click.argument("who")
@click.option("--reason", default="", help="Kept in the audit log.")
@pass_database
def suspend(database: Database, who: str, reason: str) -> None:
    """Suspend WHO: log the account out, and refuse further log-ins."""
    with database.begin() as session:
        account = account_of(session, who)
        set_suspended(session, account, None, on=True, reason=reason)
        name = in_one_line(account.name)
    click.echo(f"{name} is suspended.")


@accounts.command()
@click.argument("who")
@pass_database
def restore(database: Database, who: str) -> None:
    """End the suspension of WHO."""
    with database.begin() as session:
        account = account_of(session, who)
        set_suspended(session, account, None, on=False)
        name = in_one_line(account.name)
    click.echo(f"{name} is not suspended.")


@accounts.command()
@click.argument("who")
@pass_database
def export(database: Database, who: str) -> None:
    """Print all stored data of WHO as JSON, for example of a suspended account."""
    with database.read() as session:
        found = exported(session, account_of(session, who).id)
    click.echo(json.dumps(found, ensure_ascii=False, indent=2, default=datetime.isoformat))


@accounts.command("delete")
@click.argument("who")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@pass_database
def delete_(database: Database, who: str, yes: bool) -> None:
    """Delete WHO and the data of the account; messages stay with the other side, without a name."""
    with database.read() as session:
        account = account_of(session, who)
    name = in_one_line(account.name)
    if not yes:
        click.confirm(f"Delete the account of {name} for good?", abort=True)
    with database.begin() as session:
        delete_account(session, account.id, by=None)
    click.echo(f"The account of {name} is deleted.")
