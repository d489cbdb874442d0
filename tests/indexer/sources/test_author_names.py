"""Names of authors in all the forms in which libraries and catalogues write them."""

from __future__ import annotations

import pytest

from indexer.records import RecordWarning, parse_work
from indexer.records.names import is_placeholder
from indexer.sources.author_lists import read_names
from indexer.sources.author_names import full_name
from indexer.sources.bibtex_names import names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ash, Ada", ["Ada Ash"]),
        ("Ada Ash", ["Ada Ash"]),
        ("Ash Beech, Ada Maria", ["Ada Maria Ash Beech"]),
        ("Ash, Jr., P. T.", ["P. T. Ash Jr."]),
        ("Ash, Martin, III", ["Martin Ash III"]),
        ("Hall, Sr.", ["Hall Sr."]),
        ("Press, William H.", ["William H. Press"]),
        ("Ministry of Forests, Department of Seeds", ["Ministry of Forests, Department of Seeds"]),
        ("Larch & Sons", ["Larch & Sons"]),
        ("World Seed Organization,", ["World Seed Organization"]),
        ("\u6797, \u6a39\u6728", ["\u6797\u6a39\u6728"]),
        ("\uae40, \ub098\ubb34", ["\uae40\ub098\ubb34"]),
        ("Ada Ash1,2", ["Ada Ash"]),
        ("Ada Ash*\u2020", ["Ada Ash"]),
        ("Ada Ash$^{1}$", ["Ada Ash"]),
        ("Ada Ash <ada@ash.example>", ["Ada Ash"]),
        ("Ada Ash (ed.)", ["Ada Ash"]),
        ("Ada Ash, PhD", ["Ada Ash"]),
        ("Ada Ash, MD, PhD", ["Ada Ash"]),
        ("Ash, Abu Md", ["Abu Md Ash"]),
        ("Rowan, MD", ["MD Rowan"]),
        ("Ada Ash, MD", ["Ada Ash"]),
        ("Ash, Ada, M.D.", ["Ada Ash"]),
        ("Ash, Ada, MD, MPH", ["Ada Ash"]),
        ("Ash, Ada, Jr., MD", ["Ada Ash Jr."]),
        ("Ash, Ada, 2nd", ["Ada Ash 2nd"]),
        ("Ash, A. (2001)", ["A. Ash"]),
        ("12. Ash, Ada", ["Ada Ash"]),
        ("by Ada Ash", ["Ada Ash"]),
        ("Ash, A. (University of Seeds)", ["A. Ash"]),
        ("Seed Bank (Office of Roots)", ["Seed Bank (Office of Roots)"]),
        ("Ash, A. [0000-0002-1825-0097]", ["A. Ash"]),
        ("Ash, A.1,2", ["A. Ash"]),
        ("O&apos;Ash, C.", ["C. O'Ash"]),
        ("R&ouml;wan, K.", ["K. Röwan"]),
        ("<i>Ash</i>, A.", ["A. Ash"]),
        ("on behalf of the Seed Study Group", ["Seed Study Group"]),
        ("Ash A. B.", ["A. B. Ash"]),
        ("van der Ash B.-C.", ["B.-C. van der Ash"]),
        ("Ясенев И. И.", ["И. И. Ясенев"]),
        ("林 樹木", ["林樹木"]),
        ("樹木　林", ["林樹木"]),
        ("山田 花子", ["山田花子"]),
        ("나무 김", ["김나무"]),
        ("0000-0002-1825-0097", []),
    ],
)
def test_one_name(text: str, expected: list[str]) -> None:
    assert read_names([text]) == (expected, [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ash, A.; Beech, B.; Cherry, C.", ["A. Ash", "B. Beech", "C. Cherry"]),
        ("A. Ash, B. Beech", ["A. Ash", "B. Beech"]),
        ("Ada Ash, MD, PhD, Bo Beech, MSc, Cy Cedar", ["Ada Ash", "Bo Beech", "Cy Cedar"]),
        ("Ash, MA, Beech, BS", ["MA Ash", "BS Beech"]),
        ("Ada Ash1,2, Bo Beech2*, Cy Cedar3†", ["Ada Ash", "Bo Beech", "Cy Cedar"]),
        ("John Ash1, Mary Beech2,*", ["John Ash", "Mary Beech"]),
        ("Ada Ash, Bo Beech, Cy Cherry", ["Ada Ash", "Bo Beech", "Cy Cherry"]),
        ("Ash, A., Beech, B., and Cherry, C.", ["A. Ash", "B. Beech", "C. Cherry"]),
        ("Ash, Ada, Beech, Bo", ["Ada Ash", "Bo Beech"]),
        ("van Ash, A., de Beech, B.", ["A. van Ash", "B. de Beech"]),
        ("Ash E, Beech G, Cherry KA", ["E. Ash", "G. Beech", "K. A. Cherry"]),
        ("A. Ash & B. Beech", ["A. Ash", "B. Beech"]),
        ("Ash, Ada and Beech, Bo", ["Ada Ash", "Bo Beech"]),
        ("Ash, A. und Beech, B.", ["A. Ash", "B. Beech"]),
        ("Ash, Ada et Beech, Bo", ["Ada Ash", "Bo Beech"]),
        ("Ash, A., Beech, B. y Cherry, C.", ["A. Ash", "B. Beech", "C. Cherry"]),
        ("Ada Ash och Bo Beech", ["Ada Ash", "Bo Beech"]),
        ("Ada Ash, Bo Beech, and Cy Cherry", ["Ada Ash", "Bo Beech", "Cy Cherry"]),
        ("Ada Ash, Bo Beech, & Cy Cherry", ["Ada Ash", "Bo Beech", "Cy Cherry"]),
        ("Ada Ash / Bo Beech", ["Ada Ash", "Bo Beech"]),
        ("Robert Ash, Maria Beech", ["Robert Ash", "Maria Beech"]),
        ("Ada M. Ash, Bo Beech", ["Ada M. Ash", "Bo Beech"]),
        ("Ash A. B., Beech C. D.", ["A. B. Ash", "C. D. Beech"]),
        ("Ash A.B., Beech C., Cherry D.", ["A.B. Ash", "C. Beech", "D. Cherry"]),
        ("Ясенев И. И., Берёзов П. П.", ["И. И. Ясенев", "П. П. Берёзов"]),
        ("Ясенев, И.И. и Берёзов, П.П.", ["И.И. Ясенев", "П.П. Берёзов"]),
        ("林树\u3001李叶\u3001王果", ["林树", "李叶", "王果"]),
        ("林树\uff0c李叶\uff0c王果", ["林树", "李叶", "王果"]),
        ("林树\uff1b李叶", ["林树", "李叶"]),
        ("林树木,李叶子", ["林树木", "李叶子"]),
        ("김나무, 이소나무", ["김나무", "이소나무"]),
        ("Ada Ash for the Seed Study Group", ["Ada Ash", "Seed Study Group"]),
        ("Ash, Ada on behalf of the Seed Study Group", ["Ada Ash", "Seed Study Group"]),
    ],
)
def test_a_list_in_one_field_is_split_with_a_warning(text: str, expected: list[str]) -> None:
    found, (warning,) = read_names([text])
    assert found == expected
    assert (warning.kind, f"read as {len(expected)} names" in warning.message) == ("split authors", True)


