"""Words of many languages, symbols and formulas: what a query finds, and what it does not, by keyword.

One index of its own holds all texts. A case names the works by the part of the id after `local:`.
"""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from indexer.run import run
from indexer.sources import open_sources
from mappings import IndexNames, drop
from peerscope import embedding
from peerscope.settings import Settings
from search_api.app import create_app
from search_api.http.services import Services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from opensearchpy import OpenSearch

    from indexer.run.progress import NoProgress

#: id: title, language, author.
WORKS: dict[str, tuple[str, str | None, str]] = {
    # French
    "fr-resume": ("Un résumé des méthodes d'électricité", None, "Ada Birch"),
    "fr-eleve": ("L’élève et l’école rurale", "fr", "Éloïse Çelik"),
    "fr-drought": (unicodedata.normalize("NFD", "Sécheresse à Évreux"), "fr", "Zoë Müñoz-Brontë"),
    "fr-horses": ("Les chevaux nationaux et leurs généraux", "fr", "Ada Birch"),
    "fr-tea": ("La culture du thé en Asie", None, "Ada Birch"),
    "en-elevation": ("The elevation of mountains", "en", "Ada Birch"),
    "en-cafe": ("Café culture and the crème of society", None, "Ada Birch"),
    # Spanish, Portuguese, Italian, Catalan
    "es-tea": ("La pérdida de carbono en la producción de té", "es", "Íñigo Peña"),
    "es-nets": ("Redes neuronales profundas para señales", "es", "Ada Birch"),
    "pt-news": ("Análise da educação e da informação", "pt", "João Conceição"),
    "it-water": ("La qualità dell'acqua nelle città", "it", "Ada Birch"),
    # German
    "de-eco": ("Über Qualität und Realität der Ökonomie", "de", "Jürgen Groß"),
    "de-water": ("Grundwasserverschmutzung durch Düngemittel", "de", "Ada Birch"),
    "de-house": ("Die Häuser der alten Straßen", "de-AT", "Ada Birch"),
    # Scandinavian, Polish, Turkish, Vietnamese
    "sv-sea": ("Miljön i Östersjön och fiskarnas vandringar", "sv", "Åsa Öberg"),
    "da-bread": ("Rugbrød og smørrebrød i København", "da", "Søren Ødegård"),
    "pl-lodz": ("Żółte łodzie na rzece w Łodzi", "pl", "Łukasz Żak"),
    "tr-light": ("Işık ve İstanbul'un ışıkları", "tr", "Ömer Şahin"),
    "vi-rail": (unicodedata.normalize("NFD", "Đường sắt Việt Nam"), "vi", "Phạm Thị Hằng"),
    # Greek, Russian, Ukrainian
    "el-light": ("Η ταχύτητα του φωτός και οι λόγος", "el", "Ελένη Παππά"),
    "ru-tree": ("Зелёные ёлки и учёные", "ru", "Пётр Семёнов"),
    "ru-speed": ("Скорости звука в жидкостях", "ru", "Ada Birch"),
    "uk-city": ("Їжа та місто Київ", "uk", "Ada Birch"),
    # Chinese, Japanese, Korean
    "zh-search": ("中文信息检索系统研究", "zh", "刘洋"),
    "zh-cat": ("关于猫的行为研究", "zh", "陈静"),
    "zh-breath": ("消息与气息的检测", "zh", "陈静"),
    "ja-learn": ("機械学習による画像認識", "ja", "山田太郎"),
    "ja-computer": ("コンピュータの歴史", "ja", "山田太郎"),
    "ja-half": ("ｶﾞﾗｽの性質", "ja", "山田太郎"),
    "ko-search": (unicodedata.normalize("NFD", "한국어 정보를 검색하는 방법"), "ko", "박지성"),
    "ko-school": ("학교에서의 교육은", "ko", "김민수"),
    # Arabic, Persian, Hindi, Hebrew
    "ar-school": ("المدرسة والتعليم في الإسلام", "ar", "أحمد علي"),
    "ar-vowels": ("كِتَابٌ عَنِ اللُّغَةِ", "ar", "أحمد علي"),
    "fa-books": ("بررسی می‌توانیم‌ و کتاب‌خانه‌ها", "fa", "علی‌رضا حسینی"),
    "hi-study": ("क्‍ष और श्री का अध्ययन", "hi", "क्‍षमा देवी"),
    "hi-digits": ("वर्ष २०२१ की रिपोर्ट", "hi", "Ada Birch"),
    "he-book": ("ספר על מדעי המחשב", "he", "Ada Birch"),
    # Formulas
    "air-plain": ("Methane CH4 and NO2 in the air", None, "Ada Birch"),
    "air-sub": ("Methane CH₄ and NO₂ in the air of towns", None, "Ada Birch"),
    "air-latex": ("Methane CH$_4$ and NO$_{2}$ in the air of cities", None, "Ada Birch"),
    "air-roman": (r"Methane $\mathrm{CH}_4$ over lakes", None, "Ada Birch"),
    "no-proof": ("There is no proof", None, "Ada Birch"),
    "iron": ("Fe³⁺ and Fe3+ in soil", None, "Ada Birch"),
    "iron-latex": ("Reduction of Fe$^{3+}$ in lakes", None, "Ada Birch"),
    "squared": ("Energy is mc² in physics", None, "Ada Birch"),
    # Symbols
    "cpp": ("Templates in C++ for numerics", None, "Ada Birch"),
    "csharp": ("Generics in C# for web services", None, "Ada Birch"),
    "c": ("Pointers in C for embedded devices", None, "Ada Birch"),
    "beta": ("β-amyloid in the brain", None, "Ada Birch"),
    "beta-latex": (r"A model of $\beta$-decay", None, "Ada Birch"),
    "tnf": ("TNFα and inflammation", None, "Ada Birch"),
    "micro": ("Particles of 5 µm and μm scales", None, "Ada Birch"),
    "ligature": ("Eﬃcient ﬂow of ﬁbres", None, "Ada Birch"),
    "wide": ("ＧＰＵ　ｃｏｍｐｕｔｉｎｇ", None, "Ada Birch"),
    "soft": ("Hyphen\u00adation of words", None, "Ada Birch"),
    "it": ("IT governance in Italy", None, "Ada Birch"),
    "stems": ("Neural networks decode the movements of mice", None, "Ada Birch"),
    "points": ("שָׁלוֹם בָּעוֹלָם", "he", "Ada Birch"),
    "catalan": ("La intel·ligència artificial", "ca", "Ada Birch"),
    "umlauts": ("Gödel und Schrödinger über Größe", None, "Ada Birch"),
    "nordic": ("Ångström og Sørensen", None, "Ada Birch"),
    "dust": ("PM$_{2.5}$ and PM<sub>10</sub> in cities", None, "Ada Birch"),
    "growth": ("TGFβ1 and Aβ42 in cells", None, "Ada Birch"),
    "factor": ("NF-κB pathways of Δ9-THC", None, "Ada Birch"),
    "variants": ("The angle ϕ and the error ϵ", None, "Ada Birch"),
    "roman": ("Type Ⅳ stars and ½ spin in sample ③", None, "Ada Birch"),
    "wide-c": ("Ｃ＋＋ for robots", None, "Ada Birch"),
    "apostrophe": ("O’Connor and rock'n'roll", None, "Ada Birch"),
    "norm": (r"Sparsity by the $\ell_1$ norm", None, "Ada Birch"),
    "emoji": ("Family emoji 👨‍👩‍👧 in chat", None, "Ada Birch"),
    "dont": ("Newton’s laws and children's books", None, "Ada Birch"),
}

