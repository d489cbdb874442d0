"""Identifiers that are typed or pasted in the place of a query, in the spellings in which people have them."""

from __future__ import annotations

from unittest.mock import Mock
from urllib.parse import quote

import pytest

from search_api.understanding.identifiers import identifier_in
from search_api.understanding.interpret import Interpretation, interpret

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
    # The class is no part of the number.
    "arxiv:math/0309136": ["math/0309136", "math.GT/0309136", "MATH.gt/0309136"],
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
    "openalex:A12": ["https://openalex.org/A12", "openalex.org/authors/a12"],
    "acl:ann-alder": ["https://aclanthology.org/people/a/ann-alder/", "acl:ann-alder"],
    "openreview:~Ann_Alder1": ["~Ann_Alder1", "https://openreview.net/profile?id=~Ann_Alder1"],
    "ann-alder-12ab34cd": ["https://peerscope.example/researchers/ann-alder-12ab34cd?topic=cs.LG"],
}
INSTITUTIONS = {
    "ror:04z8jg394": ["04z8jg394", "ror:04z8jg394", "ROR 04Z8JG394", "https://ror.org/04z8jg394"],
    "openalex:I136199984": ["I136199984", "https://openalex.org/institutions/I136199984"],
}
#: More spellings of the same kinds: as they are copied from pages, references, files and mails.
COPIED = {
    "work": {
        "doi:10.1000/xyz-1": [
            "10.1000%2Fxyz-1",
            "10.1000%2fXYZ-1",
            "doi : 10.1000/xyz-1",
            "doi:https://doi.org/10.1000/xyz-1",
            "DOI https://dx.doi.org/10.1000/xyz-1",
            "info:doi/10.1000/xyz-1",
            "urn:doi:10.1000/xyz-1",
            "https://hdl.handle.net/10.1000/xyz-1",
            "http://www.dx.doi.org/10.1000/xyz-1",
            "HTTPS://DOI.ORG/10.1000/XYZ-1",
            "https://doi.org/10.1000/xyz-1/",
            "https://doi.org/10.1000/xyz-1#section",
            "https://doi.org/10.1000/xyz-1?ref=a&b=c",
            "https://doi.org/doi:10.1000/xyz-1",
            "https://publisher.example/doi/abs/10.1000/xyz-1?journalCode=abc",
            "https://publisher.example/article?id=10.1000/xyz-1",
            "https://publisher.example/article?doi=10.1000%2Fxyz-1&type=x",
            "https://publisher.example/doi/epub/10.1000/xyz-1",
            "https://link.example/article/10.1000/xyz-1#Sec1",
            "https://link.example/content/pdf/10.1000/xyz-1.pdf?pdf=button",
            "https://doi-org.proxy.example.edu/10.1000/xyz-1",
            "\uff11\uff10\uff0e\uff11\uff10\uff10\uff10\uff0f\uff58\uff59\uff5a\uff0d\uff11",
            "\u200b10.1000/xyz-1",
            "\ufeff10.1000/xyz-1",
            "10.1000/xyz-1\u200b",
            "doi:\u00a010.1000/xyz-1",
            '"doi:10.1000/xyz-1',
            "doi = {10.1000/xyz-1},",
            "\\doi{10.1000/xyz-1}",
            "DO  - 10.1000/xyz-1",
            "[doi:10.1000/xyz-1]",
            "{10.1000/xyz-1}",
            "10.1000/xyz-1;",
            "10.1000/xyz-1?",
            "10.1000/xyz-1\u2026",
            "10.1000/xyz-1\u3002",
            "DOI\uff1a10.1000/xyz-1",
            "DOI number: 10.1000/xyz-1",
            "doi no. 10.1000/xyz-1",
            "DOI-10.1000/xyz-1",
            "doi/10.1000/xyz-1",
            "doi.10.1000/xyz-1",
            "[10.1000/xyz-1](https://doi.org/10.1000/xyz-1)",
            '<a href="https://doi.org/10.1000/xyz-1">',
            "\\url{https://doi.org/10.1000/xyz-1}",
            "https://doi.org/10.1000/xyz-1 .",
            "https ://doi.org/10.1000/xyz-1",
            "https:// doi.org/10.1000/xyz-1",
            "doi: 10. 1000/xyz-1",
            "10.1000/xyz\u22121",
            "https:\\/\\/doi.org\\/10.1000\\/xyz-1",
            "Crossref DOI: 10.1000/xyz-1",
            "https://scholar.example/scholar?q=10.1000/xyz-1",
            "https://api.crossref.org/works/10.1000/xyz-1",
            "https://api.openalex.org/works/doi:10.1000/xyz-1",
            "https://api.openalex.org/works/https://doi.org/10.1000/xyz-1",
            "https://search.crossref.org/?q=10.1000/xyz-1",
            "view-source:https://doi.org/10.1000/xyz-1",
            "https://web.archive.org/web/2019/https://doi.org/10.1000/xyz-1",
        ],
        "doi:10.1002/(sici)1097-4571(199009)41:6<391::aid-asi1>3.0.co;2-9": [
            "10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9",
            "https://doi.org/10.1002/%28SICI%291097-4571%28199009%2941%3A6%3C391%3A%3AAID-ASI1%3E3.0.CO%3B2-9",
        ],
        "doi:10.1101/2020.01.01.123456": [
            "https://www.biorxiv.org/content/10.1101/2020.01.01.123456v2",
            "https://www.biorxiv.org/content/10.1101/2020.01.01.123456v2.full.pdf",
            "https://www.biorxiv.org/content/10.1101/2020.01.01.123456v1.abstract",
            "10.1101/2020.01.01.123456",
        ],
        "arxiv:1402.3375": [
            "arXiv:1402.3375V2",
            "ARXIV:1402.3375",
            "https://arxiv.org/abs/1402.3375?context=q-bio",
            "https://arxiv.org/pdf/1402.3375v2.pdf?download=1",
            "https://www.arxiv.org/abs/1402.3375",
            "https://export.arxiv.org/abs/1402.3375v1",
            "https://ar5iv.org/abs/1402.3375",
            "https://ar5iv.labs.arxiv.org/html/1402.3375",
            "https://www.alphaxiv.org/abs/1402.3375",
            "https://huggingface.co/papers/1402.3375",
            "10.48550/arXiv.1402.3375v2",
            "arXiv:1402.3375v2 [q-bio.NC] 14 Feb 2014",
            "arXiv: 1402.3375 (2014)",
            "arXiv preprint arXiv:1402.3375",
            "arXiv preprint 1402.3375",
            "arxiv id 1402.3375",
            "arXiv.1402.3375",
            "arxiv/1402.3375",
            "abs/1402.3375",
            "eprint = {1402.3375}",
            "arXiv e-prints 1402.3375",
            "arxiv.org/1402.3375",
            "https://arxiv.org/abs/arXiv:1402.3375",
            "https://scholar.example/arxiv.org/abs/1402.3375",
            "https://doi.org/10.48550/arXiv.1402.3375v1",
            "https://api.semanticscholar.org/arXiv:1402.3375",
            "https://www.connectedpapers.com/api/redirect/arxiv/1402.3375",
            "[1402.3375]",
            "[arXiv:1402.3375]",
            "http://arxiv.org/abs/1402.3375,",
        ],
        "arxiv:hep-th/9901001": [
            "HEP-TH/9901001",
            "arXiv:hep-th/9901001 [hep-th]",
            "https://arxiv.org/pdf/hep-th/9901001v1.pdf",
            "arxiv:hep-th/9901001v3",
        ],
        "acl:P19-1001": [
            "https://www.aclweb.org/anthology/P19-1001.pdf",
            "aclanthology.org/P19-1001",
            "http://aclanthology.org/P19-1001.bib",
            "https://aclweb.org/anthology/papers/P/P19/P19-1001/",
            "https://aclanthology.info/papers/P19-1001/p19-1001",
            "acl:p19-1001",
            "ACL P19-1001",
            "Anthology ID: P19-1001",
            "https://aclanthology.org/P19-1001/?x=1",
        ],
        "acl:2020.acl-main.1": [
            "https://www.aclanthology.org/2020.acl-main.1.pdf",
            "2020.acl-main.1.pdf",
            "acl:2020.acl-main.1",
            "anthology: 2020.acl-main.1",
            "https://aclanthology.org/2020.acl-main.1v2.pdf",
        ],
        "openalex:W2741809807": [
            "https://openalex.org/w2741809807",
            "OpenAlex: w2741809807",
            "OpenAlex ID W2741809807",
            "openalex.org/works/w2741809807",
            "https://api.openalex.org/w2741809807",
            "https://api.openalex.org/works/W2741809807?select=id",
            "https://explore.openalex.org/works/W2741809807",
            "https://openalex.org/works/W2741809807/",
            "https://openalex.org/W2741809807#x",
        ],
        "pmid:12345678": [
            "PMID 12345678",
            "pmid = 12345678",
            "PubMed: 12345678",
            "PMID#12345678",
            "[PMID: 12345678]",
            "PMID: 12345678;",
            "pubmed/12345678",
            "https://pubmed.ncbi.nlm.nih.gov/12345678/?from_term=x",
            "https://www.ncbi.nlm.nih.gov/pubmed/?term=12345678",
            "https://pubmed.ncbi.nlm.nih.gov/?term=12345678",
            "http://pubmed.gov/12345678",
            "https://europepmc.org/article/MED/12345678",
            "https://europepmc.org/abstract/med/12345678",
            "PMID-12345678",
            "PMID\uff1a12345678",
            "medline:12345678",
            "https://pubmed.ncbi.nlm.nih.gov/12345678",
            "PMID: 012345678",
            "PMID No. 12345678",
            "12345678[pmid]",
            "12345678[uid]",
            "PubMed PMID: 12345678.",
            "https://identifiers.org/pubmed:12345678",
            "https://www.ncbi.nlm.nih.gov/m/pubmed/12345678/",
        ],
        "pmcid:PMC3531190": [
            "pmc3531190",
            "PMC 3531190",
            "PMCID PMC3531190",
            "PMCID: 3531190",
            "pmc:3531190",
            "PMC: PMC3531190",
            "https://europepmc.org/article/PMC/PMC3531190",
            "https://europepmc.org/articles/PMC3531190",
            "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC3531190/pdf/x.pdf",
            "https://pmc.ncbi.nlm.nih.gov/articles/PMC3531190/?report=reader",
            "http://www.ncbi.nlm.nih.gov/pmc/articles/pmc3531190",
            "PMC3531190.",
            "https://www.ncbi.nlm.nih.gov/pmc/articles/3531190/",
            "PMC3531190.1",
        ],
        "hal:hal-01234567": [
            "hal-01234567",
            "hal-01234567v2",
            "https://hal.science/hal-01234567",
            "https://hal.archives-ouvertes.fr/hal-01234567v1/document",
            "hal:hal-01234567",
        ],
        "s2:0123456789abcdef0123456789abcdef01234567": [
            "https://www.semanticscholar.org/paper/0123456789abcdef0123456789abcdef01234567",
            "https://www.semanticscholar.org/paper/A-title/0123456789ABCDEF0123456789abcdef01234567",
            "https://api.semanticscholar.org/0123456789abcdef0123456789abcdef01234567",
        ],
        "dblp:conf/nips/AB20": [
            "https://dblp.org/rec/conf/nips/AB20",
            "https://dblp.org/rec/conf/nips/AB20.html",
            "https://dblp.uni-trier.de/rec/conf/nips/AB20.bib",
            "DBLP:conf/nips/AB20",
        ],
        "openreview:rJl-b3RcF7": [
            "https://openreview.net/pdf?id=rJl-b3RcF7",
            "https://openreview.net/forum?id=rJl-b3RcF7&noteId=abc",
            "http://www.openreview.net/forum?id=rJl-b3RcF7",
        ],
    },
    "researcher": {
        "0000-0002-1825-0097": [
            "0000000218250097",
            "https://orcid.org/0000000218250097",
            "orcid:0000-0002-1825-0097",
            "http://www.orcid.org/0000-0002-1825-0097",
            "https://orcid.org/0000-0002-1825-0097?lang=en",
            "https://orcid.org/my-orcid?orcid=0000-0002-1825-0097",
            "ORCID iD: https://orcid.org/0000-0002-1825-0097",
            "iD 0000-0002-1825-0097",
            "orcid.org/0000-0002-1825-0097.",
            "0000-0002 1825-0097",
            "0000_0002_1825_0097",
            "https://orcid.org/0000-0002-1825-0097/print",
            "https://pub.orcid.org/v3.0/0000-0002-1825-0097",
            "orcid=0000-0002-1825-0097",
            "0000 - 0002 - 1825 - 0097",
            "\uff080000-0002-1825-0097\uff09",
            "ORCID 0000000218250097",
            "orcid # 0000-0002-1825-0097",
            "ORCID-iD: 0000-0002-1825-0097",
            "ORCiD(0000-0002-1825-0097)",
            "https://orcid.org/0000-0002-1825-0097#works",
            "0000/0002/1825/0097",
        ],
        "0000-0002-1694-233X": [
            "000000021694233x",
            "0000 0002 1694 233x",
            "https://orcid.org/0000-0002-1694-233x",
        ],
        "openalex:A5023888391": [
            "a5023888391",
            "openalex:a5023888391",
            "https://openalex.org/a5023888391",
            "https://openalex.org/authors/a5023888391",
            "https://api.openalex.org/people/A5023888391",
        ],
    },
    "institution": {
        "ror:04z8jg394": [
            "https://www.ror.org/04z8jg394",
            "http://ror.org/04z8jg394/",
            "ror.org/04Z8JG394",
            "https://api.ror.org/organizations/04z8jg394",
            "https://api.ror.org/v2/organizations/04z8jg394",
            "ROR: https://ror.org/04z8jg394",
            "ROR ID: 04z8jg394",
            "ror=04z8jg394",
            "https://ror.org/04z8jg394?x=1",
            "ror:https://ror.org/04z8jg394",
            "HTTPS://ROR.ORG/04Z8JG394",
        ],
        "openalex:I136199984": [
            "i136199984",
            "openalex:i136199984",
            "https://openalex.org/i136199984",
            "https://api.openalex.org/institutions/i136199984",
        ],
    },
}
#: The same for what surrounds an identifier, so that each kind meets each of them: `{}` is the identifier.
SURROUNDINGS = (
    *("{} (2015)", "{}, 2015", "{} (2015).", "{}, Feb 2015", "{} [Google Scholar]", "{} [DOI] [PubMed]"),
    *("URL: https://example.org/?x={}", "https%3A%2F%2Fexample.org%2F%3Fx%3D{}"),
)
ONE_OF_EACH = {
    "doi:10.1371/journal.pone.0131593": "10.1371/journal.pone.0131593",
    "arxiv:1402.3375": "arXiv:1402.3375",
    "arxiv:cs/0206006": "cs.LG/0206006",
    "acl:2023.acl-long.329": "2023.acl-long.329",
    "acl:P19-1001": "P19-1001",
    "pmid:26176550": "PMID:26176550",
    "pmcid:PMC4503449": "PMC4503449",
    "hal:hal-01234567": "hal-01234567",
    "openalex:W2741809807": "W2741809807",
    "0000-0002-1825-0097": "0000-0002-1825-0097",
    "ror:04z8jg394": "ror:04z8jg394",
}
#: URLs of each kind, as they are; and percent-encoded, once and twice.
URLS = {
    "doi:10.1371/journal.pone.0131593": "https://doi.org/10.1371/journal.pone.0131593",
    "arxiv:1402.3375": "https://arxiv.org/abs/1402.3375",
    "arxiv:cs/0206006": "https://arxiv.org/abs/cs/0206006",
    "acl:2023.acl-long.329": "https://aclanthology.org/2023.acl-long.329/",
    "pmid:26176550": "https://pubmed.ncbi.nlm.nih.gov/26176550/",
    "pmcid:PMC4503449": "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC4503449/",
    "hal:hal-01234567": "https://hal.science/hal-01234567",
    "dblp:conf/nips/AB20": "https://dblp.org/rec/conf/nips/AB20",
    "openreview:rJl-b3RcF7": "https://openreview.net/forum?id=rJl-b3RcF7",
    "openalex:W2741809807": "https://openalex.org/W2741809807",
    "openalex:I136199984": "https://openalex.org/I136199984",
    "0000-0002-1825-0097": "https://orcid.org/0000-0002-1825-0097",
    "ror:04z8jg394": "https://ror.org/04z8jg394",
}
#: Hyphens of word processors and typesetters: hyphen, non-breaking hyphen, figure dash, en dash, em dash, minus sign.
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"
HYPHENATED = {
    "acl:2023.acl-long.329": (
        "2023.acl-long.329",
        "acl:2023.acl-long.329",
        "https://aclanthology.org/2023.acl-long.329",
    ),
    "acl:P19-1001": ("P19-1001", "ACL P19-1001"),
    "arxiv:hep-th/9901001": ("hep-th/9901001", "arXiv:hep-th/9901001"),
    "hal:hal-01234567": ("hal-01234567",),
    "openreview:rJl-b3RcF7": ("https://openreview.net/forum?id=rJl-b3RcF7", "openreview:rJl-b3RcF7"),
    "doi:10.1000/xyz-1": ("10.1000/xyz-1", "doi:10.1000/xyz-1", "https://doi.org/10.1000/xyz-1"),
    "0000-0002-1825-0097": ("0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097"),
    "pmid:26176550": ("PMID-26176550", "PMID - 26176550"),
}
#: Other spellings: labels, identifiers of records in repositories, forms that only one catalogue has.
FORMS = {
    "doi:10.1371/journal.pone.0131593": [
        *("DOI 10.1371/journal.pone.0131593 (2015)", "doi://10.1371/journal.pone.0131593"),
        *("hdl:10.1371/journal.pone.0131593", "hdl.handle.net/10.1371/journal.pone.0131593"),
        *("dx.doi.org: 10.1371/journal.pone.0131593", "doi.org:10.1371/journal.pone.0131593"),
        *("https://doi.org/ 10.1371/journal.pone.0131593", "https://doi.org/10.1371/ journal.pone.0131593"),
        *("doi 10.1371\u2215journal.pone.0131593", "doi 10.1371\u2044journal.pone.0131593"),
        *("Digital Object Identifier: 10.1371/journal.pone.0131593", "doi:10.1371&#47;journal.pone.0131593"),
        *("doi:10.1371/journal.pone.0131593. Epub 2015 Jul 15.", "info%3Adoi%2F10.1371%2Fjournal.pone.0131593"),
        *("Available at: https://doi.org/10.1371/journal.pone.0131593", "see doi:10.1371/journal.pone.0131593"),
        *("https://identifiers.org/doi:10.1371/journal.pone.0131593", "10.1371%252Fjournal.pone.0131593"),
        "doi: 10.1371/journal.pone.0131593. PMID: 26176550; PMCID: PMC4503449.",
    ],
    "doi:10.1002/(sici)1097-4571(199009)41:6<391::aid-asi1>3.0.co;2-9": [
        "10.1002/(SICI)1097-4571(199009)41:6&lt;391::AID-ASI1&gt;3.0.CO;2-9",
        "10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9 (1990)",
    ],
    "arxiv:1402.3375": [
        *("oai:arXiv.org:1402.3375", "OAI:arxiv.org:1402.3375v2", "arXiv.org:1402.3375", "arXiv.org 1402.3375"),
        *("CoRR abs/1402.3375", "CoRR, abs/1402.3375 (2014)", "CoRR, vol. abs/1402.3375, 2014", "corr:abs/1402.3375"),
        *("ArXiv, abs/1402.3375", "preprint arXiv:1402.3375", "e-print arXiv:1402.3375", "eprint: 1402.3375"),
        *("1402.3375 [q-bio.NC]", "arXiv:1402.3375 [v2]", "https://arxiv.org/abs/1402.3375 [q-bio.NC]"),
        *("1402.3375v1.pdf", "arXiv%3A1402.3375", "http://xxx.lanl.gov/abs/1402.3375", "info:arxiv/1402.3375"),
        *("https://arxiv.org/abs/1402.3375%C2%A0", "https://arxiv.org/abs/arxiv.1402.3375"),
    ],
    "arxiv:cs/0206006": [
        *("arXiv:cs.LG/0206006", "https://arxiv.org/abs/cs%2F0206006", "https://arxiv.org/abs/cs.LG/0206006v1"),
        *(
            "CoRR cs.LG/0206006",
            "CoRR, cs.LG/0206006, 2002",
            "oai:arXiv.org:cs/0206006",
            "10.48550/arXiv.cs.LG/0206006",
        ),
    ],
    "arxiv:cond-mat/0309136": ["cond-mat.str-el/0309136", "arXiv:cond-mat.soft/0309136", "cond-mat 0309136"],
    "acl:2023.acl-long.329": ["aclanthology:2023.acl-long.329", "oai:aclanthology.org:2023.acl-long.329"],
    "pmid:26176550": [
        *("PMID: 26176550 [PubMed - indexed for MEDLINE]", "PMID: 26176550; PMCID: PMC4503449", "MED:26176550"),
        "https://www.ncbi.nlm.nih.gov/entrez/query.fcgi?cmd=Retrieve&db=PubMed&list_uids=26176550",
        *("https://pmc.ncbi.nlm.nih.gov/articles/pmid/26176550/", "info:ncbi/pubmed/26176550"),
        *("https://identifiers.org/pubmed/26176550", "https://openalex.org/pmid:26176550"),
    ],
    "pmcid:PMC4503449": [
        *("oai:pubmedcentral.nih.gov:4503449", "europepmc:PMC4503449", "https://identifiers.org/pmc:PMC4503449"),
    ],
    "hal:hal-01234567": [
        *("oai:HAL:hal-01234567v1", "HAL Id : hal-01234567", "hal.science/hal-01234567", "\u27e8hal-01234567\u27e9"),
    ],
    "s2:12345678": ["CorpusID:12345678", "Corpus ID: 12345678", "S2CID 12345678"],
    "s2:0123456789abcdef0123456789abcdef01234567": [
        "https://api.semanticscholar.org/graph/v1/paper/0123456789abcdef0123456789abcdef01234567",
    ],
    "dblp:conf/nips/AB20": ["DBLP: conf/nips/AB20", "DBLP conf/nips/AB20", "conf/nips/AB20"],
    "inspire:1234567": ["https://inspirehep.net/literature/1234567/", "https://inspirehep.net/api/literature/1234567"],
    "ads:2014Natur.505...43A": [
        *("2014Natur.505...43A", "bibcode: 2014Natur.505...43A", "http://adsabs.harvard.edu/abs/2014Natur.505...43A"),
    ],
    "handle:1721.1/12345": ["hdl:1721.1/12345", "Handle: 1721.1/12345", "info:hdl/1721.1/12345"],
    "openreview:rJl-b3RcF7": [
        *("openreview.net/forum?id=rJl-b3RcF7", "https://openreview.net/attachment?id=rJl-b3RcF7&name=pdf"),
    ],
    "0000-0002-1825-0097": [
        *(
            "ISNI 0000 0002 1825 0097",
            "https://identifiers.org/orcid:0000-0002-1825-0097",
            "orcid.org:0000-0002-1825-0097",
        ),
        *("0000-0002-1825-0097 (ORCID)", "https://api.openalex.org/authors/orcid:0000-0002-1825-0097"),
    ],
    "ror:04z8jg394": [
        *("https://api.openalex.org/institutions/https://ror.org/04z8jg394", "https://identifiers.org/ror:04z8jg394"),
        *("https://api.ror.org/organizations/https%3A%2F%2Fror.org%2F04z8jg394", "ror.org:04z8jg394"),
    ],
}
ALL = [
    (text, id_, kind)
    for kind, table in (("work", WORKS), ("researcher", RESEARCHERS), ("institution", INSTITUTIONS))
    for id_, texts in table.items()
    for text in texts
]
ALL += [(text, id_, kind) for kind, table in COPIED.items() for id_, texts in table.items() for text in texts]


