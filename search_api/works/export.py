"""Works in other formats than JSON: which one a request wants, and long lists streamed while they are read."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from itertools import chain, count, islice
from typing import TYPE_CHECKING, Any

from flask import Response, request, stream_with_context
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from search_api.http.errors import Problem
from search_api.works import bibliography, citations
from search_api.works.documents import serialize_work
from search_api.works.schemas import CITATIONS, TABLES, Work
from search_api.works.tex import Budget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mappings.documents import WorkDocument
    from search_api.works.documents import WorkResult

Result = dict[str, Any]

#: Works in one export. A larger collection is read by cursor, which can be continued.
LIMIT = 100_000
#: Works up to which an export is written as a whole, and so has an ETag; a longer one is streamed while it is read.
WHOLE = 500
#: Parameters that ask for one page of a list.
PAGE = ("page", "per_page", "cursor")
#: Columns of CSV; several values are in one cell, separated by semicolons.
COLUMNS = (
    *("id", "title", "authors", "year", "date", "type", "venue", "doi", "url"),
    *("source", "license", "language", "cited_by_count", "is_retracted", "topics", "institutions", "abstract"),
)
#: A spreadsheet runs a cell that begins with one of these as a formula. Full-width and small forms count as well.
_FORMULA = frozenset("=+-@\u2212")
JSON = "application/json"


@dataclass(frozen=True)
class Format:
    """A format of works: its media type and aliases, the file extension, and the function that yields the text.

    The function takes the works and the parameters of the request.
    """

    media: str
    extension: str
    write: Callable[[Iterable[WorkDocument], Mapping[str, Any]], Iterator[str]]
    other_media: tuple[str, ...] = ()


def _bibtex(works: Iterable[WorkDocument], _: Mapping[str, Any]) -> Iterator[str]:
    used: set[str] = set()
    for work in works:
        base = citations.citation_key(work)
        key = next(key for key in chain([base], (f"{base}-{number}" for number in count(2))) if key not in used)
        used.add(key)
        yield citations.bibtex(work, key) + "\n"


def _ris(works: Iterable[WorkDocument], _: Mapping[str, Any]) -> Iterator[str]:
    for work in works:
        yield citations.ris(work) + "\n"


def _csl(works: Iterable[WorkDocument], _: Mapping[str, Any]) -> Iterator[str]:
    separator = "[\n"
    for work in works:
        yield separator + citations.csl(work)
        separator = ",\n"
    yield "\n]\n" if separator != "[\n" else "[]\n"


def _bibliography(works: Iterable[WorkDocument], args: Mapping[str, Any]) -> Iterator[str]:
    try:
        for number, work in enumerate(works):
            if number == WHOLE:
                detail = f"A bibliography has at most {WHOLE} works; narrow the search, or ask for pages of it."
                raise Problem(HTTPStatus.BAD_REQUEST, detail, {"format": ["Too many works."]})
            yield bibliography.reference(work, args["style"], Budget()) + "\n"
    except bibliography.UnknownStyleError as problem:
        detail = f"No citation style is called {problem}; the names are those of citationstyles.org, such as nature."
        raise Problem(HTTPStatus.BAD_REQUEST, detail, {"style": ["Unknown style."]}) from problem


def _csv(works: Iterable[WorkDocument], args: Mapping[str, Any]) -> Iterator[str]:
    columns = [name for name in (*COLUMNS, "score") if name in (args["select"] or COLUMNS)]
    if not columns:
        detail = f"None of the fields in select is a column of csv, which has {', '.join(COLUMNS)} and score."
        raise Problem(HTTPStatus.BAD_REQUEST, detail, {"select": ["Contains no column of csv."]})
    yield ",".join(columns) + "\r\n"
    for work in works:
        yield table_line([_cell(work, name) for name in columns])


def table_line(cells: Sequence[str]) -> str:
    """Return one line of CSV."""
    line = io.StringIO()
    # All cells are quoted: in many countries a semicolon or a tab would begin another one.
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(cells)
    return line.getvalue()


def _cell(work: WorkDocument, column: str) -> str:
    value = work["researchers"] if column == "authors" else work.get(column)
    if isinstance(value, list):
        return table_cell("; ".join(entry["name"] for entry in value))
    if isinstance(value, bool):
        return str(value).lower()  # as in JSON
    return table_cell(str("" if value is None else value))


def table_cell(text: str) -> str:
    """Return the text of a cell, with an apostrophe before what a spreadsheet would run."""
    text = text.replace("\0", "").lstrip(" ")
    return f"'{text}" if _is_formula(text) else text


def _is_formula(text: str) -> bool:
    """Return whether a spreadsheet may run a text, also after white space and characters that are not shown."""
    first = next((character for character in text if character.isprintable() and not character.isspace()), "")
    return text[:1] in {"\t", "\r"} or unicodedata.normalize("NFKC", first) in _FORMULA


def _jsonl(works: Iterable[WorkDocument], args: Mapping[str, Any]) -> Iterator[str]:
    schema = Work(only=args["select"] or None)
    for work in works:
        yield json.dumps(schema.dump(work), ensure_ascii=False) + "\n"


FORMATS = {
    "bibtex": Format("application/x-bibtex", "bib", _bibtex, ("text/x-bibtex", "application/bibtex")),
    "csl": Format("application/vnd.citationstyles.csl+json", "json", _csl),
    "bibliography": Format("text/x-bibliography", "txt", _bibliography, ("text/bibliography",)),
    "ris": Format("application/x-research-info-systems", "ris", _ris),
    "csv": Format("text/csv", "csv", _csv),
    "jsonl": Format(
        "application/x-ndjson", "jsonl", _jsonl, ("application/jsonl", "application/ndjson", "application/x-jsonlines")
    ),
}
#: Media types of one work, and of a list of works, besides JSON.
WORK_MEDIA = tuple(FORMATS[name].media for name in CITATIONS)
LIST_MEDIA = tuple(FORMATS[name].media for name in (*CITATIONS, *TABLES))


def negotiate_search(
    args: Mapping[str, Any], one_page: Callable[[], Result], everything: Callable[[int], Iterator[WorkResult]]
) -> Any:
    """Return a search as the format that the request wants: its list, or a Response.

    `one_page` returns the list; `everything` yields the results up to a limit. An export contains everything up to
    `LIMIT` unless the request names a page.
    """
    name = wanted_format(args["format"], (*CITATIONS, *TABLES))
    if not name or any(request.args.get(parameter, "").strip() for parameter in PAGE):
        return negotiate_list(args, one_page())
    return _list_response(name, everything(LIMIT), args)


def fields_of(args: Mapping[str, Any]) -> Sequence[str] | None:
    """Return the fields of works that the response to a search contains; None for all of them."""
    return None if wanted_format(args["format"], (*CITATIONS, *TABLES)) else args["select"]


def negotiate_list(args: Mapping[str, Any], found: Result) -> Any:
    """Return a list unchanged, or its results in the format that the request wants, with a link to the next page."""
    if not (name := wanted_format(args["format"], (*CITATIONS, *TABLES))):
        return found
    response = _list_response(name, iter(found["results"]), args)
    if following := found["links"]["next"]:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


def negotiate_work(args: Mapping[str, Any], work: WorkDocument) -> Any:
    """Return a stored work as a result, or a Response in the format that the request wants."""
    name = wanted_format(args["format"], CITATIONS)
    if not name:
        return serialize_work(work)
    text = citations.csl(work) + "\n" if name == "csl" else "".join(FORMATS[name].write([work], args))
    return _response(name, text, re.sub(r"[^\w.-]+", "-", work["id"], flags=re.ASCII))


def wanted_format(parameter: str | None, names: tuple[str, ...]) -> str | None:
    """Return which of `names` a request wants: by its parameter, otherwise by `Accept`; None for JSON."""
    if parameter:
        return None if parameter == "json" else parameter
    return _accepted_format(request.headers.get("Accept"), names)


@lru_cache(maxsize=64)  # clients send few different headers, and one takes 50 to 150 us, three times a request
def _accepted_format(accept: str | None, names: tuple[str, ...]) -> str | None:
    """Return which of `names` a header `Accept` prefers; None for JSON."""
    offered = {media: name for name in names for media in (FORMATS[name].media, *FORMATS[name].other_media)}
    return offered.get(parse_accept_header(accept, MIMEAccept).best_match([JSON, *offered], default=JSON))


def _list_response(name: str, rows: Iterator[WorkResult], args: Mapping[str, Any]) -> Response:
    lines = FORMATS[name].write(rows, args)
    # The first lines are read before the response begins, so that a search that fails is still an error response.
    first = list(islice(lines, WHOLE))
    following = next(lines, None)
    body = "".join(first) if following is None else stream_with_context(chain(first, [following], lines))
    return _response(name, body, "peerscope-works")


def _response(name: str, body: str | Iterator[str], stem: str) -> Response:
    file_format = FORMATS[name]
    response = Response(body, content_type=f"{file_format.media}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{stem}.{file_format.extension}"'
    return response
