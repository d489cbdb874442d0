"""Client of the HTTP API: `peerscope.Client`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote, urlsplit

import requests

from peerscope.errors import ApiError

#: A parameter of a request; a sequence is sent as a repeated parameter.
Value = str | int | float | bool | Sequence[str | int] | None
#: A JSON object of a response.
Item = dict[str, Any]

#: Longest `Retry-After` of a 429 response, in seconds, for which the client waits.
MAX_WAIT = 60.0


class Results:
    """A list of the API. Iterating over it yields all results and requests one page after the other.

    The first page is requested at once, so an invalid request fails where it is made.
    """

    def __init__(self, client: Client, method: str, path: str, params: Mapping[str, Value], body: Item | None) -> None:
        """Request the first page; further ones are requested with the same method and body."""
        self._client, self._method, self._body = client, method, body
        self._first = client.request(method, path, params, body)

    @property
    def meta(self) -> Item:
        """Facts about the list, such as `mode` and `took_ms`; see docs/api.md."""
        meta: Item = self._first["meta"]
        return meta

    @property
    def count(self) -> int:
        """Number of results on all pages; a lower bound where `meta["count_relation"]` is `gte`."""
        return int(self.meta["count"])

    @property
    def facets(self) -> dict[str, list[Item]]:
        """Values of the requested facets, by facet, each with `key`, `label`, `count` and `is_selected`."""
        facets: dict[str, list[Item]] = self._first.get("facets", {})
        return facets

    @property
    def page(self) -> list[Item]:
        """Results of the first page."""
        results: list[Item] = self._first["results"]
        return results

    def __iter__(self) -> Iterator[Item]:
        page = self._first
        yield from page["results"]
        while link := page["links"]["next"]:
            page = self._client.request(self._method, link, {}, self._body)
            yield from page["results"]


class Client:
    """Client of one service. All methods raise `ApiError`.

    Lists accept the parameters that docs/api.md describes: filters such as `year="2013-"` or
    `topic=["cs.LG", "cs.AI"]`, `facets`, `sort`, `select`, and `per_page`, the number of results per request. Pages end
    after 10,000 results; to read more, pass `cursor="*"`.
    """

    def __init__(
        self, base_url: str = "http://127.0.0.1:8000", *, token: str | None = None, timeout: float = 30
    ) -> None:
        """Connect to the service at `base_url`; `token` is an API token, `timeout` is in seconds per request."""
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout
        self._session = requests.Session()
        self._session.headers["Accept"] = "application/json"
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def works(self, q: str | None = None, **params: Value) -> Results:
        """Search works; without a query, list all that match the filters."""
        return self._list("/works", q=q, **params)

    def work(self, id_: str, **params: Value) -> Item:
        """Return a work by its id, DOI, arXiv number, or the URL of any of them."""
        return self.request("GET", f"/works/{_quoted(id_)}", params)

    def similar_works(self, id_: str, **params: Value) -> Results:
        """List similar works, each with `score` and `reasons`."""
        return self._list(f"/works/{_quoted(id_)}/similar", **params)

    def researchers(self, q: str | None = None, **params: Value) -> Results:
        """Search researchers by name, or with `about` by the subject of their works."""
        return self._list("/researchers", q=q, **params)

    def researcher(self, id_: str, **params: Value) -> Item:
        """Return a profile by the researcher's id, a source id or an ORCID iD."""
        return self.request("GET", f"/researchers/{_quoted(id_)}", params)

    def researcher_works(self, id_: str, **params: Value) -> Results:
        """List the works of a researcher, newest first; accepts all parameters of `works`."""
        return self._list(f"/researchers/{_quoted(id_)}/works", **params)

    def similar_researchers(self, id_: str, **params: Value) -> Results:
        """List similar researchers, each with `score` and `reasons`."""
        return self._list(f"/researchers/{_quoted(id_)}/similar", **params)

    def researchers_like(
        self,
        like: Sequence[str],
        *,
        unlike: Sequence[str] = (),
        text: str = "",
        exclude: Sequence[str] = (),
        **params: Value,
    ) -> Results:
        """List researchers like a group and unlike others, each with `score` and `reasons`; all are ids."""
        body: Item = {"like": list(like), "unlike": list(unlike), "text": text, "exclude": list(exclude)}
        return Results(self, "POST", "/researchers/similar", params, body)

    def complement(self, team: Sequence[str], text: str, **params: Value) -> Results:
        """List researchers by what they add to a team (ids) for a text; `adds` are the parts of it that they add."""
        return Results(self, "POST", "/researchers/complement", params, {"team": list(team), "text": text})

    def experts(self, text: str, **params: Value) -> Results:
        """List the experts for a text, each with supporting works; `params` are those of the query string."""
        return Results(self, "POST", "/researchers/rank", params, {"text": text})

    def autocomplete(self, q: str, **params: Value) -> list[Item]:
        """Return suggestions for an incomplete query: works, researchers, topics and institutions."""
        return self._list("/autocomplete", q=q, **params).page

    def request(
        self, method: str, path: str, params: Mapping[str, Value] | None = None, body: Item | None = None
    ) -> Item:
        """Send a request and return the JSON object of its response.

        `path` is below `/api/v1`, or a link of a response. After a 429, the client waits as `Retry-After` says, for at
        most `MAX_WAIT`, and tries once more.
        """
        query = {name: _text(value) for name, value in (params or {}).items() if value is not None}
        response = self._send(method, self._url(path), query, body)
        wait = _seconds(response.headers.get("Retry-After"))
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS and wait is not None and wait <= MAX_WAIT:
            time.sleep(wait)
            response = self._send(method, self._url(path), query, body)
        content = _json(response)
        if not response.ok:
            raise ApiError.from_problem(response.status_code, content)
        return content

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _list(self, path: str, **params: Value) -> Results:
        return Results(self, "GET", path, params, None)

    def _url(self, path: str) -> str:
        """Return the URL of a path below the API or of a link, on the host of `base_url`, which receives the token."""
        link = urlsplit(path)
        if "/api/v1/" not in link.path:
            return f"{self.base_url}/api/v1{path}"
        base = urlsplit(self.base_url)
        return link._replace(scheme=base.scheme, netloc=base.netloc).geturl()

    def _send(self, method: str, url: str, params: Mapping[str, Any], body: Item | None) -> requests.Response:
        try:
            return self._session.request(method, url, params=params, json=body, timeout=self.timeout)
        except requests.RequestException as error:
            raise ApiError(None, "No response", f"{self.base_url} does not respond: {error}") from error


def _quoted(id_: str) -> str:
    return quote(id_, safe=":")


def _text(value: Value) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() else None


def _json(response: requests.Response) -> Item:
    """Return the JSON object of a response. Raises `ApiError` for anything else, such as a proxy's HTML page."""
    try:
        content = response.json()
    except requests.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        detail = f"{response.url} did not return a JSON object; is it a Peerscope service?"
        raise ApiError(response.status_code, response.reason or "Invalid response", detail)
    return content
