from __future__ import annotations

import pytest

from indexer.identity.compatibility import Verdict, compare, compatible
from indexer.identity.names import block_keys, home_of, parse_name


@pytest.mark.parametrize(
    ("printed", "given", "surnames"),
    [
        ("David A. Smith", ("david", "a"), ("smith",)),
        ("Smith, David A.", ("david", "a"), ("smith",)),
        ("Smith, D.A.", ("d", "a"), ("smith",)),
        ("J.-P. Serre", ("j", "p"), ("serre",)),
        ("Jean-Pierre Serre", ("jean", "pierre"), ("serre",)),
        ("JT Wolohan", ("j", "t"), ("wolohan",)),
        ("Jan AJG van den Brand", ("jan", "a", "j", "g"), ("brand",)),
        ("WANG Wei", ("wei",), ("wang",)),
        ("LI Wei", ("wei",), ("li",)),
        ("Z. C. TU", ("z", "c"), ("tu",)),
        ("Ludwig van Beethoven", ("ludwig",), ("beethoven",)),
        ("Hal Daumé III", ("hal",), ("daume",)),
        ("Meira, Wagner, Jr.", ("wagner",), ("meira",)),
        ("Thiago Castro-Ferreira", ("thiago",), ("castro", "ferreira")),
        ("Mirnalinee T T", ("t", "t"), ("mirnalinee",)),
        ("Fuchiang (Rich) Tsui", ("fuchiang",), ("tsui",)),
        ("Mingliang Zhang1", ("mingliang",), ("zhang",)),
        ("山田 太郎", ("太郎",), ("山田",)),
        ("周嘉政", ("嘉政",), ("周",)),
        ("Mausam", (), ("mausam",)),
        ("???", (), ("???",)),
        ("", (), ("",)),
        ("-", (), ("-",)),
        (", ,", (), (", ,",)),
    ],
)
def test_names_are_parsed(printed: str, given: tuple[str, ...], surnames: tuple[str, ...]) -> None:
    name = parse_name(printed)
    assert (name.given, name.surnames) == (given, surnames)


def test_particles_and_suffix_are_kept_apart() -> None:
    name = parse_name("Wil M. P. van der Aalst Jr.")
    assert name.particles == ("van", "der")
    assert name.suffix == "jr"
    assert name.surname == "aalst"


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("John Smith", "JOHN SMITH", Verdict.IDENTICAL),
        ("John Smith", "Smith, John", Verdict.IDENTICAL),
        ("AiTi Aw", "Ai Ti Aw", Verdict.IDENTICAL),
        ("Minh-Quang Pham", "Minh Quang Pham", Verdict.IDENTICAL),
        ("Adrià de Gispert", "Adria Gispert", Verdict.IDENTICAL),
        ("T T Mirnalinee", "Mirnalinee T T", Verdict.IDENTICAL),
        ("Thiago Castro-Ferreira", "Thiago Castro Ferreira", Verdict.IDENTICAL),
        ("Hinrich Schütze", "Hinrich Schutze", Verdict.IDENTICAL),
        ("Hinrich Schütze", "Hinrich Schuetze", Verdict.TRANSLITERATED),
        ("Bernhard Scholkopf", "Bernhard Schoelkopf", Verdict.TRANSLITERATED),
        ("Jan Bor", "Jan Boer", Verdict.INCOMPATIBLE),
        ("Anders Søgaard", "Anders Soegaard", Verdict.TRANSLITERATED),
        ("Gözde Gül Şahin", "Goezde Guel Shahin", Verdict.TRANSLITERATED),
        ("David Smith", "David A. Smith", Verdict.MIDDLE),
        ("Jackie Chi Kit Cheung", "Jackie Cheung", Verdict.MIDDLE),
        ("Hal Daumé III", "Hal Daume", Verdict.MIDDLE),
        ("J. Smith", "John Smith", Verdict.INITIAL),
        ("J. R. Smith", "John Smith", Verdict.INITIAL),
        ("J. G. C. de Souza", "José G. Camargo de Souza", Verdict.INITIAL),
        ("Anand Kumar M.", "Anand Kumar Madasamy", Verdict.INITIAL),
        ("Bob Smith", "Robert Smith", Verdict.NICKNAME),
        ("Kate A. Jones", "Katherine Jones", Verdict.NICKNAME),
        ("W. Bruce Croft", "Bruce Croft", Verdict.PART),
        ("Thiago Castro-Ferreira", "Thiago Ferreira", Verdict.PART),
        ("Bhavana Dalvi", "Bhavana Dalvi Mishra", Verdict.PART),
        ("Wei Wang", "Wang Wei", Verdict.SWAPPED),
        ("Thi Hong Tran", "Hong Thi Tran", Verdict.SWAPPED),
        ("John Smith", "James Smith", Verdict.INCOMPATIBLE),
        ("John Smith", "John Miller", Verdict.INCOMPATIBLE),
        ("David A. Smith", "David B. Smith", Verdict.INCOMPATIBLE),
        ("R. Smith", "John Robert Smith", Verdict.INCOMPATIBLE),
        ("Wei Zhang", "Wei-Qiang Zhang", Verdict.INCOMPATIBLE),
        ("Jia Chen", "Jia-Chen Gu", Verdict.INCOMPATIBLE),
        ("Edward Roob II", "Edward Roob III", Verdict.INCOMPATIBLE),
        ("Xiao Wang", "Xiaolei Wang", Verdict.INCOMPATIBLE),
        ("Mausam", "Mausam Jain", Verdict.INCOMPATIBLE),
    ],
)
def test_names_compare(one: str, other: str, verdict: Verdict) -> None:
    a, b = parse_name(one), parse_name(other)
    assert compatible(a, b) is verdict
    assert compare(a, b) == compare(b, a)


def test_what_two_names_agree_in_is_told() -> None:
    found = compare(parse_name("Asad Mahmood"), parse_name("A. S. M. Ashique Mahmood"))
    assert (found.given, found.surname) == (("a",), "mahmood")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hinrich Schütze", "Hinrich Schuetze"),
        ("Gözde Şahin", "Goezde Shahin"),
        ("Bob Smith", "Robert Smith"),
        ("Wei Wang", "Wang Wei"),
        ("W. Bruce Croft", "Bruce Croft"),
        ("Thiago Castro-Ferreira", "Thiago Castro"),
        ("Bhavana Dalvi", "Bhavana Dalvi Mishra"),
        ("Anand Kumar M.", "Anand Kumar Madasamy"),
        ("Minh Le Nguyen", "Le-Minh Nguyen"),
    ],
)
def test_one_of_two_forms_is_a_guest_where_the_other_is_at_home(one: str, other: str) -> None:
    assert block_keys(one)[0] in block_keys(other) or block_keys(other)[0] in block_keys(one)


def test_initials_and_full_names_share_a_home() -> None:
    assert block_keys("J. Smith")[0] == block_keys("John A. Smith")[0] == home_of("john a smith") == "smith|j"
