"""The blueprint of the pages, with its security policy, template filters and helpers for views."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.datastructures import MultiDict

from search_api.http import args as arguments
from search_api.http.paging import WINDOW
from search_api.web import addresses, metadata
from search_api.web.charts import year_chart
from search_api.web.formatting import FILTERS
from search_api.works.bibliography import STYLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from marshmallow import Schema
    from werkzeug.wrappers import Response as AnyResponse

    from search_api.retrieval.filters import Sort

blueprint = Blueprint("web", __name__)

#: Allows only our own stylesheet, images, scripts, API and forms, so that markup that gets past escaping cannot run.
#: JSON-LD needs no permission: browsers never run a data block.
CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

for _name, _filter in FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)
for _function in (
    addresses.adding,
    addresses.kept,
    addresses.leaving_out,
    addresses.page_numbers,
    addresses.removing,
    addresses.replacing,
    addresses.setting,
    addresses.toggling,
    addresses.twin,
    metadata.canonical,
    year_chart,
):
    blueprint.add_app_template_global(_function)
blueprint.add_app_template_global(lambda: [(style, label) for style, (label, _) in STYLES.items()], "citation_styles")


@blueprint.after_app_request
def _protect(response: Response) -> Response:
    """Set the security headers on every page, including error pages and the API documentation."""
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", CSP)
        response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    return response


def parse(schema: Schema) -> dict[str, Any]:
    """Return the checked query parameters, without the empty fields of a form. Raises Problem."""
    pairs = [(name, value) for name, value in request.args.items(multi=True) if value.strip()]
    return arguments.parse(schema, MultiDict(pairs))


def read_list(args: Mapping[str, Any], read: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the list that `read` makes of the parameters of a page, empty behind its last page.

    A page beyond the window of pages, too: the last page within it tells how many results there are. Raises Problem
    (400) if it is the window that ends there, and not the list.
    """
    last = WINDOW // args["per_page"]
    if args["page"] <= last or args.get("cursor"):
        return read(args)
    found = read({**args, "page": last})
    if found["meta"]["count"] > last * args["per_page"]:
        return read(args)
    return {**found, "meta": {**found["meta"], "page": args["page"]}, "results": []}


def redirect_to_id(endpoint: str, id_: str) -> AnyResponse:
    """Redirect permanently from another spelling of an id, or a merged one, to the stored id."""
    query = request.query_string.decode()
    return redirect(url_for(endpoint, id_=id_) + (f"?{query}" if query else ""), HTTPStatus.MOVED_PERMANENTLY)


def sort_choices(results: Iterable[Mapping[str, Any]], sorts: Mapping[str, Sort]) -> list[tuple[str, str]]:
    """Return value and label of the orders that a page offers; by citations only if some are known or it is chosen."""
    cited = any(result.get("cited_by_count") for result in results) or request.args.get("sort") == "most_cited"
    return [(name, sort.label) for name, sort in sorts.items() if sort.label and (name != "most_cited" or cited)]
