"""What all pages share: the blueprint, its security policy, template filters, and reading of parameters."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.datastructures import MultiDict

from search_api.http import args as arguments
from search_api.web import addresses, metadata
from search_api.web.charts import year_chart
from search_api.web.formatting import FILTERS

if TYPE_CHECKING:
    from marshmallow import Schema
    from werkzeug.wrappers import Response as AnyResponse

blueprint = Blueprint("web", __name__)

#: Nothing but our own stylesheet, images, scripts and API, and forms that stay here: what gets past escaping still
#: cannot run. JSON-LD needs no leave: a browser never runs a data block.
CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

for _filter in FILTERS.items():
    blueprint.add_app_template_filter(_filter[1], _filter[0])
for _function in (
    addresses.adding,
    addresses.kept,
    addresses.leaving_out,
    addresses.setting,
    addresses.toggling,
    addresses.twin,
    metadata.canonical,
    year_chart,
):
    blueprint.add_app_template_global(_function)


@blueprint.after_app_request
def _protect(response: Response) -> Response:
    """Put the policy on every page, those of errors and of the API's description included."""
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", CSP)
        response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    return response


def parse(schema: Schema) -> dict[str, Any]:
    """Check this page's parameters; a form's empty fields do not count."""
    given = [(name, value) for name, value in request.args.items(multi=True) if value.strip()]
    return arguments.parse(schema, MultiDict(given))


def moved(endpoint: str, id_: str) -> AnyResponse:
    """Send another spelling of an id to the one address of the thing."""
    query = request.query_string.decode()
    return redirect(url_for(endpoint, id_=id_) + (f"?{query}" if query else ""), HTTPStatus.MOVED_PERMANENTLY)