@pytest.mark.parametrize(("text", "id_", "kind"), ALL)
def test_an_identifier_is_recognized_in_every_spelling(text: str, id_: str, kind: str) -> None:
    found = identifier_in(text)
    assert found is not None
    assert (found.id, found.kind) == (id_, kind)


SPELLED = [
    *((form.format(text), id_) for id_, text in ONE_OF_EACH.items() for form in SURROUNDINGS),
    *((quote(text, safe=""), id_) for id_, text in URLS.items()),
    *((quote(quote(text, safe=""), safe=""), id_) for id_, text in URLS.items()),
    *((text.replace("-", dash), id_) for id_, texts in HYPHENATED.items() for text in texts for dash in DASHES),
    *((text, id_) for id_, texts in FORMS.items() for text in texts),
]


@pytest.mark.parametrize(("text", "id_"), SPELLED)
def test_what_surrounds_an_identifier_or_encodes_it_does_not_matter(text: str, id_: str) -> None:
    found = identifier_in(text)
    assert found is not None
    assert found.id == id_


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("arXiv:cs.LG/0206006", ("arxiv:cs/0206006", "doi:10.48550/arxiv.cs/0206006")),
        ("oai:HAL:hal-01234567v1", ("hal:hal-01234567", "oai:HAL:hal-01234567v1")),
        ("DBLP:journals/corr/abs-1402-3375", ("dblp:journals/corr/abs-1402-3375", "arxiv:1402.3375")),
        ("https://dblp.org/rec/journals/corr/cs-LG-0206006", ("dblp:journals/corr/cs-LG-0206006", "arxiv:cs/0206006")),
        ("PMID: 26176550; PMCID: PMC4503449", ("pmid:26176550", "pmcid:PMC4503449")),
    ],
)
def test_a_work_is_looked_up_by_every_id_that_a_text_names(text: str, ids: tuple[str, ...]) -> None:
    services = Mock()
    services.search.return_value = {"hits": {"hits": [{"_source": {"id": "stored"}}]}}
    assert interpret(services, text) == Interpretation("work", "stored")
    assert set(ids) <= set(services.search.call_args.args[1]["query"]["terms"]["ids"])
    services.search.return_value = {"hits": {"hits": []}}
    assert interpret(services, text) == Interpretation(None, ids[0])


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "neural decoding", "2019", "GPT-4", "COVID-19", "3.14159", "2015.12345", "W3C", "A1", "12345678"),
        *("who cites 1402.3375", "kording 10.1000/xyz", "doi registration", "ror methods", "orcid adoption"),
        *('"10.1000/xyz"', "“1402.3375”", "acl injury prevention", "arxiv overview", "https://example.org/", "10.5"),
        *(
            "pubmed 2020",
            "medline 2019",
            "PMC x",
            "papers/2019",
            "hal-9000",
            "id 1234",
            "id theft",
            "anthology of poems",
        ),
        *("https://example.org/papers/", "https://arxiv.org/list/cs.LG/recent", "https://orcid.org/", "cs.LG", "fe-16"),
        *(
            "https://pubmed.ncbi.nlm.nih.gov/?term=cancer",
            "978-3-16-148410-0",
            "1234567890123456",
            "DOI number",
            "http://[",
        ),
        *("10.1000/xyz and more", '"10.1000/xyz" AND x', "https://news.example/2014/02.3375", "doi:", "[x](y)", "://"),
        *(
            "COVID-19 (2020)",
            "neural decoding, 2015",
            "decoding [q-bio.NC]",
            "GPT-4 2023",
            "2015 (2016)",
            "PubMed (2020)",
        ),
        *(
            "physics.com/1234567",
            "handle with care",
            "handle 12",
            "hal, 9000",
            "corr 2014",
            "see 10.5",
        ),
        *("preprint servers", "see doi", "digital object identifier", "DBLP computer science", "URL: x", "50%25", "%"),
        *(
            "who cites doi:10.1000/xyz",
            "doi:10.1000/xyz and PMID: 12345678 too",
            "https://en.wikipedia.org/wiki/Help:A",
        ),
        *("TCP/IP", "and/or", "title:decoding", "author:kording", "012345678", "-", "(", "...", "1/2", "pH 7.4"),
    ],
)
def test_words_are_no_identifier(text: str) -> None:
    assert identifier_in(text) is None


def test_what_may_be_a_word_is_an_identifier_only_if_something_has_it() -> None:
    for text in ("W1234", "PMC 2020", "~Ann_Alder1", "local:mine"):
        found = identifier_in(text)
        assert found is not None
        assert not found.is_certain


def test_hostile_text_is_refused_quickly() -> None:
    for text in (
        "(" * 50_000,
        "10.1000/" + "%2F" * 300,
        "https://" * 120,
        "1" * 999,
        "a/" * 499,
        "[" * 500 + "](" * 200,
        "https://a/arxiv/" + "=1402./" * 140,
    ):
        identifier_in(text)
