from __future__ import annotations

import pytest

from mappings import bare_doi, doi_in, orcid_id, person_id, topic_id, work_id


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("arxiv:1910.00744", "arxiv:1910.00744"),
        ("arXiv:1910.00744v3", "arxiv:1910.00744"),
        ("1910.00744", "arxiv:1910.00744"),
        ("1910.00744v2", "arxiv:1910.00744"),
        ("math.GT/0309136", "arxiv:math/0309136"),
        ("hep-th/9901001v1", "arxiv:hep-th/9901001"),
        ("https://arxiv.org/abs/1910.00744v2", "arxiv:1910.00744"),
        ("http://export.arxiv.org/pdf/1910.00744.pdf", "arxiv:1910.00744"),
        ("10.48550/arXiv.1910.00744", "arxiv:1910.00744"),
        ("https://doi.org/10.48550/arXiv.1910.00744", "arxiv:1910.00744"),
        ("https://pubmed.ncbi.nlm.nih.gov/29456894/?dopt=Abstract", "pmid:29456894"),
        ("http://www.ncbi.nlm.nih.gov/pubmed/29456894", "pmid:29456894"),
        ("PMID: 29456894", "pmid:29456894"),
        ("https://europepmc.org/article/MED/29456894", "pmid:29456894"),
        ("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC5815332/", "pmcid:PMC5815332"),
        ("https://pmc.ncbi.nlm.nih.gov/articles/PMC5815332", "pmcid:PMC5815332"),
        ("https://europepmc.org/article/PMC/PMC5815332", "pmcid:PMC5815332"),
        ("pmc5815332", "pmcid:PMC5815332"),
        ("pmcid:5815332", "pmcid:PMC5815332"),
        ("https://hdl.handle.net/1721.1/36048", "handle:1721.1/36048"),
        ("doi:10.1162/NECO_a_00001", "doi:10.1162/neco_a_00001"),
        ("10.1162/NECO_a_00001", "doi:10.1162/neco_a_00001"),
        ("10.1000.10/123", "doi:10.1000.10/123"),
        ("https://dx.doi.org/10.1000%2Fxyz", "doi:10.1000/xyz"),
        ("https://openalex.org/w2741809807", "openalex:W2741809807"),
        ("W2741809807", "openalex:W2741809807"),
        ("https://aclanthology.org/2019.iwslt-1.1/", "acl:2019.iwslt-1.1"),
        ("https://aclanthology.org/P19-1001.pdf", "acl:P19-1001"),
        ("https://openreview.net/forum?id=rJl-b3RcF7", "openreview:rJl-b3RcF7"),
        ("https://openreview.net/pdf?id=rJl-b3RcF7", "openreview:rJl-b3RcF7"),
        ("https://openreview.net/forum?id=rJl-b3RcF7&noteId=x", "openreview:rJl-b3RcF7"),
        ("https://arXiv.org/abs/1910.00744", "arxiv:1910.00744"),
        ("HTTPS://WWW.ARXIV.ORG/abs/1910.00744v2?context=cs#top", "arxiv:1910.00744"),
        ("arxiv.org/abs/1910.00744", "arxiv:1910.00744"),
        ("https://www.doi.org/10.1000/xyz", "doi:10.1000/xyz"),
        ("doi.org/10.1000/xyz?utm_source=x", "doi:10.1000/xyz"),
        (
            "https://doi.org/10.1002/(sici)1097<333::aid-jbm1>3.0.co;2-#",
            "doi:10.1002/(sici)1097<333::aid-jbm1>3.0.co;2-#",
        ),
        ("https://example.org/arxiv.org/abs/1910.00744", "local:https://example.org/arxiv.org/abs/1910.00744"),
        ("local:mine", "local:mine"),
        ("mine", "local:mine"),
        ("isbn:123", "local:isbn:123"),
        ("  acl:P19-1001 ", "acl:P19-1001"),
    ],
)
def test_a_work_has_one_id_however_it_is_written(written: str, stored: str) -> None:
    assert work_id(written) == stored
    assert work_id(stored) == stored