@pytest.mark.parametrize(
    "name",
    [
        "Ash Beech, Gabriel Maria",
        "Gabriel Ash, Maria Ann",
        "歐陽, 樹木",
        "長谷川, 三千",
        "Santiago Ash y Beech",
        "Ash y Beech, Santiago",
        "Minist\u00e8re des Arbres et des Feuilles",
        "Ada Maria i Ash",
    ],
)
def test_a_name_with_a_word_for_and_is_one(name: str) -> None:
    assert len(read_names([name])[0]) == 1


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["Ash E", "Beech GA"], ["E. Ash", "G. A. Beech"]),
        (["Ash E", "Seed Research Group"], ["E. Ash", "Seed Research Group"]),
        (["Wei LI", "Jun MA"], ["Wei LI", "Jun MA"]),
        (["Ash E", "Ada Beech"], ["Ash E", "Ada Beech"]),
    ],
)
def test_initials_after_family_names(texts: list[str], expected: list[str]) -> None:
    assert read_names(texts) == (expected, [])
    assert names(" and ".join(texts)) == (expected, [])


@pytest.mark.parametrize(
    ("text", "expected", "kinds"),
    [
        (r"Ash, Ada{\textsuperscript{1,2}} and Beech, Bo$^{a,b}$", ["Ada Ash", "Bo Beech"], []),
        (r"Ash$^\dagger$, A. and B. Beech\footnotemark[1]", ["A. Ash", "B. Beech"], []),
        (r"Ada M\textsuperscript{c}Ash", ["Ada McAsh"], []),
        ("{Ash, A. and Beech, B.}", ["A. Ash", "B. Beech"], ["split authors"]),
        ("{Ash and Beech, Inc.}", ["Ash and Beech, Inc."], []),
        ("{the Ash Collaboration and the Beech Collaboration}",
         ["the Ash Collaboration and the Beech Collaboration"], []),
        (r"Ash, A. and \textit{et al.}", ["A. Ash"], ["incomplete authors"]),
        ("Ash,A.and Beech,B.", ["A. Ash", "B. Beech"], []),
        ("Zorla Ash, Guo Beech and Cy Cherry", ["Guo Beech Zorla Ash", "Cy Cherry"], ["unclear authors"]),
        ("Ada Ash, Bo Beech and Cy Cherry", ["Ada Ash", "Bo Beech", "Cy Cherry"], ["split authors"]),
        ("Ash Beech, Ada Maria and Cherry, Cy", ["Ada Maria Ash Beech", "Cy Cherry"], []),
        ("Ada Ash, Bo Beech, and Cy Cherry", ["Ada Ash", "Bo Beech", "Cy Cherry"], ["split authors"]),
        ("John Ash, Kim Beech", ["John Ash", "Kim Beech"], ["split authors"]),
        ("Ash Beech, Ada Maria, and Cherry Elm, Cy", ["Ada Maria Ash Beech", "Cy Cherry Elm"], []),
        (r"\textbf{Ash, Ada} and {Beech, Bo}", ["Ada Ash", "Bo Beech"], []),
        (r"Ada Ash \orcidlink{0000-0002-1825-0097} and Bo Beech", ["Ada Ash", "Bo Beech"], []),
        ("Ash, A. and Beech, B. [et al.]", ["A. Ash", "B. Beech"], ["incomplete authors"]),
        ("Ash, A. and ...", ["A. Ash"], ["incomplete authors"]),
        ("{林}, {樹木} and 山田 花子", ["林樹木", "山田花子"], []),
    ],
)  # fmt: skip
def test_what_stands_around_names_in_bibtex(text: str, expected: list[str], kinds: list[str]) -> None:
    found, warnings = names(text)
    assert (found, [warning.kind for warning in warnings]) == (expected, kinds)


