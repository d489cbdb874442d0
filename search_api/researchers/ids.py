"""Researchers named in a body, by ids of any kind -> their own ids, or an error that says who is not known."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mappings import person_id
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from search_api.http.services import Services

#: Unknown ids that an error names of each field.
NAMED = 20


def own_ids(services: Services, fields: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Give, for each field of a body, the researchers' own ids, each once, in the order given.

    Raises Problem (422) that names, under its field, every id that nobody has.
    """
    known = _known(services, {id_ for ids in fields.values() for id_ in ids})
    errors = {
        name: [f"No researcher has the id {id_[:200]!r}." for id_ in unknown[:NAMED]]
        for name, ids in fields.items()
        if (unknown := [id_ for id_ in ids if id_ not in known])
    }
    if errors:
        detail = f"These fields name researchers that are not known: {', '.join(errors)}."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors)
    return {name: list(dict.fromkeys(known[id_] for id_ in ids)) for name, ids in fields.items()}


def _known(services: Services, given: Iterable[str]) -> dict[str, str]:
    """Return the own id for each of these that somebody has."""
    wanted = sorted(given)
    if not wanted:
        return {}
    bare = {id_: id_.strip() for id_ in wanted}
    terms = sorted(set(bare.values()))
    body: dict[str, Any] = {"query": {"terms": {"id": terms}}, "size": len(terms), "_source": False}
    there = {hit["_id"] for hit in services.search(services.names.researchers, body)["hits"]["hits"]}
    own = {id_: plain for id_, plain in bare.items() if plain in there}
    others = {id_: plain for id_ in wanted if id_ not in own and (plain := person_id(id_))}
    if not others:
        return own
    found = services.researcher_ids(sorted(set(others.values())))
    return own | {id_: found[plain] for id_, plain in others.items() if plain in found}
