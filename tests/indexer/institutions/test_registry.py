"""Names of institutions to ids: sources, the ROR dump, acronyms of the collection, and decisions of the operator."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from indexer.institutions import Registry, ror
from indexer.institutions.commands import institutions
from indexer.institutions.decisions import InstitutionsFileError, digest_of, load_decisions
from indexer.institutions.mining import NameCollector
from indexer.institutions.ror import RorError, load, names_of
from indexer.records import Author, Institution, Work

if TYPE_CHECKING:
    from pathlib import Path


def organization(id_: str, *names: tuple[str, str], status: str = "active", successor: str = "") -> dict[str, Any]:
    """Return an organization as ROR publishes it, schema version 2, with the fields that matter here."""
    return {
        "id": f"https://ror.org/{id_}",
        "status": status,
        "names": [{"value": value, "types": kinds.split("+"), "lang": None} for value, kinds in names],
        "relationships": [{"label": "x", "type": "successor", "id": f"https://ror.org/{successor}"}]
        if successor
        else [],
    }


DUMP = [
    organization("0a1111111", ("University of Edinburgh", "label+ror_display"), ("Oilthigh Dhùn Èideann", "label")),
    organization("0a2222222", ("University of California, Los Angeles", "ror_display+label"), ("UCLA", "acronym")),
    organization("0a3333333", ("Foo Institute", "ror_display+label"), ("FI", "acronym")),
    organization("0a4444444", ("Federal Index", "ror_display+label"), ("FI", "acronym")),
    organization("0a5555555", ("Old Foo", "ror_display+label"), status="inactive", successor="0a3333333"),
    organization("0a6666666", ("Lost Foo", "ror_display+label"), status="withdrawn"),
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "ror.json").write_text(json.dumps(DUMP, indent=2), encoding="utf-8")
    assert load(tmp_path / "ror.json", tmp_path) == 4
    return tmp_path


def ids(registry: Registry, affiliation: str) -> list[str]:
    return [resolved.id for resolved in registry.printed(affiliation)]


def test_a_dump_gives_ids_to_names_and_acronyms_that_only_one_has(home: Path) -> None:
    registry = Registry(None, names_of(home))
    assert ids(registry, "School of Informatics, Univ. of Edinburgh, UK") == ["ror:0a1111111"]
    assert ids(registry, "Oilthigh Dhun Eideann") == ["ror:0a1111111"]
    assert ids(registry, "UCLA") == ids(registry, "University of California at Los Angeles") == ["ror:0a2222222"]
    assert ids(registry, "FI") == ["fi"]
    assert ids(registry, "Old Foo and University of Edinburgh") == ["ror:0a3333333", "ror:0a1111111"]
    assert ids(registry, "Lost Foo") == ["lost-foo"]
    assert (home / ror.FILE).stat().st_mode & 0o777 == 0o600


def test_the_zip_that_ror_publishes_is_read_and_pieces_do_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ror, "_CHUNK", 7)
    with zipfile.ZipFile(tmp_path / "v1.9-ror-data.zip", "w") as archive:
        archive.writestr("v1.9-ror-data.json", "[]")
        archive.writestr("v1.9-ror-data_schema_v2.json", json.dumps(DUMP))
    assert load(tmp_path / "v1.9-ror-data.zip", tmp_path) == 4


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "it is not a list"),
        ("[]", "names no active organization"),
        (json.dumps(DUMP)[:300], "it ends in the middle"),
        ('[{"id": "https://ror.org/1", "name": "University"}]', "schema version 1"),
        ('[{"names": []}]', "is not a dump of ROR"),
        ("\x00\x01", "it is not a list"),
    ],
)
def test_another_file_is_refused_and_the_former_names_are_kept(home: Path, text: str, reason: str) -> None:
    (home / "bad.json").write_text(text, encoding="utf-8")
    with pytest.raises(RorError, match=reason):
        load(home / "bad.json", home)
    assert ids(Registry(None, names_of(home)), "UCLA") == ["ror:0a2222222"]
    assert not list(home.glob("*.new"))


def work(*authors: Author) -> Work:
    return Work("local:1", "Title", authors)


def collected(*works: Work) -> Registry:
    collector = NameCollector()
    for item in works:
        collector.add(item)
    return Registry(None, None, collector.names())


def test_raw_text_beside_resolved_institutions_is_resolved_by_their_names() -> None:
    duke = Institution("Duke University", "openalex:I1", "https://ror.org/00py81415")
    raw = Author("B", institutions=(Institution("Dept. of Medicine, Duke University , Durham, USA"),))
    department = Author("C", institutions=(Institution("Department of Medicine"),))
    text = Author("D", affiliation="Pharmacy Practice")
    registry = collected(work(Author("A", institutions=(duke,))), work(Author("A", institutions=(duke, duke))))
    assert registry.of_author(raw) == [{"id": "ror:00py81415", "name": "Duke University"}]
    assert registry.of_author(department) == []
    assert registry.of_author(text) == []


def test_a_name_with_two_ids_is_no_evidence() -> None:
    works = [work(Author("A", institutions=(Institution("Northeastern University", f"x:{n}"),))) for n in (1, 2)]
    assert ids(collected(*works), "Northeastern University") == ["northeastern-university"]


def test_acronyms_and_names_that_stand_alone_are_learned() -> None:
    full = "Quux University of Technology (QUT)"
    works = [work(Author("A", affiliation=full)), work(Author("B", affiliation=full))]
    works += [work(Author("C", affiliation="Zyxcorp")) for _ in range(2)]
    registry = collected(*works)
    assert ids(registry, "QUT") == ids(registry, "Quux University of Technology") == ["quux-university-of-technology"]
    assert ids(registry, "Aalto University and Zyxcorp") == ["aalto-university", "zyxcorp"]
    assert ids(collected(), "Aalto University and Zyxcorp") == ["aalto-university-and-zyxcorp"]


DECISIONS = """
[[institution]]
id = "ror:0a1111111"
name = "University of Edinburgh"
names = ["ILCC", "Edinburgh NLP"]

