"""Document types and JSON mappings name the same fields, in both directions."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints, is_typeddict

import pytest

from mappings import documents
from mappings.indices import load
from mappings.names import KINDS

DOCUMENTS = {
    "works": documents.WorkDocument,
    "researchers": documents.ResearcherDocument,
    "topics": documents.TopicDocument,
    "institutions": documents.InstitutionDocument,
    "people": documents.PersonState,
    "redirects": documents.Redirect,
    "pending": documents.PendingResearcher,
    "lock": documents.WriterLockDocument,
}
#: Python types of the values of each mapping type.
VALUES = {
    "keyword": {str},
    "text": {str},
    "date": {str},
    "boolean": {bool},
    "byte": {int},
    "short": {int},
    "integer": {int},
    "half_float": {float},
    "double": {float},
    "knn_vector": {float},
}


def leaves(annotation: Any) -> set[Any]:
    """Return the value types of an annotation, without None, lists and `NotRequired`."""
    if is_typeddict(annotation) or not get_args(annotation):
        return {annotation} - {type(None)}
    return set().union(*(leaves(part) for part in get_args(annotation)))


def differences(document: Any, mapping: dict[str, Any], path: str) -> list[str]:
    """Return where a document type and the properties of a mapping disagree."""
    hints = get_type_hints(document)
    found = [f"{path}.{name} has no counterpart" for name in hints.keys() ^ mapping.keys()]
    for name in hints.keys() & mapping.keys():
        types, field = leaves(hints[name]), mapping[name]
        if "properties" in field:
            (part,) = types
            found += differences(part, field["properties"], f"{path}.{name}")
        elif field["type"] == "object":
            if not (field["enabled"] is False and all(map(is_typeddict, types))):
                found.append(f"{path}.{name} is not an object that is only stored")
        elif types != VALUES[field["type"]]:
            found.append(f"{path}.{name} is {field['type']} and {types}")
    return found


@pytest.mark.parametrize("kind", [*KINDS, "people", "lock"])
def test_document_types_and_mappings_have_the_same_fields(kind: str) -> None:
    assert differences(DOCUMENTS[kind], load(kind)["properties"], kind) == []


def test_a_difference_is_found_at_any_depth() -> None:
    mapping = load("works")["properties"]
    del mapping["topics"]["properties"]["parents"]
    mapping["colour"] = {"type": "keyword"}
    mapping["year"] = {"type": "keyword"}
    found = sorted(differences(documents.WorkDocument, mapping, "works"))
    assert found == [
        "works.colour has no counterpart",
        "works.topics.parents has no counterpart",
        "works.year is keyword and {<class 'int'>}",
    ]
