"""What command modules share: the loaded settings as the first argument of a command."""

from __future__ import annotations

from functools import update_wrapper
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from peerscope.private_files import repair_home
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable


P = ParamSpec("P")
R = TypeVar("R")


def pass_settings(command: Callable[Concatenate[Settings, P], R]) -> Callable[P, R]:
    """Pass the settings of this run as the first argument, those of the context or else the environment's.

    They are loaded when the command runs, so that its `--help` works whatever the environment holds. Raises
    `SettingsError`.
    """

    def with_settings(*args: P.args, **kwargs: P.kwargs) -> Any:
        context = click.get_current_context()
        settings = context.find_object(Settings)
        if settings is None:
            settings = context.find_root().obj = Settings.load()
            repair_home(settings.home)
        return context.invoke(command, settings, *args, **kwargs)

    return update_wrapper(with_settings, command)
