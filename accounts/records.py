"""Look-up of the researcher that a request names by any id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_api.http.errors import RedirectError
from search_api.researchers import documents

if TYPE_CHECKING:
    from mappings.documents import ResearcherDocument
    from search_api.http.services import Services


def record_of(services: Services, given: str) -> ResearcherDocument:
    """Return the stored researcher; for a merged id, the one it leads to. Raises Problem (404)."""
    try:
        return documents.find(services, given)
    except RedirectError as redirect:
        return documents.find(services, redirect.id)
