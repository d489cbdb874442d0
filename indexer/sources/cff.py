"""Citation File Format (`CITATION.cff`): software, its preferred citation and its references, in the import format."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import yaml

from indexer.sources.base import EXCERPT, FileFormat, FileSource, Item, SourceError, convert_record
from indexer.sources.bibliography import catalogue_record
from indexer.sources.xml_text import date_of, person

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TYPES = {
    "article": "article",
    "conference-paper": "article",
    "proceedings": "book",
    "book": "book",
    "thesis": "dissertation",
    "report": "report",
    "data": "dataset",
    "dataset": "dataset",
    "database": "dataset",
    "software": "software",
    "software-code": "software",
    "unpublished": "preprint",
}
#: Nested collections of an alias would multiply a small file; a citation file has none.
_MAX_LINES = 20_000


class CffFile(FileSource):
    """One citation file."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Yield an Item for the software, its preferred citation and each reference."""
        text = self.whole_text(file)
        if text.count("\n") > _MAX_LINES:
            raise SourceError(f"{self.name}: longer than {_MAX_LINES:,} lines")
        try:
            document = yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader without aliases and dates)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise SourceError(f"{self.name}: not YAML: {' '.join(str(error).split())}") from error
        if not isinstance(document, dict) or "cff-version" not in document:
            raise SourceError(f"{self.name}: no citation file: the key cff-version is missing")
        references = document.get("references")
        listed = references if isinstance(references, list) else []
        entries = [document, *filter(None, [document.get("preferred-citation")]), *listed]
        for number, entry in enumerate(entries, 1):
            yield convert_record(self.name, number, citation_record, entry, str(entry)[:EXCERPT])


class _Loader(yaml.SafeLoader):
    """Reads dates as text, and refuses aliases."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not supported")
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    key: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for key, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def citation_record(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a citation in the import format."""
    identifiers = entry.get("identifiers") or []
    doi = entry.get("doi") or next((item.get("value") for item in identifiers if item.get("type") == "doi"), None)
    date = date_of(*(str(entry[key]) if entry.get(key) else None for key in ("year", "month")))
    return catalogue_record(
        None,
        source="citation file",
        doi=str(doi) if doi else None,
        dates=[str(entry.get("date-published") or entry.get("date-released") or "") or None, date],
        title=str(entry["title"]) if entry.get("title") else None,
        abstract=entry.get("abstract"),
        type=_TYPES.get(entry.get("type") or ("software" if "cff-version" in entry else "")),
        venue=entry.get("journal") or entry.get("collection-title") or (entry.get("conference") or {}).get("name"),
        url=entry.get("url") or entry.get("repository-code"),
        license=entry["license"] if isinstance(entry.get("license"), str) else None,
        authors=[_author(author) for author in entry.get("authors") or []],
    )


def _author(author: Mapping[str, Any]) -> dict[str, Any]:
    family = " ".join(filter(None, [author.get("name-particle"), author.get("family-names")]))
    return person(
        author.get("given-names"),
        family,
        suffix=author.get("name-suffix"),
        name=author.get("name") or author.get("alias"),
        orcid=author.get("orcid"),
        affiliation=author.get("affiliation"),
    )


FORMAT = FileFormat("Citation File Format", CffFile, suffixes=(".cff",), starts=("cff-version:",))
