"""What the commands of accounts share: the opened database, and user text that is safe to print."""

from __future__ import annotations

from functools import update_wrapper
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from accounts.database import Database
from accounts.mail.sender import deliver_due
from accounts.outbox import committed_by_command
from accounts.smtp import Mailer
from peerscope.commands import pass_settings
from peerscope.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from peerscope.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")


def pass_database(command: Callable[Concatenate[Database, P], R]) -> Callable[P, R]:
    """Pass the database of the settings, with its tables up to date, as the first argument of a command.

    Raises SettingsError, also when accounts are off, or SQLAlchemyError.
    """

    @pass_settings
    def with_database(settings: Settings, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        if settings.accounts == "off":
            raise SettingsError("PEERSCOPE_ACCOUNTS=off: this command needs accounts, and they are turned off.")
        database = Database.from_settings(settings)
        try:
            database.migrate()
            result = click.get_current_context().invoke(command, database, *args, **kwargs)
            if committed_by_command.is_set():
                # What cannot be sent now is sent by a running server.
                deliver_due(database, Mailer(settings), settings.public_url)
            return result
        finally:
            database.close()

    return update_wrapper(with_database, command)


def counted(number: int, status: str, noun: str) -> str:
    """Return the last line of a list, such as `2 pending claims.` or `No open reports.`, as text."""
    return f"{number or 'No'} {status} {noun}{'' if number == 1 else 's'}."


def in_one_line(text: str) -> str:
    """Return user text in one line, without control characters that a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
