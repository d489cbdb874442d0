"""Author fields of BibTeX and BibLaTeX."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING

from bibtexparser.middlewares.names import parse_single_name_into_parts

from indexer.records import RecordWarning
from indexer.records.names import in_own_order
from indexer.sources.author_lists import are_two_people, is_one_name, natural_list, read_names, split_list
from indexer.sources.author_names import (
    clean,
    from_inverted,
    full_name,
    in_reading_order,
    is_organisation,
    is_suffix,
    without_et_al,
)
from indexer.sources.latex import decode_latex, decode_tex_accents

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Macros of fonts around a part of a name, and of notes that do not belong to it.
_TEXT_MACRO = re.compile(r"\\(?:text(?:sc|sf|tt|bf|it|rm|up|md|sl|normal)?|mbox|emph|underline|uppercase|relax)\b\s*\{")
_NOTE_MACRO = re.compile(
    r"\\(?:thanks|footnote(?:mark)?|inst|fnref|corref|orcid(?:ID|link)?|email|affil)\s*(?:\[[^\]]*\])?\{[^{}]*\}"
    r"|\\footnotemark(?![a-zA-Z])\s*(?:\[[^\]]*\])?"
    # A letter follows in `M\textsuperscript{c}Donald`.
    r"|\\textsuperscript\s*\{(?:[^{}]|\{[^{}]*\})*\}(?!\w)"
)
#: A space is missing before `and`.
_TIGHT_AND = re.compile(r"(?<=\.)and\s")

#: A part of a name of BibLaTeX: `given=Hans`.
_KEY = re.compile(r"(?<![a-z])([a-z]++)\s*+=\s*+(\{[^{}]*+\}|[^,]*+)")


def names(text: str) -> tuple[list[str], list[RecordWarning]]:
    """Return the people of an author field as `First von Last Jr`, and warnings; a name in braces is kept as it is.

    Accents become letters before names are split, because a tilde or a backslash would separate words; all other LaTeX
    is decoded afterwards, because braces hold a name together.
    """
    text = decode_tex_accents(_NOTE_MACRO.sub("", _TEXT_MACRO.sub("{", text))) or ""
    result: list[str] = []
    warnings: list[RecordWarning] = []
    printed = split_names(_TIGHT_AND.sub(" and ", text))
    parts = _split_before_and(printed)
    if len(parts) > len(printed):
        warnings.append(RecordWarning("split authors", f"the author {printed[0]!r} was read as {len(parts) - 1} names"))
    for part in parts:
        people, problems = _read_braced(part) if _is_in_braces(part) else _read_part(part)
        result += people
        warnings += problems
    unclear = [part for part in parts if _is_unclear(part, parts)]
    warnings += [RecordWarning("unclear authors", f"the author {part!r} may be two people; read as one")
                 for part in unclear]  # fmt: skip
    return in_reading_order([name for name in result if name]), warnings


def _split_before_and(parts: list[str]) -> list[str]:
    """Return the parts of an author field, of which the first is several names in `Ann Ash, Bo Beech, and Cy Cedar`."""
    if len(parts) == 2 and parts[0].endswith(",") and "," not in parts[1] and "{" not in parts[0]:
        return [*(natural_list(parts[0]) or parts[:1]), parts[1]]
    return parts


def _read_braced(part: str) -> tuple[list[str], list[RecordWarning]]:
    """Return a name in braces as it is, unless it is certainly a list of people or an inverted name.

    Some programs put all names in braces.
    """
    inside, warnings = without_et_al(part[1:-1])
    people = split_names(inside)
    if len(people) > 1 and all(is_one_name(decode_latex(name) or "") for name in people):
        names = [name for item in people for name in _read_part(item)[0]]
        warnings.append(RecordWarning("split authors", f"the author {inside!r} was read as {len(names)} names"))
        return names, warnings
    plain = clean(decode_latex(inside) or "")
    is_inverted = plain.count(",") == 1 and " " not in plain.split(",")[0] and is_one_name(plain)
    return [from_inverted(plain) if is_inverted else plain], warnings


def _is_unclear(part: str, parts: Sequence[str]) -> bool:
    """Return whether a part like `Ann Ash, Bo Beech` before `and Cy Cedar` may be two people, but need not be."""
    if len(parts) != 2 or part is not parts[0] or "," in parts[1] or len(parts[1].split()) < 2 or are_two_people(part):
        return False
    sides = [side.split() for side in part.split(",")]
    return len(sides) == 2 and all(len(side) == 2 and all(map(_is_word, side)) for side in sides)


def _is_word(text: str) -> bool:
    return len(text) > 1 and text[0].isupper() and text[1:].replace("-", "").isalpha()


def _read_part(part: str) -> tuple[list[str], list[RecordWarning]]:
    """Return the people in one item of an author field: one, unless it is a list without `and`."""
    if keyed := dict(_KEY.findall(part)):
        values = {key: decode_latex(value) or "" for key, value in keyed.items()}
        family = " ".join(filter(None, [values.get("prefix"), values.get("family")]))
        # Other keys, such as `nosortothers=true`, are options of BibLaTeX.
        return [full_name(values.get("given", ""), family, values.get("suffix", ""))], []
    part, warnings = without_et_al(clean(part))
    plain = decode_latex(part) or ""
    if "{" not in part and (len(split_list(plain)) > 1 or is_organisation(plain)):
        names, problems = read_names([plain])
        return names, warnings + problems
    if not plain:
        return [], warnings
    if (asian := in_own_order(plain)) != plain:
        return [asian], warnings
    name = parse_single_name_into_parts(_suffix_second(part), strict=False)
    given, family = " ".join(name.first), " ".join([*name.von, *name.last])
    given, family, suffix = (decode_latex(words) or "" for words in (given, family, " ".join(name.jr)))
    return [full_name(given, family, suffix)], warnings


def _suffix_second(name: str) -> str:
    """Return `Last, First, Jr.` as BibTeX expects it, `Last, Jr., First`, and `First Last, Jr.` without the comma."""
    parts = name.split(",")
    if len(parts) == 3 and is_suffix(parts[2]):
        return ",".join([parts[0], parts[2], parts[1]])
    if len(parts) == 2 and is_suffix(parts[1]) and " " in parts[0].strip():
        return name.replace(",", " ")
    return name


def split_names(text: str) -> list[str]:
    """Split an author field at each `and` outside of braces."""
    parts, start = [], 0
    depth = 0
    for match in re.finditer(r"(?<!\\)[{}]|(?:^|(?<=\s))and(?=\s|$)", text, re.IGNORECASE):
        if match[0] in "{}":
            depth += 1 if match[0] == "{" else -1
        elif depth <= 0:
            parts.append(text[start : match.start()])
            start = match.end()
    parts.append(text[start:])
    return [stripped for part in parts if (stripped := " ".join(part.split()))]


def _is_in_braces(name: str) -> bool:
    """Return whether one pair of braces encloses a whole name."""
    if not (name.startswith("{") and name.endswith("}")):
        return False
    depths = list(accumulate((char == "{") - (char == "}") for char in name))
    return 0 not in depths[:-1]