#: Compatibility characters in a word, and the word in plain ones: each finds the other.
COMPATIBLE = [
    *(
        ("\u2113p", "lp"),
        ("\U0001d431i", "xi"),
        ("\U0001d53c", "E"),
        ("\U0001d4a9etwork", "Network"),
        ("\u211dn", "Rn"),
    ),
    *(("\uff27\uff30\uff35\uff13", "GPU3"), ("\ufb01bre", "fibre"), ("e\ufb03cient", "efficient"), ("5\u338f", "5kg")),
    *(
        ("H\u2082O", "H2O"),
        ("x\u00b2", "x2"),
        ("\u2163", "IV"),
        ("\u2460", "1"),
        ("A\u1d40", "AT"),
        ("\u03f5", "\u03b5"),
    ),
    *(("\ufefb", "\u0644\u0627"), ("\u2f00", "\u4e00"), ("25\u2103", "25\u00b0C"), ("\u2153", "1/3")),
]
for _number, _pair in enumerate(COMPATIBLE):
    for _side, _word in zip(("printed", "plain"), _pair, strict=True):
        WORKS[f"{_side}-{_number}"] = (f"{_word} z{_number}", None, "Ada Birch")
#: Names in which letters are spelt out in some texts, by the work they wrote.
WRITERS = {
    "gursoy": "Ay\u015fe G\u00fcrsoy",
    "mueller": "Hans Mueller",
    "x7": "Anna Loew",
    "weiss": "Karl Wei\u00df",
    "akerlund": "Nils \u00c5kerlund",
    "odegard": "Bj\u00f8rn \u00d8deg\u00e5rd",
    "kjaer": "Jens Kj\u00e6r",
    "xu": "Li Xu",
}
WORKS |= {f"by-{key}": (f"Writings of {key}", None, name) for key, name in WRITERS.items()}
#: Family name as it is typed, and the work that its bearer wrote.
TYPED = [
    *(("guersoy", "by-gursoy"), ("gursoy", "by-gursoy"), ("G\u00fcrsoy", "by-gursoy"), ("GUERSOY", "by-gursoy")),
    *(("mueller", "by-mueller"), ("M\u00fcller", "by-mueller"), ("M\u00dcLLER", "by-mueller")),
    *(("L\u00f6w", "by-x7"), ("loew", "by-x7")),
    *(("weiss", "by-weiss"), ("wei\u00df", "by-weiss"), ("kjaer", "by-kjaer"), ("Kj\u00e6r", "by-kjaer")),
    *(("aakerlund", "by-akerlund"), ("akerlund", "by-akerlund"), ("\u00c5kerlund", "by-akerlund")),
    *(("oedegaard", "by-odegard"), ("odegard", "by-odegard"), ("\u00d8deg\u00e5rd", "by-odegard")),
]