[[institution]]
name = "Our Lab"
names = ["The Lab Ltd."]

[[none]]
names = ["Remote"]
"""


def test_decisions_win_over_everything(home: Path) -> None:
    (home / "institutions.toml").write_text(DECISIONS, encoding="utf-8")
    registry = Registry(load_decisions(home), names_of(home))
    assert ids(registry, "edinburgh nlp; THE LAB") == ["ror:0a1111111", "our-lab"]
    assert ids(registry, "Remote") == []
    before = digest_of(home)
    (home / "institutions.toml").write_text(DECISIONS + "\n", encoding="utf-8")
    assert digest_of(home) != before


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[institution]", "is not valid TOML"),
        ("[[other]]", r"\[\[other\]\] is neither"),
        ('[[institution]]\nnames = ["A"]', "number 1 needs a `name`"),
        ('[[none]]\nname = "A"', "unknown key 'name'"),
        ("[[none]]\nnames = [1]", "needs `names`"),
        ('[[institution]]\nname = "A"\nid = 1', "`id` must be a text"),
    ],
)
def test_a_file_of_decisions_that_cannot_be_applied_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "institutions.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InstitutionsFileError, match=reason):
        load_decisions(tmp_path)


def test_the_command_loads_a_dump_and_shows_what_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path / "home"))
    (tmp_path / "ror.json").write_text(json.dumps(DUMP), encoding="utf-8")
    loaded = CliRunner().invoke(institutions, ["load", str(tmp_path / "ror.json")])
    assert loaded.output.startswith("4 institutions are loaded.")
    shown = CliRunner().invoke(institutions, ["resolve", "UCLA and Amazon", "n/a"])
    assert shown.output == ("ror:0a2222222\tUniversity of California, Los Angeles\namazon\tAmazon\nno institution\n")


def test_raw_text_beside_resolved_institutions_names_those_or_none() -> None:
    """OpenAlex leaves affiliations that it could not match as names of institutions, some without commas."""
    collector = NameCollector()
    known = [("Monash University", "02bfwt286"), ("Mayo Clinic", "02qp3tb03"), ("Harvard Medical School", "03vek6s52")]
    people = [Author(f"A {n}", institutions=(Institution(name, None, ror),)) for n, (name, ror) in enumerate(known)]
    collector.add(Work("a", "A title", tuple(people)))
    registry = Registry(collection=collector.names())

    def resolved(text: str) -> list[str]:
        return [item["id"] for item in registry.of_author(Author("B", institutions=(Institution(text),)))]

    assert resolved("Department of Neurology Mayo Clinic Rochester Minnesota U.S.A") == ["ror:02qp3tb03"]
    assert resolved("School of Nursing, and Health Sciences Monash University Frankston Vic. Australia") == [
        "ror:02bfwt286"
    ]
    assert resolved("2Harvard Medical School, Boston") == ["ror:03vek6s52"]
    # Another institution, whose name begins with a known one.
    assert resolved("Monash University Medical Center, Clayton") == ["monash-university-medical-center"]
    for generic in ("University Hospital", "Department of Surgery, General Hospital, Basel", "VA Medical Center"):
        assert resolved(generic) == []
