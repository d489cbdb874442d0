"""Parameters that only pages have."""

from __future__ import annotations

from marshmallow import validate

from search_api.http.args import CommaList, PageArgs, Repeated, Whole
from search_api.http.paging import MAX_PER_PAGE

#: Works on a profile, each with its full abstract.
PROFILE_WORKS = 20


class ProfileArgs(PageArgs):
    """A researcher's page: which of the works, and whether researchers like them may be collaborators."""

    per_page = Whole(load_default=PROFILE_WORKS, validate=validate.Range(min=1, max=MAX_PER_PAGE))
    exclude = CommaList(("collaborators",))  # type: ignore[assignment]  # marshmallow moves fields off the class
    topic = Repeated()
    year = Repeated()
