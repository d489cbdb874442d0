"""URLs of items: a page of 25 researchers has 200 of them, and Flask takes 10 ms for so many."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import current_app, g

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Stands for an id in a URL; werkzeug leaves these characters as they are, as it does those of `_SAFE_IN_PATH`.
ANY_ID = "--any-id--"
_SAFE_IN_PATH = "!$&'()*+,/:;=@"


def item_urls(endpoints: Mapping[str, str], id_: str) -> dict[str, str]:
    """Return URLs of an item by name, as `url_for(endpoint, id_=id_)` does: each from the URL of another item."""
    known: dict[str, tuple[str, str]] = g.setdefault("item_urls", {})
    quoted = quote(id_, safe=_SAFE_IN_PATH)
    urls = {}
    for name, endpoint in endpoints.items():
        if endpoint not in known:
            before, _, after = current_app.url_for(endpoint, id_=ANY_ID).partition(ANY_ID)
            known[endpoint] = before, after
        before, after = known[endpoint]
        urls[name] = f"{before}{quoted}{after}"
    return urls