#: Query, works it must find, works it must not find.
CASES: list[tuple[str, str, str]] = [
    ("resume", "fr-resume", "stems"),
    ("résumé", "fr-resume", ""),
    ("RÉSUMÉ", "fr-resume", ""),
    (unicodedata.normalize("NFD", "résumé"), "fr-resume", ""),
    ("électricité", "fr-resume", ""),
    ("electricite", "fr-resume", ""),
    ("méthodes", "fr-resume", ""),
    ("eleve", "fr-eleve", "en-elevation"),
    ("élève", "fr-eleve", "en-elevation"),
    ("élèves", "fr-eleve", "en-elevation"),
    ("ecole", "fr-eleve", ""),
    ("elevations", "en-elevation", "fr-eleve"),
    ("secheresse", "fr-drought", ""),
    ("sécheresse", "fr-drought", ""),
    (unicodedata.normalize("NFD", "Évreux"), "fr-drought", ""),
    ("cheval national", "fr-horses", ""),
    ("thé", "fr-tea", ""),
    ("the", "", "fr-resume fr-eleve"),
    ("cafe creme", "en-cafe", ""),
    ("té", "es-tea", ""),
    ("produccion", "es-tea", ""),
    ("producciones", "es-tea", ""),
    ("red neuronal", "es-nets", "es-tea"),
    ("senal", "es-nets", ""),
    ("informacao", "pt-news", ""),
    ("educações", "pt-news", ""),
    ("acqua", "it-water", ""),
    ("qualita", "it-water", ""),
    ("dell’acqua", "it-water", ""),
    ("okonomie", "de-eco", ""),
    ("Ökonomien", "de-eco", ""),
    ("Realität", "de-eco", ""),
    ("Grundwasser", "de-water", "de-house"),
    ("Verschmutzung", "de-water", ""),
    ("haus", "de-house", "de-water"),
    ("Strasse", "de-house", ""),
    ("Haeuser", "de-house", ""),
    ("ostersjon", "sv-sea", ""),
    ("fiskar", "sv-sea", ""),
    ("smorrebrod", "da-bread", ""),
    ("kobenhavn", "da-bread", ""),
    ("zolte lodzie", "pl-lodz", ""),
    ("istanbul", "tr-light", ""),
    ("isik", "tr-light", ""),
    ("duong sat", "vi-rail", ""),
    ("đường sắt", "vi-rail", ""),
    ("viet nam", "vi-rail", ""),
    ("ταχυτητα", "el-light", ""),
    ("ΦΩΤΟΣ", "el-light", ""),
    ("λόγοσ", "el-light", ""),
    ("зеленые елки", "ru-tree", ""),
    ("ученый", "ru-tree", ""),
    ("скорость жидкости", "ru-speed", "ru-tree"),
    ("київ", "uk-city", ""),
    ("信息检索", "zh-search", ""),
    ("信息", "zh-search", "zh-breath"),
    ("猫", "zh-cat", "zh-search"),
    ("検索", "", "ja-learn"),
    ("画像", "ja-learn", "ja-computer"),
    ("機械学習", "ja-learn", "zh-search"),
    ("コンピュータ", "ja-computer", ""),
    ("ガラス", "ja-half", ""),
    ("정보", "ko-search", "ko-school"),
    ("정보는", "ko-search", "ko-school"),
    (unicodedata.normalize("NFD", "검색"), "ko-search", ""),
    ("교육", "ko-school", "ko-search"),
    ("الاسلام", "ar-school", ""),
    ("مدرسة", "ar-school", ""),
    ("كتاب", "ar-vowels", ""),
    ("می‌توانیم", "fa-books", ""),
    ("می توانیم", "fa-books", ""),
    ("كتاب خانه", "fa-books", ""),
    ("श्री", "hi-study", ""),
    ("क्ष", "hi-study", ""),
    ("2021", "hi-digits", ""),
    ("המחשב", "he-book", ""),
    ("CH4", "air-plain air-sub air-latex air-roman", "squared"),
    ("CH₄", "air-plain air-sub air-latex air-roman", ""),
    ("CH$_4$", "air-plain air-sub air-latex air-roman", ""),
    ("CH_{4}", "air-plain air-sub air-latex air-roman", ""),
    ("CH<sub>4</sub>", "air-plain air-sub air-latex air-roman", ""),
    ("NO₂", "air-plain air-sub air-latex", "no-proof"),
    ("NO2", "air-plain air-sub air-latex", "no-proof"),
    ("Fe3+", "iron iron-latex", ""),
    ("Fe³⁺", "iron iron-latex", ""),
    ("mc2", "squared", ""),
    ("C++", "cpp wide-c", "csharp c"),
    ("c++ templates", "cpp", "csharp c"),
    ("C#", "csharp", "cpp c"),
    ("C♯", "csharp", "cpp c"),
    ("C", "c", "cpp csharp"),
    ("beta", "beta beta-latex", ""),
    ("β", "beta beta-latex", ""),
    ("TNF-alpha", "tnf", ""),
    ("tnf-α", "tnf", ""),
    ("5 μm", "micro", ""),
    ("efficient flow", "ligature", ""),
    ("fibres", "ligature", ""),
    ("GPU computing", "wide", ""),
    ("ｇｐｕ", "wide", ""),
    ("hyphenation", "soft", ""),
    ("IT", "it", ""),
    ("network", "stems", ""),
    ("decoding movement", "stems", ""),
    ("decodes", "stems", ""),
    ("book", "dont", ""),
    ("newton's law", "dont", ""),
    ("newton", "dont", ""),
    ("children’s book", "dont", ""),
    ("👨‍👩‍👧", "emoji", ""),
    # Vowel points, the Catalan middle dot, apostrophes within words
    ("שלום", "points", ""),
    ("intelligencia artificial", "catalan", ""),
    ("oconnor", "apostrophe", ""),
    ("O'Connor", "apostrophe", ""),
    ("rocknroll", "apostrophe", ""),
    # Letters with an umlaut as they are spelt out
    ("Goedel", "umlauts", ""),
    ("godel", "umlauts", ""),
    ("Gödel", "umlauts", ""),
    ("Schroedinger ueber", "umlauts", ""),
    ("Groesse", "umlauts", ""),
    ("Aangstroem", "nordic", ""),
    ("soerensen", "nordic", ""),
    ("sorensen", "nordic", ""),
    # Decimals below the line, Greek letters within words, variants of letters and digits
    ("PM2.5", "dust", ""),
    ("PM₂.₅", "dust", ""),
    ("PM10", "dust", ""),
    ("TGF beta 1", "growth", ""),
    ("TGF-β1", "growth", ""),
    ("Aβ42", "growth", ""),
    ("NF-kappaB", "factor", ""),
    ("NF kappa B", "factor", ""),
    ("delta 9 THC", "factor", ""),
    ("phi", "variants", ""),
    ("epsilon", "variants", ""),
    ("type IV", "roman", ""),
    ("1/2 spin", "roman", ""),
    ("sample 3", "roman", ""),
    ("C++ robots", "wide-c cpp", "c csharp"),
    ("5 um", "micro", ""),
    ("L1 norm", "norm", ""),
]