@pytest.mark.parametrize("text", ["Ash, A. et al.", "Ash, A., et al", "A. Ash et\u00a0al.", "Ash, A. and others"])
def test_et_al_is_not_a_person(text: str) -> None:
    found, (warning,) = read_names([text.replace("\u00a0", " ")])
    assert found == ["A. Ash"]
    assert warning.kind == "incomplete authors"


@pytest.mark.parametrize(
    "name", ["Anonymous", "N.N.", "[s.n.]", "No author", "UNKNOWN", "n/a", "Anon.", "et al.", "TBA", "Nomen Nescio"]
)
def test_placeholders_are_not_people(name: str) -> None:
    assert is_placeholder(name)
    warnings: list[RecordWarning] = []
    record = {"id": "local:a", "title": "T", "authors": [{"name": name}, {"name": "Ada Ash"}]}
    assert [author.name for author in parse_work(record, warnings).authors] == ["Ada Ash"]
    assert [warning.kind for warning in warnings] == ["unnamed author"]
    assert parse_work({**record, "authors": [{"name": name}]}).authors == ()


@pytest.mark.parametrize("name", ["Na", "Anon Ash", "Ada Unknown", "N. Nowak", "Various Ash"])
def test_names_that_look_like_placeholders_are_people(name: str) -> None:
    assert not is_placeholder(name)


def test_names_of_east_asia_keep_their_order() -> None:
    assert full_name("\u6a39\u6728", "\u6797") == "\u6797\u6a39\u6728"
    assert full_name("Shumu", "\u6797") == "Shumu \u6797"


