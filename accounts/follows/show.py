"""A follow as the schemas name its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from flask import url_for

if TYPE_CHECKING:
    from accounts.follows.models import Follow


def shown(one: Follow) -> dict[str, Any]:
    """Return a follow with its links."""
    own = url_for("follows.unfollow_thing", kind=one.kind, target_=one.id if one.kind == "search" else one.target)
    return {
        "id": one.id,
        "kind": one.kind,
        "target": one.target,
        "label": one.label,
        "created_at": one.created_at,
        "links": {"self": own, "html": address_of(one.kind, one.target)},
    }


def address_of(kind: str, target: str) -> str:
    """Return the page of what is followed. A query string is parsed and encoded again, since it becomes a URL."""
    return (
        f"{url_for('web.search')}?{urlencode(parse_qsl(target))}"
        if kind == "search"
        else url_for(f"web.{kind}", id_=target)
    )
