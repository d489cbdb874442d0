"""Rewrite the generated parts of the documentation: `python docs/generate.py`.

A generated part stands between the lines `<!-- NAME: generated -->` and `<!-- end -->`. A test checks that all parts
are current.
"""

from __future__ import annotations

import re
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


def pages() -> Iterator[tuple[Path, str]]:
    """Yield every page with generated parts, and its current text."""
    page = DOCS / "settings.md"
    yield page, settings.with_table(page.read_text(encoding="utf-8"))
    page = DOCS / "api.md"
    text = page.read_text(encoding="utf-8")
    for name, entity in (("works", works), ("researchers", researchers)):
        begin, end = f"<!-- filters of {name}: generated -->", "<!-- end -->"
        part = f"{begin}\n\n{fields_table(entity.FIELDS, entity.SORTS)}\n\n{end}"
        text = re.sub(rf"{re.escape(begin)}.*?{re.escape(end)}", lambda _, part=part: part, text, flags=re.DOTALL)  # type: ignore[misc]
    yield page, text


if __name__ == "__main__":
    for path, current in pages():
        path.write_text(current, encoding="utf-8")
