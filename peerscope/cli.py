"""The `peerscope` command: finds its subcommands through entry points, loads them lazily and reports errors.

Packages register commands in the entry point group `peerscope.commands`; this module imports none of them, so that
`peerscope --help` is instant and a package that is not installed removes its commands only.
"""

from __future__ import annotations

import errno
import sys
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Any

import click

from peerscope.errors import PeerscopeError

GROUP = "peerscope.commands"
#: Help of our own commands, so that listing them imports none; a test compares it with the commands.
SHORT_HELP = {
    "index": "Index works from files, folders, standard input or a remote source.",
    "harvest": "Keep the index up to date from remote sources.",
    "serve": "Serve the API and the pages until Ctrl-C.",
    "search": "Search works, or with --researchers people, for TEXT.",
    "similar": "Find works or researchers similar to ID, or to several.",
    "demo": "Index the sample that ships with Peerscope and serve it.",
    "doctor": "Check this machine and the settings, and show what is missing.",
    "runs": "List past indexing runs, or show one.",
    "rollback": "Restore the index from before the last run.",
    "why-merged": "Explain why works were merged into one researcher.",
    "duplicates": "List possible duplicate researchers or works.",
    "merge": "Decide that researchers are one person, or works one work.",
    "split": "Decide that works of a researcher are someone else's.",
    "institutions": "Manage how affiliations are resolved to institutions.",
    "engine": "Manage the bundled OpenSearch.",
    "evaluate": "Measure the quality of results on judged data.",
    "accounts": "Manage accounts.",
    "claims": "Review profile claims.",
    "domains": "Manage institutions' e-mail domains.",
    "people": "Manage the profile states that accounts write to the index.",
    "audit": "Show the audit log, newest first.",
    "reports": "Review reports about messages.",
    "digest": "E-mail each account that enabled it the works added since its last digest.",
}


class LazyGroup(click.Group):
    """Group whose commands are the entry points of `peerscope.commands`, each imported when it is called.

    Every `PeerscopeError` and every error of OpenSearch, a database or the file system that a command raises ends in
    one line on standard error and exit status 1.
    """

    @cached_property
    def registered(self) -> dict[str, EntryPoint]:
        """The registered commands by name, ours first; a third-party command cannot replace one of ours."""
        found = {point.name: point for point in entry_points(group=GROUP) if point.name not in SHORT_HELP}
        ours = {point.name: point for point in entry_points(group=GROUP) if _is_ours(point)}
        return {name: ours[name] for name in SHORT_HELP if name in ours} | dict(sorted(found.items()))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands whose package is installed."""
        return [
            *super().list_commands(ctx),
            *(name for name in self.registered if _is_installed(self.registered[name])),
        ]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, None when there is none. Raises `UsageError` when it cannot be imported."""
        point = self.registered.get(cmd_name)
        if point is None:
            return super().get_command(ctx, cmd_name)
        if not _is_installed(point):
            raise click.UsageError(
                f"The command {cmd_name!r} needs the package {_package(point)!r}, which is not installed."
            )
        try:
            command = point.load()
        except (ImportError, AttributeError) as error:
            if _is_ours(point):
                raise  # a defect of ours: the traceback says where
            raise click.UsageError(
                f"The command {cmd_name!r} of {_package(point)!r} cannot be loaded: {error}"
            ) from error
        if not isinstance(command, click.Command):
            raise click.UsageError(f"{point.value}, registered as the command {cmd_name!r}, is not a click command.")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands; only third-party commands are imported for their help."""
        names = self.list_commands(ctx)
        limit = formatter.width - 6 - max(map(len, names), default=0)
        if rows := [(name, self._short_help(ctx, name, limit)) for name in names]:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command, and turn an expected error into a `ClickException` with its message."""
        try:
            return super().invoke(ctx)
        except click.UsageError:
            raise  # about the arguments, which the user has typed
        except click.ClickException as error:
            raise click.ClickException(_printable(error.message)) from error
        except Exception as error:
            message = describe_error(error)
            if message is None:
                raise
            raise click.ClickException(_printable(message)) from error

    def _short_help(self, ctx: click.Context, name: str, limit: int) -> str:
        if name in SHORT_HELP:
            return SHORT_HELP[name]
        try:
            command = self.get_command(ctx, name)
        except click.UsageError as error:
            return error.message
        return command.get_short_help_str(limit) if command else ""


def describe_error(error: Exception) -> str | None:
    """Return the message of an error that a user or operator can act on; None for a defect, whose traceback matters."""
    if isinstance(error, PeerscopeError):
        return str(error)
    if (sqlite3 := sys.modules.get("sqlite3")) and isinstance(error, sqlite3.DatabaseError):
        return f"The database of the indexing run in PEERSCOPE_HOME failed: {error}. The live index did not change."
    if isinstance(error, OSError) and error.errno != errno.EPIPE:  # click ends quietly when the reader of a pipe has
        return (f"{error.filename}: {error.strerror}" if error.filename else error.strerror) or str(error)
    return _opensearch_error(error) or _database_error(error)


def _opensearch_error(error: Exception) -> str | None:
    if "opensearchpy" not in sys.modules:  # then the error is none of its, and importing it takes 0.2 s
        return None
    from opensearchpy.exceptions import ConnectionError, OpenSearchException, TransportError  # noqa: A004 (its name)

    if isinstance(error, ConnectionError):
        return f"OpenSearch does not answer: {error.error}"
    if isinstance(error, TransportError):
        return f"OpenSearch refused: {_one_line(error)}"
    if isinstance(error, OpenSearchException):  # such as a page of a proxy in place of JSON
        return f"OpenSearch did not answer as expected: {_one_line(error)}"
    return None


def _database_error(error: Exception) -> str | None:
    if "sqlalchemy" not in sys.modules:
        return None
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    if isinstance(error, DBAPIError):
        return f"The accounts database failed: {_one_line(error.orig)}"
    return f"The accounts database failed: {_one_line(error)}" if isinstance(error, SQLAlchemyError) else None


def _printable(text: str) -> str:
    from peerscope.terminal import printable  # imported late: `peerscope --help` needs no rich

    return printable(text)


def _one_line(error: BaseException | None) -> str:
    return " ".join(str(error).split())


def _package(point: EntryPoint) -> str:
    return point.module.partition(".")[0]


def _is_installed(point: EntryPoint) -> bool:
    return find_spec(_package(point)) is not None


def _is_ours(point: EntryPoint) -> bool:
    return point.name in SHORT_HELP and _package(point) in {"accounts", "indexer", "peerscope", "search_api"}


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="peerscope")
def main() -> None:
    """Search research works by keyword and by meaning, and find experts, similar works and similar researchers."""