@pytest.mark.parametrize(
    "written", ["10.1000/XyZ", "doi:10.1000/xyz", "https://doi.org/10.1000/xyz", "DOI: 10.1000/xyz"]
)
def test_a_doi_is_bare_and_in_lower_case(written: str) -> None:
    assert bare_doi(written) == "10.1000/xyz"


@pytest.mark.parametrize("written", ["", "10.1000", "10.1/x y", "https://example.org/10.1000/x"])
def test_what_is_no_doi_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="not a DOI"):
        bare_doi(written)


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("10.1002/PRO.2421", "10.1002/pro.2421"),
        ("doi: 10.1002/pro.2421", "10.1002/pro.2421"),
        ("DOI 10.1002/pro.2421.", "10.1002/pro.2421"),
        ("10.1000/a 10.1000/b", "10.1000/a"),
        ("(see <https://doi.org/10.1000%2Fxyz>)", "10.1000/xyz"),
        ("https://doi.org/10.1000/xyz?utm_source=x", "10.1000/xyz"),
        ("https://doi.org/10.1000/full", "10.1000/full"),
        ("https://onlinelibrary.wiley.com/doi/10.1002/pro.2421/full?af=R", "10.1002/pro.2421"),
        ("https://link.springer.com/content/pdf/10.1007/s1-2.pdf", "10.1007/s1-2"),
        ("10.1002/(SICI)1097<333::AID-JBM1>3.0.CO;2-#", "10.1002/(sici)1097<333::aid-jbm1>3.0.co;2-#"),
        ("10.1016/0370(83)90009", "10.1016/0370(83)90009"),
        ("10.1000.10/123", "10.1000.10/123"),
        ("110.1000/123", None),
        ("10.1000/).", None),
        ("n/a", None),
        ("", None),
    ],
)
def test_a_doi_is_found_in_a_text(text: str, doi: str | None) -> None:
    assert doi_in(text) == doi


@pytest.mark.parametrize(
    "written",
    ["0000-0002-1825-0097", "0000000218250097", "https://orcid.org/0000-0002-1825-0097", "orcid:0000-0002-1825-0097"],
)
def test_an_orcid_id_has_one_spelling(written: str) -> None:
    assert orcid_id(written) == "0000-0002-1825-0097"


def test_an_orcid_id_may_end_on_x() -> None:
    assert orcid_id("0000-0002-1694-233x") == "0000-0002-1694-233X"


@pytest.mark.parametrize(("written", "why"), [("0000-0002-1825-0098", "check digit"), ("0000-0002", "not an ORCID")])
def test_a_wrong_orcid_id_is_refused(written: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        orcid_id(written)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("https://orcid.org/0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("https://openalex.org/A5023888391", "openalex:A5023888391"),
        ("https://api.openalex.org/authors/a5023888391", "openalex:A5023888391"),
        ("A5023888391", "openalex:A5023888391"),
        ("https://openreview.net/profile?id=~David_Rolnick1", "openreview:~David_Rolnick1"),
        ("https://aclanthology.org/people/jan-niehues/", "acl:jan-niehues"),
        ("https://aclanthology.org/people/j/jan-niehues/", "acl:jan-niehues"),
        ("acl:jan-niehues", "acl:jan-niehues"),
        (" ACL:jan-niehues ", "acl:jan-niehues"),
        ("OpenReview:~David_Rolnick1", "openreview:~David_Rolnick1"),
        ("https://www.openreview.net/profile?id=~David_Rolnick1&x=y", "openreview:~David_Rolnick1"),
        ("https://www.ORCID.org/0000-0002-1825-0097?lang=en", "0000-0002-1825-0097"),
        ("orcid.org/0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("konrad-p-kording-4bafdee5", "konrad-p-kording-4bafdee5"),
    ],
)
def test_a_person_has_one_id_however_it_is_written(written: str, stored: str) -> None:
    assert person_id(written) == stored


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("https://openalex.org/T10028", "T10028"),
        ("https://api.openalex.org/topics/t10028?select=id", "T10028"),
        ("openalex:T10028", "T10028"),
        (" cs.LG ", "cs.LG"),
        ("t10028", "t10028"),
    ],
)
def test_a_topic_has_one_id_however_it_is_written(written: str, stored: str) -> None:
    assert topic_id(written) == stored
