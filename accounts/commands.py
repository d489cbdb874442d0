"""`peerscope accounts`: lists, suspends, exports and deletes accounts, and appoints administrators."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click
from rich.markup import escape
from rich.table import Table
from sqlalchemy import or_, select

from accounts import audit
from accounts.login.models import Account
from accounts.me.export import export as exported
from accounts.me.service import delete_account
from accounts.suspension import set_suspended
from accounts.terminal import in_one_line, pass_database
from peerscope.terminal import Console, echo, echo_json, printable

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from accounts.database import Database


def account_of(session: Session, who: str) -> Account:
    """Return an account by its id, e-mail address or ORCID iD. Raises ClickException if there is none."""
    name = who.strip()
    query = select(Account).where(or_(Account.id == name, Account.email == name.lower(), Account.orcid == name))
    account = session.scalars(query).one_or_none()
    if account is None:
        raise click.ClickException(f"No account has the id, e-mail address or ORCID iD {who!r}.")
    return account


@click.group()
def accounts() -> None:
    """Manage accounts. WHO is an account's id, e-mail address or ORCID iD."""


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
    for name in ("name", "e-mail", "ORCID iD", "since", "state", "id"):
        table.add_column(name, overflow="fold")
    with database.begin() as session:
        listed = session.scalars(query).all()
    for account in listed:
        states = [word for word, holds in (("admin", account.is_admin), ("suspended", account.suspended_at)) if holds]
        name, since = escape(in_one_line(account.name)), account.created_at.date().isoformat()
        table.add_row(name, account.email or "", account.orcid or "", since, ", ".join(states), account.id)
    Console().print(table if listed else "No accounts.")


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
    echo(f"{name} is {'not ' if off else ''}an administrator.")


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
    echo(f"{name} is suspended.")


@accounts.command()
@click.argument("who")
@pass_database
def restore(database: Database, who: str) -> None:
    """Reinstate WHO."""
    with database.begin() as session:
        account = account_of(session, who)
        set_suspended(session, account, None, on=False)
        name = in_one_line(account.name)
    echo(f"{name} is reinstated.")


@accounts.command()
@click.argument("who")
@pass_database
def export(database: Database, who: str) -> None:
    """Print all stored data of WHO as JSON, for example of a suspended account."""
    with database.begin() as session:
        data = exported(session, account_of(session, who).id, by=None)
    echo_json(data, default=datetime.isoformat)


@accounts.command("delete")
@click.argument("who")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@pass_database
def delete_(database: Database, who: str, yes: bool) -> None:
    """Delete WHO and the data of the account; messages stay with their recipients, without a name."""
    with database.read() as session:
        account = account_of(session, who)
    name = in_one_line(account.name)
    if not yes:
        click.confirm(f"Permanently delete the account of {printable(name)}?", abort=True)
    with database.begin() as session:
        delete_account(session, account.id, by=None)
    database.rewrite()
    echo(f"The account of {name} is deleted. A running server removes its profile from the index.")
