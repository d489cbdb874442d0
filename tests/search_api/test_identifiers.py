"""Identifiers that are typed or pasted in the place of a query, in the spellings in which people have them."""

from __future__ import annotations

import pytest

from search_api.understanding.identifiers import identifier_in

WORKS = {
    "doi:10.1000/xyz-1": [
        "10.1000/xyz-1",
        "10.1000/XYZ-1",
        "  10.1000/xyz-1.",
        "(10.1000/xyz-1)",
        "<https://doi.org/10.1000/xyz-1>",
        "doi:10.1000/xyz-1",
        "DOI: 10.1000/xyz-1,",
        "doi 10.1000/xyz-1",
        "https://doi.org/10.1000/xyz-1",
        "http://dx.doi.org/10.1000/XYZ-1",
        "https://www.doi.org/10.1000%2Fxyz-1",
        "doi.org/10.1000/xyz-1",
        "https://publisher.example/doi/full/10.1000/xyz-1",
        "https://publisher.example/doi/pdf/10.1000/xyz-1.pdf",
        "https://doi.org/10.1000/xyz-1?utm_source=feed",
        "10.1000/xyz‐1",  # noqa: RUF001 (the hyphen of a word processor)
        "10.1000 / xyz-1",
    ],
    "arxiv:1402.3375": [
        "1402.3375",
        "1402.3375v2",
        "arXiv:1402.3375",
        "arxiv: 1402.3375v1",
        "arXiv 1402.3375 [cs.LG]",
        "https://arxiv.org/abs/1402.3375v3",
        "http://arxiv.org/pdf/1402.3375.pdf",
        "https://arxiv.org/pdf/1402.3375v2#page=3",
        "arxiv.org/html/1402.3375",
        "10.48550/arXiv.1402.3375",
        "https://doi.org/10.48550/ARXIV.1402.3375",
    ],
    "arxiv:hep-th/9901001": ["hep-th/9901001", "arXiv:hep-th/9901001v2", "https://arxiv.org/abs/hep-th/9901001"],
    "arxiv:math.GT/0309136": ["math.GT/0309136", "MATH.gt/0309136"],
    "acl:P19-1001": [
        "P19-1001",
        "p19-1001",
        "acl:P19-1001",
        "https://aclanthology.org/P19-1001",
        "https://aclanthology.org/P19-1001.pdf",
        "https://www.aclweb.org/anthology/P19-1001/",
        "https://aclanthology.org/P19-1001v2.pdf",
    ],
    "acl:2020.acl-main.1": [
        "2020.acl-main.1",
        "2020.ACL-MAIN.1",
        "https://aclanthology.org/2020.acl-main.1/",
        "ACL Anthology: 2020.acl-main.1",
    ],
    "openalex:W2741809807": [
        "W2741809807",
        "w2741809807",
        "openalex:W2741809807",
        "https://openalex.org/W2741809807",
        "https://api.openalex.org/works/W2741809807",
    ],
    "pmid:12345678": [
        "PMID: 12345678",
        "pmid:12345678",
        "PMID12345678",
        "PubMed ID 12345678",
        "https://pubmed.ncbi.nlm.nih.gov/12345678/",
        "https://www.ncbi.nlm.nih.gov/pubmed/12345678",
    ],
    "pmcid:PMC3531190": [
        "PMC3531190",
        "pmcid: PMC3531190",
        "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC3531190/",
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC3531190/",
    ],
    "openreview:rJl-b3RcF7": ["https://openreview.net/forum?id=rJl-b3RcF7", "openreview:rJl-b3RcF7"],
    "local:mine": ["local:mine", "https://peerscope.example/works/local:mine"],
}
RESEARCHERS = {
    "0000-0002-1825-0097": [
        "0000-0002-1825-0097",
        "0000000218250097",
        "0000 0002 1825 0097",
        "ORCID: 0000-0002-1825-0097",
        "ORCID iD 0000–0002–1825–0097",  # noqa: RUF001 (dashes of a typesetter)
        "https://orcid.org/0000-0002-1825-0097",
        "orcid.org/0000-0002-1825-0097/",
        "０００0-0002-1825-0097",  # noqa: RUF001 (full-width digits)
    ],
    "0000-0002-1694-233X": ["0000-0002-1694-233x"],
    # A wrong check digit is still an ORCID iD, which nobody has.
    "0000-0002-1825-0098": ["0000-0002-1825-0098", "https://orcid.org/0000-0002-1825-0098"],
    "openalex:A5023888391": ["A5023888391", "https://openalex.org/authors/A5023888391"],
    "acl:ann-alder": ["https://aclanthology.org/people/a/ann-alder/", "acl:ann-alder"],
    "openreview:~Ann_Alder1": ["~Ann_Alder1", "https://openreview.net/profile?id=~Ann_Alder1"],
    "ann-alder-12ab34cd": ["https://peerscope.example/researchers/ann-alder-12ab34cd?topic=cs.LG"],
}
INSTITUTIONS = {
    "ror:04z8jg394": ["04z8jg394", "ror:04z8jg394", "ROR 04Z8JG394", "https://ror.org/04z8jg394"],
    "openalex:I136199984": ["I136199984", "https://openalex.org/institutions/I136199984"],
}
ALL = [
    (text, id_, kind)
    for kind, table in (("work", WORKS), ("researcher", RESEARCHERS), ("institution", INSTITUTIONS))
    for id_, texts in table.items()
    for text in texts
]


@pytest.mark.parametrize(("text", "id_", "kind"), ALL)
def test_an_identifier_is_recognized_in_every_spelling(text: str, id_: str, kind: str) -> None:
    found = identifier_in(text)
    assert found is not None
    assert (found.id, found.kind) == (id_, kind)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "neural decoding", "2019", "GPT-4", "COVID-19", "3.14159", "2015.12345", "W3C", "A1", "12345678"),
        *("who cites 1402.3375", "kording 10.1000/xyz", "doi registration", "ror methods", "orcid adoption"),
        *('"10.1000/xyz"', "“1402.3375”", "acl injury prevention", "arxiv overview", "https://example.org/", "10.5"),
        *("TCP/IP", "and/or", "title:decoding", "author:kording", "012345678", "-", "(", "...", "1/2", "pH 7.4"),
    ],
)
def test_words_are_no_identifier(text: str) -> None:
    assert identifier_in(text) is None


def test_what_may_be_a_word_is_an_identifier_only_if_something_has_it() -> None:
    for text in ("W1234", "~Ann_Alder1", "local:mine"):
        found = identifier_in(text)
        assert found is not None
        assert not found.is_certain


def test_hostile_text_is_refused_quickly() -> None:
    for text in ("(" * 50_000, "10.1000/" + "%2F" * 300, "https://" * 120, "1" * 999, "a/" * 499):
        identifier_in(text)
