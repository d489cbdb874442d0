"""Rewrite the generated parts of the documentation: `python docs/generate.py`.

A generated part stands between the lines `<!-- NAME: generated -->` and `<!-- end -->`. A test checks that all parts
are current.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from peerscope import settings
from search_api.researchers import fields as researchers
from search_api.works import fields as works

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from search_api.retrieval.filters import Field, Sort

DOCS = Path(__file__).resolve().parent


def fields_table(fields: Mapping[str, Field], sorts: Mapping[str, Sort]) -> str:
    """Return the Markdown table of the filters and facets of an entity, and its sorts."""
    rows = [f"| `{name}` | {field.description} | {'yes' if field.facet else ''} |" for name, field in fields.items()]
    orders = ", ".join(f"`{name}`" for name in sorts)
    return "\n".join(["| parameter | values | facet |", "|---|---|---|", *rows, "", f"`sort`: {orders}."])


def with_part(page: str, name: str, content: str) -> str:
    """Return a page in which the generated part of a name is `content`. Raises ValueError if the page lacks it."""
    begin, end = f"<!-- {name}: generated -->", "<!-- end -->"
    before, marker, rest = page.partition(begin)
    _, closing, after = rest.partition(end)
    if not marker or not closing:
        raise ValueError(f"the page has no lines {begin!r} and {end!r}")
    return f"{before}{begin}\n\n{content.strip()}\n\n{end}{after}"


def pages() -> Iterator[tuple[Path, str]]:
    """Yield every page with generated parts, and its current text."""
    page = DOCS / "settings.md"
    yield page, with_part(page.read_text(encoding="utf-8"), "settings", settings.table())
    page = DOCS / "api.md"
    text = page.read_text(encoding="utf-8")
    for name, entity in (("works", works), ("researchers", researchers)):
        text = with_part(text, f"filters of {name}", fields_table(entity.FIELDS, entity.SORTS))
    yield page, text


if __name__ == "__main__":
    for path, current in pages():
        path.write_text(current, encoding="utf-8")
