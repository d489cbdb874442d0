"""Query parameters and JSON bodies, checked by marshmallow schemas. Errors name all valid parameters."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import request
from marshmallow import RAISE, Schema, ValidationError, fields, validate
from werkzeug.exceptions import RequestEntityTooLarge

from search_api.http.errors import Problem
from search_api.http.paging import DEFAULT_PER_PAGE, MAX_PER_PAGE

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

#: Characters of a query: enough for a pasted abstract.
MAX_QUERY = 20_000
#: Maximum number of values of one filter.
MAX_VALUES = 100


_WHOLE = re.compile(r"-?[0-9]{1,1000}")


class Whole(fields.Integer):
    """An integer in digits only; Python also parses `1_0` and `+1`."""

    def _validated(self, value: Any) -> int:
        if isinstance(value, str) and not _WHOLE.fullmatch(value.strip()):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


#: Message about a value that consists of the mark of a negation.
NOTHING_NEGATED = "A value must follow the !."


def _is_value(text: str) -> None:
    """Raise ValidationError for a negation without a value, which would be a filter without effect."""
    if not text.replace("!", "").strip():
        raise ValidationError(NOTHING_NEGATED)


class Repeated(fields.List[str]):
    """A parameter that can be repeated; empty values are ignored, but not a `!` that negates none."""

    def __init__(self, pattern: str | None = None, **kwargs: Any) -> None:
        """Build a list of strings; `pattern` describes them in OpenAPI."""
        checks = (validate.Length(max=1_000), _is_value)
        one = fields.String(validate=checks, metadata={"pattern": pattern} if pattern else {})
        super().__init__(one, load_default=list, validate=validate.Length(max=MAX_VALUES), **kwargs)


class CommaList(fields.List[str]):
    """One parameter with comma-separated names out of a fixed set."""

    def __init__(self, choices: tuple[str, ...], **kwargs: Any) -> None:
        """Allow only `choices`."""
        super().__init__(
            fields.String(validate=validate.OneOf(choices, error="{input} is none of {choices}.")),
            load_default=list,
            **kwargs,
        )


class Args(Schema):
    """Base of all argument schemas: unknown parameters are errors."""

    class Meta:
        """Treatment of unknown parameters."""

        unknown = RAISE


class PageArgs(Args):
    """Page of a list."""

    page = Whole(load_default=1, validate=validate.Range(min=1), metadata={"description": "Page, from 1."})
    per_page = Whole(
        load_default=DEFAULT_PER_PAGE,
        validate=validate.Range(min=1, max=MAX_PER_PAGE),
        metadata={"description": f"Results a page, at most {MAX_PER_PAGE}."},
    )


class CursorArgs(PageArgs):
    """Page of a list that can be read to its end by cursor."""

    cursor = fields.String(
        load_default=None,
        validate=validate.Length(min=1, max=4_000),
        metadata={
            "description": "`*` to begin, then `meta.next_cursor`. Not where vectors are asked: works need "
            "`mode=keyword` or no `q`, researchers no `about`."
        },
    )


def selection(answer: type[Schema], without: tuple[str, ...] = ()) -> CommaList:
    """Return the parameter that limits a response, or each result of a list, to some fields of its schema."""
    names = tuple(name for name in answer().fields if name not in without)
    return CommaList(names, metadata={"description": "Only these fields."})


def parse(schema: Schema, given: MultiDict[str, str]) -> dict[str, Any]:
    """Return the checked parameters of a request; empty ones count as absent.

    Raises Problem (400), which names each invalid parameter, and all valid ones.
    """
    raw: dict[str, Any] = {}
    for name, typed in given.lists():
        # Accents may arrive decomposed; everything is stored in NFC.
        every = [unicodedata.normalize("NFC", value) for value in typed]
        field = schema.fields.get(name)
        values = [value for value in every if value.strip()]
        if isinstance(field, Repeated):
            raw[name] = [value.strip() for value in values]
        elif isinstance(field, CommaList):
            raw[name] = [part.strip() for value in values for part in value.split(",") if part.strip()]
        elif values or field is None:
            raw[name] = values[-1] if values else ""
    try:
        loaded: dict[str, Any] = schema.load(raw)
    except ValidationError as error:
        raise _problem(schema, error) from error
    return loaded


def parse_body(schema: Schema) -> dict[str, Any]:
    """Check the JSON body of this request.

    Raises Problem: 400 for what is no JSON, 422 for JSON that cannot be used, naming each bad field; and
    RequestEntityTooLarge (413) for a body beyond the app's limit.
    """
    try:
        raw = json.loads(_body(), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {error}"[:300]) from error
    try:
        json.dumps(raw, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        # JSON can escape a lone surrogate, which neither OpenSearch nor a log accepts.
        detail = r"The body holds half of a surrogate pair, such as \ud800, which is no text."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail) from error
    if not isinstance(raw, dict):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The body must be a JSON object.")
    try:
        loaded: dict[str, Any] = schema.load(raw)
    except ValidationError as error:
        messages = {name: list(flat(value)) for name, value in error.messages_dict.items()}
        detail = f"Invalid fields: {', '.join(sorted(messages))}. Valid fields are: {', '.join(schema.fields)}."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, messages) from error
    return loaded


def _body() -> bytes:
    """Return the body. Raises RequestEntityTooLarge also for a chunked one, which Flask truncates at the limit."""
    data = request.get_data()
    if request.content_length is None and len(data) >= (request.max_content_length or math.inf):
        raise RequestEntityTooLarge
    return data


def _no_number(name: str) -> None:
    """Raise ValueError for `NaN` and `Infinity`, which Python parses and JSON does not have."""
    raise ValueError(f"{name} is no number in JSON")


def _problem(schema: Schema, error: ValidationError) -> Problem:
    messages = {name: list(flat(value)) for name, value in error.messages_dict.items()}
    unknown = sorted(messages.keys() - schema.fields.keys())
    detail = f"Invalid parameters: {', '.join(sorted(messages))}."
    if unknown:
        detail += f" Valid parameters are: {', '.join(sorted(schema.fields))}."
    return Problem(HTTPStatus.BAD_REQUEST, detail, messages, for_readers=_for_readers(messages, unknown))


def _for_readers(messages: dict[str, list[str]], unknown: list[str]) -> str:
    """Return the text of a page about invalid parameters of its link."""
    if "page" in messages:
        return "Pages are numbered from 1, in digits."
    wrong = ", ".join(f"“{name}”" for name in sorted(messages))
    if all(NOTHING_NEGATED in texts for texts in messages.values()):
        return f"The “!” of this link excludes nothing: a value must follow it in {wrong}."
    cause = "settings that this page does not have" if unknown else "a value that this page cannot use"
    return f"This link contains {cause}: {wrong}. It may be out of date or mistyped."


def flat(messages: Any) -> list[str]:
    """Return the messages of a field as one list; those of list entries are nested under their index."""
    if isinstance(messages, dict):
        return [text for nested in messages.values() for text in flat(nested)]
    return [str(text) for text in messages]
