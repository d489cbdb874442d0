"""Output of commands, without characters that control a terminal. Commands print only through this module.

Terminals obey escape sequences: a title could clear the screen, write over what is above it, or put text into the
clipboard. Bidirectional controls make text look like other text.
"""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Any

import click
from rich import console as rich_console
from rich.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import ConsoleOptions, RenderableType

#: Control characters but tab and line end, bidirectional controls, line separators, tags, and lone surrogates, which
#: cannot be encoded. Joiners (U+200C, U+200D) are part of words.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


def printable(text: str) -> str:
    """Return a text in which each character that could control a terminal is U+FFFD."""
    return _UNSAFE.sub("\ufffd", text)


def echo(message: object = "", *, err: bool = False, nl: bool = True, bold: bool = False) -> None:
    """Print a message on standard output, or with `err` on standard error."""
    click.secho(printable(str(message)), err=err, nl=nl, bold=bold or None)


def echo_json(value: Any, **options: Any) -> None:
    """Print a value as JSON, in which characters that could control a terminal are escaped."""
    click.echo(json_text(value, indent=2, **options))


def json_text(value: Any, **options: Any) -> str:
    """Return JSON as text that a terminal shows as it is; `options` are those of `json.dumps`."""
    text = json.dumps(value, ensure_ascii=False, **options)
    return _UNSAFE.sub(lambda match: json.dumps(match[0])[1:-1], text)


class Console(rich_console.Console):
    """A console that shows only printable characters. Its own styles and cursor movements are not affected."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield the segments of anything that is printed."""
        for segment in super().render(renderable, options):
            is_safe = segment.control or segment.text.isprintable()
            yield segment if is_safe else Segment(printable(segment.text), segment.style)


class PrintableFormatter(logging.Formatter):
    """A formatter of log lines that contain only printable characters."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        return printable(super().format(record))
