"""What experts are asked for, over the wire."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from search_api.http.args import MAX_QUERY, Args, PageArgs, Whole, selection
from search_api.http.paging import MAX_PER_PAGE
from search_api.researchers.schemas import ResearcherSummary

#: Ids that each field of a body may hold.
MAX_IDS = 1_000


class RankArgs(PageArgs):
    """Where in a ranking."""

    per_page = Whole(
        load_default=None,
        validate=validate.Range(min=1, max=MAX_IDS),
        metadata={"description": f"Default 25, at most {MAX_PER_PAGE}; with `candidates` all of them on one page."},
    )
    select = selection(ResearcherSummary)


def _ids(description: str) -> fields.List[str]:
    """Make a field for researchers' ids: at most `MAX_IDS`, own ids, ids of sources, ORCID iDs or merged ids."""
    one = fields.String(validate=validate.Length(min=1, max=1_000))
    return fields.List(
        one,
        load_default=None,
        validate=validate.Length(max=MAX_IDS),
        metadata={"description": f"{description} At most {MAX_IDS:,} ids of any kind."},
    )


class RankBody(Args):
    """What experts are asked for: exactly one of `text` and `work`."""

    text = fields.String(
        load_default=None, validate=validate.Length(max=MAX_QUERY), metadata={"description": "Such as an abstract."}
    )
    work = fields.String(
        load_default=None,
        validate=validate.Length(min=1, max=1_000),
        metadata={"description": "Id of a work; it has no vote itself, and its authors stay unless excluded."},
    )
    candidates = _ids("Score exactly these, all of them.")
    exclude = _ids(  # type: ignore[assignment]  # marshmallow moves fields off the class
        "Leave these out, also among candidates."
    )
    exclude_collaborators_of = _ids("Leave out everyone on a work with one of these, who stay themselves.")

    @validates_schema
    def _one_question(self, data: dict[str, Any], **_: Any) -> None:
        given = [name for name in ("text", "work") if data.get(name) is not None]
        if len(given) != 1:
            raise ValidationError({name: ["Exactly one of text and work must be given."] for name in given or ["text"]})
        if not data[given[0]].strip():
            raise ValidationError({given[0]: ["Must not be blank."]})
