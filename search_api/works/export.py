"""Works in other formats than JSON: which one a request wants, and lists written while they are read."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain, count, islice
from typing import TYPE_CHECKING, Any

from flask import Response, request, stream_with_context

from search_api.http.errors import Problem
from search_api.works import citations
from search_api.works.plan import plan
from search_api.works.reading import every
from search_api.works.schemas import CITATIONS, TABLES, Work
from search_api.works.search import dressed, scored, search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from search_api.http.services import Services

Row = dict[str, Any]

#: Works that one export gives. The whole of a larger collection is read by cursor, which can be continued.
LIMIT = 100_000
#: Works up to which an export is written as a whole, and so has a tag; a longer one goes out while it is read.
WHOLE = 500
#: Parameters that ask for one page of a list.
PAGE = ("page", "per_page", "cursor")
#: Columns of CSV; what is several stands in one cell, parted by semicolons.
COLUMNS = (
    *("id", "title", "authors", "year", "date", "type", "venue", "doi", "url"),
    *("source", "license", "language", "cited_by_count", "is_retracted", "topics", "institutions", "abstract"),
)
#: A spreadsheet runs a cell that begins with one of these as a formula.
_FORMULA = re.compile("^[=+\\-@\t\r＝＋－＠]")  # noqa: RUF001 (full-width signs count as well)
JSON = "application/json"


@dataclass(frozen=True)
class Format:
    """One way to write works: its media type and the other names of that, and the ending of a file."""

    media: str
    ending: str
    write: Callable[[Iterable[Row], Sequence[str]], Iterator[str]]
    other_media: tuple[str, ...] = ()


def _bibtex(works: Iterable[Row], _: Sequence[str]) -> Iterator[str]:
    used: set[str] = set()
    for work in works:
        base = citations.citation_key(work)
        key = next(key for key in chain([base], (f"{base}-{number}" for number in count(2))) if key not in used)
        used.add(key)
        yield citations.bibtex(work, key) + "\n"


def _ris(works: Iterable[Row], _: Sequence[str]) -> Iterator[str]:
    for work in works:
        yield citations.ris(work) + "\n"


def _csl(works: Iterable[Row], _: Sequence[str]) -> Iterator[str]:
    lead = "[\n"
    for work in works:
        yield lead + citations.csl(work)
        lead = ",\n"
    yield "\n]\n" if lead != "[\n" else "[]\n"


def _csv(works: Iterable[Row], select: Sequence[str]) -> Iterator[str]:
    columns = [name for name in (*COLUMNS, "score") if name in (select or COLUMNS)]
    if not columns:
        detail = f"None of the fields in select is a column of csv, which has {', '.join(COLUMNS)} and score."
        raise Problem(HTTPStatus.BAD_REQUEST, detail, {"select": ["Names no column of csv."]})
    yield _csv_line(columns)
    for work in works:
        yield _csv_line([_cell(work, name) for name in columns])


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _cell(work: Mapping[str, Any], column: str) -> str:
    """Return one cell, with an apostrophe before what a spreadsheet would run."""
    value = work["researchers"] if column == "authors" else work.get(column)
    if isinstance(value, list):
        text = "; ".join(thing["name"] for thing in value)
    elif isinstance(value, bool):
        text = str(value).lower()  # as in JSON
    else:
        text = str("" if value is None else value)
    text = text.replace("\0", "").lstrip(" ")
    return f"'{text}" if _FORMULA.match(text) else text


def _jsonl(works: Iterable[Row], select: Sequence[str]) -> Iterator[str]:
    schema = Work(only=select or None)
    for work in works:
        yield json.dumps(schema.dump(work), ensure_ascii=False) + "\n"


FORMATS = {
    "bibtex": Format("application/x-bibtex", "bib", _bibtex, ("text/x-bibtex", "application/bibtex")),
    "csl": Format("application/vnd.citationstyles.csl+json", "json", _csl),
    "ris": Format("application/x-research-info-systems", "ris", _ris),
    "csv": Format("text/csv", "csv", _csv),
    "jsonl": Format(
        "application/x-ndjson", "jsonl", _jsonl, ("application/jsonl", "application/ndjson", "application/x-jsonlines")
    ),
}
#: Media types in which one work, and a list of works, can be had besides JSON.
WORK_MEDIA = tuple(FORMATS[name].media for name in CITATIONS)
LIST_MEDIA = tuple(FORMATS[name].media for name in (*CITATIONS, *TABLES))


def works(services: Services, args: Mapping[str, Any], fixed: Sequence[Row] = ()) -> Any:
    """Return a search as its list, or in the format that is wanted.

    An export holds everything that is found, up to `LIMIT`, unless the request names a page of it.
    """
    name = wanted(args["format"], (*CITATIONS, *TABLES))
    if not name or any(request.args.get(part, "").strip() for part in PAGE):
        return listed(args, search(services, args, fixed))
    asked = plan(services, args, fixed)
    mode = asked.mode if asked.text and asked.sort == "relevance" else None
    return _list(name, _scored(every(services, asked, LIMIT), mode), args["select"])


def listed(args: Mapping[str, Any], answer: Mapping[str, Any]) -> Any:
    """Return a list as it is, or its results in the requested format with a link to the next page."""
    if not (name := wanted(args["format"], (*CITATIONS, *TABLES))):
        return answer
    response = _list(name, iter(answer["results"]), args["select"])
    if following := answer["links"]["next"]:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


def work(stored: Row, args: Mapping[str, Any]) -> Any:
    """Return one work, or the Response in the format that is wanted."""
    name = wanted(args["format"], CITATIONS)
    if not name:
        return dressed(stored)
    text = citations.csl(stored) + "\n" if name == "csl" else "".join(FORMATS[name].write([stored], ()))
    return _response(name, text, re.sub(r"[^\w.-]+", "-", stored["id"], flags=re.ASCII))


def wanted(given: str | None, names: Sequence[str]) -> str | None:
    """Return the format that a request wants out of `names`: by its parameter, else by `Accept`; None for JSON."""
    if given:
        return None if given == "json" else given
    offered = {media: name for name in names for media in (FORMATS[name].media, *FORMATS[name].other_media)}
    return offered.get(request.accept_mimetypes.best_match([JSON, *offered], default=JSON))


def _scored(hits: Iterable[Row], mode: str | None) -> Iterator[Row]:
    """Return the works of hits with their scores; the first has the best, which the others are measured by."""
    best = None
    for hit in hits:
        best = hit["_score"] if best is None else best
        yield scored(hit, best, mode)


def _list(name: str, rows: Iterator[Row], select: Sequence[str]) -> Response:
    lines = FORMATS[name].write(rows, select)
    # The first lines are made at once: when the search fails, the answer is still an error.
    begun = list(islice(lines, WHOLE))
    more = next(lines, None)
    body = "".join(begun) if more is None else stream_with_context(chain(begun, [more], lines))
    return _response(name, body, "peerscope-works")


def _response(name: str, body: str | Iterator[str], stem: str) -> Response:
    kind = FORMATS[name]
    response = Response(body, content_type=f"{kind.media}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{stem}.{kind.ending}"'
    return response
