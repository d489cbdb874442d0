"""Every file format, with a file of each in `formats/`; `test_fuzz.py` damages the same files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from indexer.records import RecordWarning, Work, parse_work
from indexer.sources import SourceError, open_sources

FORMATS = Path(__file__).parent / "formats"
ORCID = "0000-0002-1825-0097"


def read(name: str, **columns: str) -> list[tuple[Work | str | dict[str, Any], list[RecordWarning]]]:
    """Return each record of a file: its work, or the record that withdraws it, or the problem with it; and warnings."""
    (source,) = open_sources([str(FORMATS / name)], columns)
    results: list[tuple[Work | str | dict[str, Any], list[RecordWarning]]] = []
    for item in source:
        warnings = list(item.warnings)
        if item.problem or item.value.get("withdrawn"):
            results.append((item.problem or item.value, warnings))
        else:
            try:
                results.append((parse_work(item.value, warnings), warnings))
            except ValueError as error:
                results.append((str(error), warnings))
    return results


def summary(work: Work) -> dict[str, Any]:
    """Return the fields of a work that are set, with the names of its authors."""
    fields = {name: getattr(work, name) for name in Work.__dataclass_fields__ if getattr(work, name)}
    return fields | {"authors": [author.name for author in work.authors]}


#: For each file the works in it; a text is part of the problem of a rejected record.
EXPECTED: dict[str, list[dict[str, Any] | str]] = {
    "CITATION.cff": [
        {
            "id": "local:gauge-38fbc20f",
            "title": "gauge",
            "authors": ["Ada von Ash", "Tide Group"],
            "year": 2020,
            "date": "2020-02-03",
            "type": "software",
            "url": "https://example.org/gauge",
            "license": "MIT",
            "source": "citation file",
        },
        {
            "id": "doi:10.1000/gauge",
            "title": "How gauge reads gauges",
            "authors": ["Bo Birch Jr."],
            "year": 2021,
            "type": "article",
            "venue": "Journal of Tides",
            "doi": "10.1000/gauge",
            "source": "citation file",
        },
    ],
    "ads.json": [
        {
            "id": "ads:2018Star....1....1A",
            "title": "A far star",
            "authors": ["Ada B. Ash", "Star Collaboration"],
            "abstract": "Far away.",
            "year": 2018,
            "type": "article",
            "venue": "The Star Journal",
            "doi": "10.1000/star",
            "url": "https://ui.adsabs.harvard.edu/abs/2018Star....1....1A",
            "source": "NASA ADS",
            "cited_by_count": 1,
            "ids": ("arxiv:1803.00001",),
            "references": ("ads:2000Star....1....2B",),
        }
    ],
    "cerif.xml": [
        {
            "id": "doi:10.1000/cris",
            "title": "Research about research: again",
            "authors": ["Ada Ash"],
            "abstract": "We look.",
            "year": 2016,
            "type": "article",
            "venue": "Journal of Information",
            "doi": "10.1000/cris",
            "source": "CERIF",
            "language": "en",
        }
    ],
    "crossref.json": [
        {
            "id": "doi:10.1000/abc",
            "title": "Tides in small harbours: A survey",
            "authors": ["Ada Ash", "Tide Consortium", "Bo van Birch III"],
            "abstract": "Tides rise.",
            "year": 2020,
            "date": "2020-03-04",
            "type": "article",
            "venue": "Journal of Tides",
            "doi": "10.1000/abc",
            "url": "https://example.org/abc",
            "license": "https://creativecommons.org/licenses/by/4.0/",
            "source": "Crossref",
            "language": "en",
            "cited_by_count": 4,
            "is_retracted": True,
            "references": ("doi:10.1000/old",),
        },
        {
            "id": "doi:10.1000/pre",
            "title": "A preprint",
            "authors": ["Cy Cedar"],
            "year": 2021,
            "type": "preprint",
            "venue": "bioRxiv",
            "doi": "10.1000/pre",
            "source": "Crossref",
        },
    ],
    "crossref.xml": [
        {
            "id": "doi:10.1000/high",
            "title": "High water: and low",
            "authors": ["Ada Ash", "Tide Group"],
            "abstract": "We measure.",
            "year": 2018,
            "date": "2018-05-06",
            "type": "article",
            "venue": "Journal of Tides",
            "doi": "10.1000/high",
            "url": "https://example.org/high",
            "source": "Crossref",
            "language": "en",
            "references": ("doi:10.1000/low",),
        },
        {
            "id": "doi:10.1000/book.1",
            "title": "Piers",
            "authors": ["Bo Birch"],
            "year": 2011,
            "type": "book-chapter",
            "venue": "Handbook of harbours",
            "doi": "10.1000/book.1",
            "source": "Crossref",
        },
    ],
    "datacite.json": [
        {
            "id": "doi:10.5072/soft",
            "title": "gauge",
            "authors": ["Ada Ash", "Tide Group"],
            "abstract": "Reads gauges.",
            "year": 2020,
            "date": "2020-02-03",
            "type": "software",
            "venue": "Zenodo",
            "doi": "10.5072/soft",
            "url": "https://example.org/soft",
            "license": "https://example.org/mit",
            "source": "DataCite",
            "language": "en",
            "cited_by_count": 2,
            "references": ("arxiv:1501.00001",),
        }
    ],
    "datacite.xml": [
        {
            "id": "doi:10.5072/data",
            "title": "Tide gauges: raw data",
            "authors": ["Ada Ash", "Harbour, Office of the", "Bo Birch"],
            "abstract": "Gauges daily.",
            "year": 2022,
            "date": "2022-05-01",
            "type": "dataset",
            "venue": "Data House",
            "doi": "10.5072/data",
            "license": "https://creativecommons.org/publicdomain/zero/1.0/",
            "source": "DataCite",
            "language": "en",
            "references": ("doi:10.1000/low",),
        }
    ],
    "dblp.xml": [
        {
            "id": "dblp:journals/x/Ash19",
            "title": "Sorting n things",
            "authors": ["Ada Ash", "Jörg Birch"],
            "year": 2019,
            "type": "article",
            "venue": "J. Sorting",
            "doi": "10.1000/sort",
            "url": "https://doi.org/10.1000/sort",
            "source": "DBLP",
        },
        {
            "id": "dblp:journals/corr/abs-1910-00001",
            "title": "A preprint",
            "authors": ["Ada Ash"],
            "year": 2019,
            "type": "preprint",
            "venue": "CoRR",
            "url": "http://arxiv.org/abs/1910.00001",
            "source": "DBLP",
            "ids": ("arxiv:1910.00001",),
        },
        "a <proceedings> of DBLP, not a work",
        "a <www> of DBLP, not a work",
    ],
    "endnote.xml": [
        {
            "id": "doi:10.1000/end",
            "title": "Notes at the end",
            "authors": ["Ada Ash", "Bo Birch"],
            "abstract": "At last.",
            "year": 2013,
            "type": "article",
            "venue": "End Journal",
            "doi": "10.1000/end",
            "url": "https://example.org/end",
            "source": "bibliography",
            "language": "en",
        },
        {
            "id": "local:edited-d108f9b2",
            "title": "Edited",
            "authors": ["Eve Elm"],
            "year": 2012,
            "type": "book",
            "venue": "End Press",
            "source": "bibliography",
        },
    ],
    "europepmc.json": [
        {
            "id": "pmid:71",
            "title": "Foam again",
            "authors": ["Ada Ash", "Foam Group"],
            "abstract": "Background Foam.",
            "year": 2017,
            "date": "2017-08-09",
            "type": "article",
            "venue": "Annals of Foam",
            "doi": "10.1000/epmc",
            "url": "https://europepmc.org/article/MED/71",
            "license": "cc by",
            "source": "Europe PMC",
            "language": "en",
            "cited_by_count": 3,
            "ids": ("pmcid:PMC72",),
        }
    ],
    "europepmc.xml": [
        {
            "id": "doi:10.1000/epmcx",
            "title": "Foam once more",
            "authors": ["Ada Ash"],
            "abstract": "More foam.",
            "year": 2021,
            "date": "2021-03-04",
            "type": "preprint",
            "doi": "10.1000/epmcx",
            "url": "https://europepmc.org/article/PPR/PPR1",
            "source": "Europe PMC",
        }
    ],
    "hal.json": [
        {
            "id": "hal:hal-001",
            "title": "Le port: une histoire",
            "authors": ["Ada Ash", "Bo Birch"],
            "abstract": "Un port.",
            "year": 2012,
            "type": "article",
            "venue": "Revue du port",
            "doi": "10.1000/port",
            "url": "https://hal.science/hal-001v2",
            "source": "HAL",
            "language": "fr",
        },
        "HAL's default fields have no title and authors; request fl=* or the fields named in docs/import-formats.md",
    ],
    "ieee.csv": [
        {
            "id": "doi:10.1109/row.1",
            "title": "Circuits in rows",
            "authors": ["Ada Ash", "Bo Birch", "Cy Cedar"],
            "abstract": "Rows.",
            "year": 2019,
            "venue": "IEEE Rows",
            "doi": "10.1109/row.1",
            "url": "https://example.org/row",
            "source": "bibliography",
        },
        {
            "id": "local:two-people-adfec9f5",
            "title": "Two people",
            "authors": ["Wei Wu", "Qiao Qiao"],
            "year": 2020,
            "venue": "IEEE Rows",
            "source": "bibliography",
        },
        "has 9 values, but there are 8 columns",
    ],
    "inspire.json": [
        {
            "id": "inspire:123",
            "title": "A heavy particle",
            "authors": ["Ada Ash"],
            "abstract": "It is heavy.",
            "year": 2016,
            "date": "2016-01-01",
            "type": "article",
            "venue": "Heavy Lett.",
            "doi": "10.1000/heavy",
            "source": "INSPIRE",
            "cited_by_count": 9,
            "topics": (("hep-ex", None),),
            "ids": ("arxiv:1601.00001",),
            "references": ("inspire:77", "doi:10.1000/light"),
            "authors_truncated": 3000,
        }
    ],
    "jats.xml": [
        {
            "id": "pmid:71",
            "title": "Foam of size $n^2$: and beyond",
            "authors": ["Ada Ash", "Foam Group"],
            "abstract": "Foam < water. It floats.",
            "year": 2017,
            "date": "2017-08-09",
            "type": "article",
            "venue": "Annals of Foam",
            "doi": "10.1000/foam",
            "license": "https://creativecommons.org/licenses/by/4.0/",
            "source": "JATS",
            "language": "en",
            "ids": ("pmcid:PMC72",),
            "references": ("doi:10.1000/bubble", "doi:10.1000/link"),
        }
    ],
    "marc.xml": [
        {
            "id": "local:marc-99",
            "title": "Shelves: their order",
            "authors": ["Ada B. Ash"],
            "abstract": "About shelves.",
            "year": 1999,
            "type": "book",
            "venue": "Shelf Press",
            "source": "MARC",
        }
    ],
    "mods.xml": [
        {
            "id": "doi:10.1000/map",
            "title": "Maps: old ones",
            "authors": ["Ada Ash", "Map Office"],
            "abstract": "Old.",
            "year": 1950,
            "type": "article",
            "venue": "Map Journal",
            "doi": "10.1000/map",
            "source": "MODS",
            "language": "de",
        }
    ],
    "oai_dc.xml": [
        {
            "id": "oai:repository.example.org:1/23",
            "title": "Lighthouses of the north",
            "authors": ["Ada Ash", "Bo Birch"],
            "abstract": "We list all lighthouses.",
            "year": 2019,
            "type": "dissertation",
            "venue": "University of Lamps",
            "doi": "10.1000/light",
            "url": "http://hdl.handle.net/1/23",
            "license": "https://creativecommons.org/licenses/by/4.0/",
            "source": "Dublin Core",
            "language": "en",
        },
        {"id": "oai:repository.example.org:1/24", "withdrawn": True},
        {
            "id": "oai:repository.example.org:1/25",
            "title": "The Lamp: a history",
            "authors": ["Cy Cedar"],
            "year": 1999,
            "source": "MODS",
        },
        "its metadata (<picture>) have no known format; harvest with metadataPrefix=oai_dc",
    ],
    "openreview.json": [
        {
            "id": "openreview:abc",
            "title": "Open papers",
            "authors": ["Ada Ash", "Bo Birch"],
            "abstract": "We review.",
            "year": 2023,
            "date": "2023-01-02",
            "type": "article",
            "venue": "OpenConf 2023",
            "url": "https://openreview.net/forum?id=abc",
            "source": "OpenReview",
        },
        "a review or comment, not a submission",
    ],
    "orcid.json": [
        {
            "id": "arxiv:1502.00001",
            "title": "A whole work: its end",
            "authors": ["Ada Ash", "Bo Birch"],
            "year": 2015,
            "date": "2015-02-03",
            "type": "article",
            "venue": "My Journal",
            "source": "ORCID",
        }
    ],
    "orcid.xml": [
        {
            "id": "doi:10.1000/mine",
            "title": "One of my works",
            "authors": ["Ada Ash"],
            "year": 2014,
            "type": "article",
            "venue": "My Journal",
            "doi": "10.1000/mine",
            "source": "ORCID",
            "authors_truncated": 2,
        }
    ],
    "ovid.txt": [
        {
            "id": "doi:10.1000/cloud",
            "title": "Clouds over hills",
            "authors": ["Ada Ash", "Bo Birch"],
            "abstract": "Clouds pass.",
            "year": 2015,
            "date": "2015-09-05",
            "type": "article",
            "venue": "Journal of Clouds",
            "doi": "10.1000/cloud",
            "source": "Ovid",
        },
        {
            "id": "local:edited-clouds-cfda54cc",
            "title": "Edited clouds",
            "authors": ["Eve Elm"],
            "year": 2011,
            "type": "book",
            "source": "Ovid",
        },
    ],
    "pubmed.nbib": [
        {
            "id": "pmid:81",
            "title": "Transport of small stones",
            "authors": ["Ada B Ash", "Bo Birch", "Stone Group"],
            "abstract": "Stones move slowly.",
            "year": 2016,
            "date": "2016-01-15",
            "type": "article",
            "venue": "Journal of stones",
            "doi": "10.1000/stone",
            "url": "https://pubmed.ncbi.nlm.nih.gov/81/",
            "source": "PubMed",
            "language": "en",
            "ids": ("pmcid:PMC82",),
        },
        {
            "id": "pmid:82",
            "title": "Sand",
            "authors": ["C. D. Cedar"],
            "year": 2017,
            "type": "preprint",
            "url": "https://pubmed.ncbi.nlm.nih.gov/82/",
            "source": "PubMed",
        },
    ],
    "pubmed.xml": [
        {
            "id": "pmid:70000001",
            "title": "Roots of Salix & water in H2O",
            "authors": ["Ada B Ash", "C. D. Birch Jr", "Willow Study Group"],
            "abstract": "Background: Roots drink. Results: They drink p < 0.05.",
            "year": 2019,
            "date": "2019-10-02",
            "type": "article",
            "venue": "Journal of Willows",
            "doi": "10.1000/willow.1",
            "url": "https://pubmed.ncbi.nlm.nih.gov/70000001/",
            "source": "PubMed",
            "language": "en",
            "is_retracted": True,
            "topics": (("mesh:D1", "Salix"),),
            "ids": ("pmcid:PMC701",),
            "references": ("pmid:60",),
            "authors_truncated": 4,
        },
        {
            "id": "pmid:70000002",
            "title": "All about trees",
            "authors": ["Eve Cedar"],
            "year": 2001,
            "type": "book",
            "venue": "Tree Press",
            "url": "https://pubmed.ncbi.nlm.nih.gov/70000002/",
            "source": "PubMed",
            "language": "fr",
        },
        {"id": "pmid:70000003", "withdrawn": True},
    ],
    "refer.enw": [
        {
            "id": "doi:10.1000/percent",
            "title": "Percent signs",
            "authors": ["Ada Ash", "Bo Birch"],
            "abstract": "All signs.",
            "year": 2007,
            "type": "article",
            "venue": "Sign Journal",
            "doi": "10.1000/percent",
            "url": "https://example.org/percent",
            "source": "bibliography",
            "language": "en",
        },
        {
            "id": "local:edited-signs-edf70638",
            "title": "Edited signs",
            "authors": ["Eve Elm"],
            "year": 2006,
            "type": "book",
            "venue": "Sign House",
            "source": "bibliography",
        },
    ],
    "refworks.txt": [
        {
            "id": "doi:10.1000/ref",
            "title": "Works about works",
            "authors": ["Ada B. Ash", "Bo Birch"],
            "abstract": "They refer.",
            "year": 2009,
            "type": "article",
            "venue": "Reference Journal",
            "doi": "10.1000/ref",
            "url": "https://example.org/ref",
            "source": "bibliography",
            "language": "en",
        },
        {
            "id": "local:a-chapter-8e47d9c0",
            "title": "A chapter",
            "authors": ["Cy Cedar"],
            "year": 2008,
            "type": "book-chapter",
            "venue": "The whole book",
            "source": "bibliography",
        },
    ],
    "scopus.csv": [
        {
            "id": "scopus:2-s2.0-85000000001",
            "title": "Tables, and chairs",
            "authors": ["Ada B. Ash", "Bo Birch"],
            "year": 2018,
            "type": "article",
            "venue": "Furniture Journal",
            "doi": "10.1000/table",
            "url": "https://www.scopus.com/x",
            "source": "bibliography",
            "cited_by_count": 7,
            "ids": ("pmid:101",),
        },
        {
            "id": "scopus:2-s2.0-85000000002",
            "title": "Old style",
            "authors": ["C.D. Cedar", "E. Elm"],
            "abstract": "Text",
            "year": 2010,
            "type": "article",
            "venue": "Furniture Journal",
            "source": "bibliography",
        },
    ],
    "semantic_scholar.jsonl": [
        {
            "id": "s2:42",
            "title": "Reading papers",
            "authors": ["Ada Ash"],
            "year": 2015,
            "date": "2015-01-02",
            "type": "article",
            "venue": "Conf",
            "doi": "10.1000/s2",
            "url": "https://www.semanticscholar.org/paper/x",
            "source": "Semantic Scholar",
            "cited_by_count": 5,
            "ids": ("arxiv:1501.00002", "mag:9"),
        },
        {
            "id": "s2:43",
            "title": "Citing papers",
            "authors": ["Bo Birch"],
            "abstract": "We cite.",
            "year": 2016,
            "source": "Semantic Scholar",
            "references": ("s2:42",),
        },
    ],
    "titel.csv": [
        {
            "id": "doi:10.1000/hafen",
            "title": "Über Häfen",
            "authors": ["Ada Ash", "Bo Birch"],
            "abstract": "Kurz; und gut.",
            "year": 2003,
            "venue": "Hafenblatt",
            "doi": "10.1000/hafen",
            "source": "bibliography",
        },
        {
            "id": "local:untitled-fab6b23f",
            "title": "[Untitled]",
            "authors": ["Ada Ash"],
            "year": 2004,
            "source": "bibliography",
        },
    ],
    "wos.txt": [
        {
            "id": "wos:000000000000001",
            "title": "Wind over dunes",
            "authors": ["Ada B. Ash", "Bo Birch"],
            "abstract": "Wind blows.",
            "year": 2014,
            "date": "2014-03-05",
            "type": "article",
            "venue": "JOURNAL OF WIND",
            "doi": "10.1000/wind",
            "source": "Web of Science",
            "language": "en",
            "cited_by_count": 12,
            "ids": ("pmid:91",),
            "references": ("doi:10.1000/sand",),
        },
        {
            "id": "wos:A1980AA00000001",
            "type": "article",
            "title": "No full names",
            "authors": ["C. D. Cedar"],
            "year": 1980,
            "source": "Web of Science",
        },
    ],
    "wos_tab.txt": [
        {
            "id": "wos:000000000000002",
            "title": "Tabs",
            "authors": ["Ada Ash", "Bo Birch"],
            "year": 2015,
            "type": "article",
            "venue": "JOURNAL OF TABS",
            "doi": "10.1000/tab",
            "source": "Web of Science",
            "cited_by_count": 3,
            "references": ("doi:10.1000/x",),
        }
    ],
    "zotero.rdf": [
        {
            "id": "doi:10.1000/rdf",
            "title": "Triples",
            "authors": ["Ada Ash", "Bo Birch"],
            "abstract": "Three by three.",
            "year": 2011,
            "date": "2011-05-06",
            "type": "article",
            "venue": "Journal of Graphs",
            "doi": "10.1000/rdf",
            "url": "https://doi.org/10.1000/rdf",
            "source": "bibliography",
            "language": "en",
        },
        {
            "id": "local:a-book-of-triples-f9a2fda9",
            "title": "A book of triples",
            "authors": ["Eve Elm"],
            "year": 2010,
            "type": "book",
            "source": "bibliography",
        },
    ],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_of_each_format(name: str) -> None:
    results = [result for result, _ in read(name)]
    assert len(results) == len(EXPECTED[name])
    for result, expected in zip(results, EXPECTED[name], strict=True):
        if isinstance(expected, str):
            assert isinstance(result, str)
            assert expected in result
        elif "withdrawn" in expected:
            assert result == expected
        else:
            assert isinstance(result, Work), result
            assert summary(result) == expected


def works(name: str, **columns: str) -> list[Work]:
    return [result for result, _ in read(name, **columns) if isinstance(result, Work)]


@pytest.mark.parametrize("name", [*EXPECTED])
def test_a_file_is_recognized_by_its_content(name: str, tmp_path: Path) -> None:
    if name.endswith((".json", ".jsonl")):
        return  # A name without a suffix is read as JSON lines.
    copy = tmp_path / "export"
    copy.write_bytes((FORMATS / name).read_bytes())
    (original,), (source,) = open_sources([str(FORMATS / name)]), open_sources([str(copy)])
    assert type(source) is type(original)


@pytest.mark.parametrize(
    ("name", "affiliation"),
    [
        ("CITATION.cff", "Tide Lab"),
        ("ads.json", "Star Lab"),
        ("cerif.xml", "Info Lab"),
        ("crossref.json", "Harbour Lab"),
        ("crossref.xml", "Harbour Lab"),
        ("datacite.json", "Tide Lab"),
        ("datacite.xml", "Tide Lab"),
        ("dblp.xml", None),
        ("europepmc.json", "Bubble Lab"),
        ("europepmc.xml", "Bubble Lab"),
        ("inspire.json", "CERN"),
        ("jats.xml", "Bubble Lab, Here"),
        ("oai_dc.xml", None),
        ("orcid.json", None),
        ("orcid.xml", None),
        ("pubmed.nbib", "Stone Lab.; Rock Lab."),
        ("pubmed.xml", "Dept of Roots, Here."),
        ("wos.txt", "Univ Wind, Dept Sand, Here"),
    ],
)
def test_authors_keep_their_ids_and_affiliations(name: str, affiliation: str | None) -> None:
    first, *others = works(name)[0].authors
    assert (first.orcid, first.affiliation) == (ORCID, affiliation)
    assert not any(author.orcid for author in others)


def test_ids_of_people_are_those_of_the_source() -> None:
    assert [author.id for author in works("dblp.xml")[0].authors] == ["dblp:Ada_Ash_0001", None]
    assert [author.id for author in works("openreview.json")[0].authors] == ["openreview:~Ada_Ash1", None]
    assert [author.id for author in works("hal.json")[0].authors] == ["hal:ada-ash", None]
    assert works("semantic_scholar.jsonl")[0].authors[0].id == "s2:7"
    assert works("inspire.json")[0].authors[0].id == "inspire:5"
    assert works("orcid.xml")[0].authors[0].name_variants == ("A. B. Ash",)


def test_columns_can_be_named(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("Name;Wer;Jahr\nTides;Ash, Ada;2001\n", encoding="utf-8")
    with pytest.raises(
        SourceError, match=r"no column has titles; name it with --map title=COLUMN\. Columns: Name, Wer, Jahr"
    ):
        list(open_sources([str(table)])[0])
    (item,) = open_sources([str(table)], {"title": "Name", "authors": "Wer"})[0]
    work = parse_work(item.value)
    assert (work.title, work.authors[0].name, work.year) == ("Tides", "Ada Ash", 2001)
    with pytest.raises(SourceError, match="there is no column 'Titel'"):
        list(open_sources([str(table)], {"title": "Titel"})[0])
    with pytest.raises(SourceError, match="there is no field 'name'"):
        open_sources([str(table)], {"name": "Titel"})


def test_a_folder_has_the_text_files_and_tables_that_are_recognized(tmp_path: Path) -> None:
    for name in ("wos.txt", "ovid.txt", "scopus.csv", "refworks.txt"):
        (tmp_path / name).write_bytes((FORMATS / name).read_bytes())
    (tmp_path / "readme.txt").write_text("Exports of 2020", encoding="utf-8")
    (tmp_path / "costs.csv").write_text("month,euros\nMay,3\n", encoding="utf-8")
    names = [Path(source.name).name for source in open_sources([str(tmp_path)])]
    assert sorted(names) == ["ovid.txt", "refworks.txt", "scopus.csv", "wos.txt"]


def test_xml_without_declared_prefixes_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    text = (FORMATS / "oai_dc.xml").read_text(encoding="utf-8")
    file.write_text(text.replace(' xmlns:dc="http://purl.org/dc/elements/1.1/"', ""), encoding="utf-8")
    first, *_ = open_sources([str(file)])[0]
    assert first.value["title"] == "Lighthouses of the north"