#: Name typed, name stored.
NAMES = [
    ("munoz", "Zoë Müñoz-Brontë"),
    ("Zoë Müñoz", "Zoë Müñoz-Brontë"),
    (unicodedata.normalize("NFD", "Zoë Müñoz"), "Zoë Müñoz-Brontë"),
    ("박지성", "박지성"),
    (unicodedata.normalize("NFD", "박지성"), "박지성"),
    ("pham thi hang", "Phạm Thị Hằng"),
    ("Phạm Thị Hằng", "Phạm Thị Hằng"),
    ("lukasz zak", "Łukasz Żak"),
    ("soren odegard", "Søren Ødegård"),
    ("Петр Семенов", "Пётр Семёнов"),
    ("ΠΑΠΠΑ", "Ελένη Παππά"),
    ("علي رضا", "علی‌رضا حسینی"),
    ("omer sahin", "Ömer Şahin"),
    ("guersoy", "Ayşe Gürsoy"),
    ("ayse guers", "Ayşe Gürsoy"),
    ("Oedegaard", "Bjørn Ødegård"),
    ("Bjoern Oedegaard", "Bjørn Ødegård"),
    ("aakerlund", "Nils Åkerlund"),
    ("weiss", "Karl Weiß"),
    ("Müller", "Hans Mueller"),
    ("Löw", "Anna Loew"),
    ("A Löw", "Anna Loew"),
]

