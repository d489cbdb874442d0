"""Absolute URLs of this site: on `PEERSCOPE_PUBLIC_URL` if it is set, so that a forged Host header changes none."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import request

from search_api.http.services import services

if TYPE_CHECKING:
    from werkzeug.routing import MapAdapter


def bind(adapter: MapAdapter, public_url: str | None) -> None:
    """Make `url_for(..., _external=True)` and redirects use the scheme and host of `public_url`."""
    if public_url:
        parts = urlsplit(public_url)
        adapter.url_scheme, adapter.server_name = parts.scheme, parts.netloc


def absolute(path: str) -> str:
    """Return the absolute URL of a path on this site, such as that of the current request."""
    public_url = services().settings.public_url
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(public_url)) if public_url else request.host_url.rstrip("/")
    return origin + request.script_root + path
