"""The examples that a page of the documentation contains: code spans, tables, fenced blocks."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"

_FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")


@cache
def text_of(page: str) -> str:
    """Return a page of `docs/` without fenced blocks."""
    return _FENCED.sub("", (DOCS / page).read_text(encoding="utf-8"))


def fenced(page: str) -> list[str]:
    """Return the contents of its fenced blocks."""
    return _FENCED.findall((DOCS / page).read_text(encoding="utf-8"))


def spans(text: str) -> list[str]:
    """Return the code spans of a text, each once, whitespace collapsed."""
    return list(dict.fromkeys(" ".join(span.split()) for span in _SPAN.findall(text)))


def section(page: str, title: str) -> str:
    """Return the text of a section, without its subsections."""
    _, _, rest = text_of(page).partition(f"\n## {title}\n")
    assert rest, f"{page} has no section {title}"
    return re.split(r"\n##+ ", rest)[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of all rows of tables in a text, without headings; `\\|` is a bar within a cell."""
    found: list[list[str]] = []
    for line in text.splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells and set("".join(cells)) <= set("-:"):
            # The line below a heading.
            found.pop()
        elif cells and line.startswith("|"):
            found.append(cells)
    return found