#: Distinct for each process of tests, since several share an OpenSearch.
NAMES_PREFIX = f"languages-{uuid4().hex[:8]}-"


@pytest.fixture(scope="module")
def languages(
    opensearch: OpenSearch, silent: NoProgress, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    """Return a client of the app over an index of `WORKS`."""
    names, home = IndexNames(NAMES_PREFIX), tmp_path_factory.mktemp("languages")
    drop(opensearch, names)
    file = home / "works.jsonl"
    with file.open("w", encoding="utf-8") as lines:
        for id_, (title, language, author) in WORKS.items():
            record = {"id": f"local:{id_}", "title": title, "language": language, "authors": [{"name": author}]}
            lines.write(json.dumps(record) + "\n")
    run.index(opensearch, names, embedding.load(Settings.load()), open_sources([str(file)]), home, silent)
    opensearch.indices.refresh(index=f"{names.prefix}*")
    yield create_app({"SECRET_KEY": "a key for tests"}, Services(opensearch, names), extensions=[]).test_client()
    drop(opensearch, names)


def found(client: FlaskClient, q: str, **params: Any) -> tuple[set[str], dict[str, Any]]:
    answer = client.get("/api/v1/works", query_string={"q": q, "mode": "keyword", "per_page": 100, **params}).json
    return {work["id"].removeprefix("local:") for work in answer["results"]}, answer["meta"]


def test_the_table_has_the_size_and_the_languages_that_it_should() -> None:
    assert len(CASES) >= 60
    known = {language for _, language, _ in WORKS.values() if language}
    assert len(known) >= 12
    assert {id_ for _, must, may_not in CASES for id_ in f"{must} {may_not}".split()} <= WORKS.keys()


@pytest.mark.parametrize(("query", "must", "may_not"), CASES)
def test_a_query_finds_what_it_should(languages: FlaskClient, query: str, must: str, may_not: str) -> None:
    ids, meta = found(languages, query)
    assert set(must.split()) <= ids
    assert ids.isdisjoint(may_not.split())
    if must:
        assert "did_you_mean" not in meta, "a word that was found needs no other spelling"


@pytest.mark.parametrize("number", range(len(COMPATIBLE)))
def test_compatibility_characters_and_plain_ones_find_each_other(languages: FlaskClient, number: int) -> None:
    both = {f"printed-{number}", f"plain-{number}"}
    for word in COMPATIBLE[number]:
        title = f"{word} z{number}"
        assert found(languages, f'title:"{title}"')[0] == both
        first = languages.get("/api/v1/works", query_string={"q": title}).json["results"][:2]
        assert {work["id"].removeprefix("local:") for work in first} == both
        suggested = languages.get("/api/v1/autocomplete", query_string={"q": title, "kind": "work"}).json["results"]
        assert {f"local:{id_}" for id_ in both} <= {work["id"] for work in suggested}
    assert languages.get(f"/api/v1/works/local:printed-{number}").json["title"] == WORKS[f"printed-{number}"][0]


@pytest.mark.parametrize(("name", "work"), TYPED)
def test_a_name_is_found_whether_its_letters_are_spelt_out(languages: FlaskClient, name: str, work: str) -> None:
    first = WRITERS[work.removeprefix("by-")].split()[0]
    for query in (
        f"author:{name}",
        f'author:"{first} {name}"',
        f'author:"{name} {first}"',
        f'"{name}"',
        f"writings {name}",
    ):
        assert work in found(languages, query)[0], query
    assert work not in found(languages, f"-author:{name}")[0]


def test_letters_that_were_not_spelt_out_are_told_apart(languages: FlaskClient) -> None:
    assert found(languages, "author:xu")[0] == {"by-xu"}
    assert found(languages, "author:xue")[0] == set()


@pytest.mark.parametrize(("typed", "stored"), NAMES)
def test_a_person_is_found_however_the_name_is_typed(languages: FlaskClient, typed: str, stored: str) -> None:
    people = languages.get("/api/v1/researchers", query_string={"q": typed}).json["results"]
    assert stored in [person["name"] for person in people]
    suggested = languages.get("/api/v1/autocomplete", query_string={"q": typed, "kind": "researcher"}).json["results"]
    assert stored in [person["label"] for person in suggested]


@pytest.mark.parametrize(("name", "work"), TYPED)
def test_a_name_is_understood_whether_its_letters_are_spelt_out(languages: FlaskClient, name: str, work: str) -> None:
    person = WRITERS[work.removeprefix("by-")]
    for query in (name, f"{person.split()[0]} {name}", f"{person[0]} {name}"):
        meta = languages.get("/api/v1/works", query_string={"q": query}).json["meta"]
        assert person in [entity["label"] for entity in meta["entities"]], query


def test_a_name_that_is_spelt_out_where_it_is_printed_limits_the_works(languages: FlaskClient) -> None:
    for name in ("Löw", "Loew"):
        answer = languages.get("/api/v1/works", query_string={"q": f"writings {name}"}).json
        assert answer["meta"]["author"] == name
        assert [work["id"] for work in answer["results"]] == ["local:by-x7"]


@pytest.mark.parametrize("id_", [id_ for id_, (title, _, _) in WORKS.items() if len(title) > 12])
def test_a_pasted_title_comes_first(languages: FlaskClient, id_: str) -> None:
    title = WORKS[id_][0]
    for typed in (title, f"  {title.upper()}. ", title.replace("-", " – ")):
        answer = languages.get("/api/v1/works", query_string={"q": typed}).json
        assert answer["results"][0]["id"] == f"local:{id_}", typed


def test_joiners_are_stored_and_exported_as_they_came(languages: FlaskClient) -> None:
    for id_ in ("fa-books", "hi-study", "emoji"):
        title = WORKS[id_][0]
        assert languages.get(f"/api/v1/works/local:{id_}").json["title"] == title
        for form in ("bibtex", "ris", "csl", "jsonl", "csv"):
            query = {"researcher": "", "q": f'"{title}"', "mode": "keyword", "format": form}
            exported = languages.get("/api/v1/works", query_string=query).text
            assert json.dumps(title)[1:-1] in exported or title in exported, form