@pytest.mark.parametrize(
    ("printed", "name", "variants"),
    [
        ("Shumu Lin (林樹木)", "Shumu Lin", ("林樹木",)),
        ("林 樹木\uff08Shumu Lin\uff09", "林樹木", ("Shumu Lin",)),
        ("林 樹木", "林樹木", ()),
        ("Ada Ash (Elm)", "Ada Ash (Elm)", ()),
    ],
)
def test_a_name_in_two_scripts_has_a_variant(printed: str, name: str, variants: tuple[str, ...]) -> None:
    (author,) = parse_work({"id": "local:a", "title": "T", "authors": [{"name": printed}]}).authors
    assert (author.name, author.name_variants) == (name, variants)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (r"Pe\~na, Ana and Le\~ao, Jo", ["Ana Peña", "Jo Leão"]),
        (
            r"Ash, A and \L{}uk Za and \O rsted, S and \DJ{}o, C and \'{A}l, L",
            ["A Ash", "Łuk Za", "S Ørsted", "C Đo", "L Ál"],
        ),
        (
            r"{\c C}am, A and \c Cem, B and \v Sima, J and \AA s, H and \"Oz, G",
            ["A Çam", "B Çem", "J Šima", "H Ås", "G Öz"],
        ),
        (r"B\H ol\H o, A and Bod\'\i k, R and Ma\ss, S", ["A Bőlő", "R Bodík", "S Maß"]),
        (r"\textsc{Ash}, Ann and \mbox{van Elm}, Bo", ["Ann Ash", "Bo van Elm"]),
        (r"Ash, Ann\thanks{Funded} and Elm\inst{2}, Bo", ["Ann Ash", "Bo Elm"]),
        (
            "given=Hans, family=Ash and given=Simon, prefix=de, family=Elm and Oak, Ann",
            ["Hans Ash", "Simon de Elm", "Ann Oak"],
        ),
        ("nosortothers=true and Ash, Ann", ["Ann Ash"]),
        ("{Ash and Elm, Inc.} and The {OAK} Collaboration", ["Ash and Elm, Inc.", "The OAK Collaboration"]),
        ("Ash, Ann and and Elm, Bo", ["Ann Ash", "Bo Elm"]),
        ("ASH, ANN AND ELM, BO", ["ANN ASH", "BO ELM"]),
        ("Ash, John, Jr. and John Elm, III and {Oak III}, John", ["John Ash Jr.", "John Elm III", "John Oak III"]),
        ("\u6797, \u6a39\u6728 and Ash, Ann", ["\u6797\u6a39\u6728", "Ann Ash"]),
    ],
)
def test_author_fields_of_bibtex(field: str, expected: list[str]) -> None:
    assert names(field) == (expected, [])


@pytest.mark.parametrize(
    ("field", "expected", "kind"),
    [
        ("Ash, A.; Elm, B.", ["A. Ash", "B. Elm"], "split authors"),
        ("Ash, A., Elm, B., and Oak, C.", ["A. Ash", "B. Elm", "C. Oak"], "split authors"),
        ("Ash E, Elm G", ["E. Ash", "G. Elm"], "split authors"),
        ("A. Ash & B. Elm", ["A. Ash", "B. Elm"], "split authors"),
        ("Ash, A. et al.", ["A. Ash"], "incomplete authors"),
        ("Ash, A. and et al.", ["A. Ash"], "incomplete authors"),
        ("Ash, A. and others", ["A. Ash"], "incomplete authors"),
    ],
)
def test_lists_in_author_fields_of_bibtex(field: str, expected: list[str], kind: str) -> None:
    found, (warning,) = names(field)
    assert (found, warning.kind) == (expected, kind)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada Ash, Bo Beech", ["Ada Ash", "Bo Beech"]),
        ("Ada M. Ash, Bo van der Beech", ["Ada M. Ash", "Bo van der Beech"]),
        ("Zeynep Ash, Émilie Beech-Cedar", ["Zeynep Ash", "Émilie Beech-Cedar"]),
        ("Jean-Luc Ash, Anna-Lena Beech", ["Jean-Luc Ash", "Anna-Lena Beech"]),
        ("Garcia Lopez, Maria", ["Maria Garcia Lopez"]),
        ("García Márquez, Gabriel José", ["Gabriel José García Márquez"]),
        ("Smith, John", ["John Smith"]),
        ("Smith, John Paul", ["John Paul Smith"]),
        ("van der Berg, Jan Willem", ["Jan Willem van der Berg"]),
        ("Ash Beech, Ada Maria", ["Ada Maria Ash Beech"]),
        ("Castro Ferreira, Thiago Zorla", ["Thiago Zorla Castro Ferreira"]),
        ("Nguyen Thi, Minh Zorla", ["Minh Zorla Nguyen Thi"]),
        ("Institute of Ada Ash, Department of Beech", ["Institute of Ada Ash, Department of Beech"]),
    ],
)
def test_two_names_with_given_names_first_are_two_people(text: str, expected: list[str]) -> None:
    """Both must begin with a frequent given name, and end with a word that is none."""
    found, warnings = read_names([text])
    assert found == expected
    assert [warning.kind for warning in warnings] == ["split authors"] * (len(expected) - 1)


@pytest.mark.parametrize("text", ["Ada Ash, Zorla Beech", "Anna-Lena Ash, Zorla M. Beech", "Bo Ash, Guo Beech"])
def test_what_may_be_two_people_is_one_with_a_warning(text: str) -> None:
    found, (warning,) = read_names([text])
    family, given = text.split(", ")
    assert found == [f"{given} {family}"]
    assert (warning.kind, warning.message) == ("unclear authors", f"the author {text!r} may be two people; read as one")
