"""The commands that pages name exist, with the options and arguments that they are shown with."""

from __future__ import annotations

import importlib
import re
import shlex
from importlib.util import find_spec

import click
import pytest

from peerscope.cli import main
from peerscope.embedding.onnx_folder import Options
from tests.documented import fenced, spans, text_of

#: Pages whose commands are checked, and what their placeholders stand for.
PAGES = ("ranking.md", "api.md", "serving.md", "import.md", "identity.md")
COMMAND = re.compile(r"^(?:PEERSCOPE_\w+=\S+ )*(?P<command>(?:peerscope|python -m benchmarks\.\w+)(?: .*)?)$")


def commands(page: str) -> list[str]:
    """Return the command lines of a page, without comments and pipes."""
    lines = [line for block in fenced(page) for line in block.splitlines()] + spans(text_of(page))
    plain = (re.split(r"\s#\s|\s[|>&]\s?|\s\\\\$", f"{line} ")[0].strip() for line in lines)
    return list(dict.fromkeys(match["command"] for line in plain if (match := COMMAND.match(line))))


ALL = [(page, command) for page in PAGES for command in commands(page)]


def test_commands_are_found() -> None:
    assert len(ALL) > 15
    assert ("ranking.md", "python -m benchmarks.weights --cache FOLDER") in ALL


@pytest.mark.parametrize(("page", "command"), ALL)
def test_each_command_exists_with_its_options(page: str, command: str) -> None:
    words = shlex.split(command)
    if words[0] == "python":
        module = importlib.import_module(words[2])
        if not hasattr(module, "main"):
            assert find_spec(f"{words[2]}.__main__")
            return
        chosen: click.Command = module.main
        rest = words[3:]
    else:
        chosen, rest = main, words[1:]
        while isinstance(chosen, click.Group) and rest and not rest[0].startswith("-"):
            found = chosen.get_command(click.Context(chosen), rest[0])
            if found is None:
                break
            chosen, rest = found, rest[1:]
        assert chosen is not main or rest[:1] != [], f"{page}: {command}"
    options = {name for parameter in chosen.params for name in (*parameter.opts, *parameter.secondary_opts)}
    used = {word.partition("=")[0] for word in rest if word.startswith("--")}
    assert used <= options | {"--help"}, f"{page}: {command}"
    takes_arguments = any(isinstance(parameter, click.Argument) for parameter in chosen.params)
    if isinstance(chosen, click.Group):
        assert not [word for word in rest if not word.startswith("-")], f"{page}: {command}: unknown command"
    elif rest and not rest[0].startswith("-"):
        assert takes_arguments, f"{page}: {command}"


def test_the_description_of_a_model_is_valid() -> None:
    (example,) = [block for block in fenced("ranking.md") if block.startswith("{")]
    assert Options.model_validate_json(example) == Options(query_prefix="query: ", work_prefix="passage: ")
