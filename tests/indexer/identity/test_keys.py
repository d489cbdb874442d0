from __future__ import annotations

import pytest

from indexer.identity import fold_name, identity_key, researcher_id
from indexer.records import Author


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Konrad P. Kording", "konrad p kording"),
        ("Konrad P Kording", "konrad p kording"),
        ("KÖRDING", "kording"),
        ("Søren Łukasz Straße", "soren lukasz strasse"),
        ("Sean O\u2019Neill", "sean oneill"),
        ("Danescu-Niculescu-Mizil", "danescu niculescu mizil"),
        ("  A.  B.C. ", "a b c"),
        ("山田 太郎", "山田 太郎"),
        ("???", ""),
    ],
)
def test_names_fold(name: str, folded: str) -> None:
    assert fold_name(name) == folded


@pytest.mark.parametrize(
    ("author", "key"),
    [
        (Author("A B", "acl:a-b", "0000-0002-1825-0097"), "acl:a-b"),
        (Author("A B", None, "0000-0002-1825-0097"), "orcid:0000-0002-1825-0097"),
        (Author("A. B", "name:a-b"), "name:a b"),
        (Author("A B"), "name:a b"),
        (Author("???"), "name:???"),
    ],
)
def test_an_id_of_a_source_comes_first_and_a_slug_of_the_name_is_none(author: Author, key: str) -> None:
    assert identity_key(author) == key


def test_ids_are_readable_and_stay_as_they_are() -> None:
    # Addresses of profiles are built on these: a change here breaks every link to one.
    assert researcher_id("name:konrad p kording") == "konrad-p-kording-4bafdee5"
    assert researcher_id("openreview:~David_Rolnick1").startswith("david-rolnick1-")
    assert researcher_id("name:a b") != researcher_id("acl:a b")
    assert len(researcher_id("name:山田")) > 0
