"""Which researcher stands behind each name, on the works of a generation and on those about to be written.

Everything is weighed against the whole collection (how rare a name or a co-author is), so it is resolved as a whole,
and the same works always give the same researchers, however many runs brought them in. Ids stay: a researcher keeps the
id that most of their mentions had, and an id that nobody has any more leads to the one that took its mentions over.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import chain
from sys import intern
from typing import TYPE_CHECKING, Any

from indexer.bulk import index_action, marks, pages, patiently, write
from indexer.identity.context import Context
from indexer.identity.corpus import blocks_of, resolve
from indexer.identity.explain import explain, explain_link
from indexer.identity.ids import assign_ids
from indexer.identity.keys import identity_key, researcher_id
from indexer.identity.mentions import MentionKey, mentions_of
from indexer.records import parse_work
from indexer.sources.stored import record_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from opensearchpy import OpenSearch

    from indexer.identity.clusters import Cluster
    from indexer.identity.mentions import Mention
    from indexer.identity.overrides import Overrides
    from indexer.identity.settings import Settings
    from indexer.pipeline import FormerAuthor
    from indexer.records import Work
    from indexer.staged import Staged
    from mappings import Generation

PAGE = 1_000


@dataclass
class Authors:
    """All authors: their mentions, the researcher each has now, and the counts to weigh them by."""

    mentions: list[Mention] = field(default_factory=list)
    stored: dict[MentionKey, str] = field(default_factory=dict)
    context: Context = field(default_factory=Context)


def identify(
    client: OpenSearch, generation: Generation, staged: Staged, overrides: Overrides, settings: Settings
) -> list[str]:
    """Resolve all authors; give the works of the generation whose researchers change, and all staged ones, their ids.

    Researchers that won or lost a work are marked as pending before the work is written. Gives sentences about probable
    duplicates, the likeliest first.
    """
    authors = read_authors(client, generation, staged)
    aliases = stored_aliases(client, generation)
    resolution = resolve(blocks_of(authors.mentions), settings, authors.context)
    clusters = overrides.apply(resolution.clusters, authors.stored, aliases)
    # An id that led to somebody else once is not given to anyone again.
    assignment = assign_ids(clusters, authors.stored, taken=aliases.keys())
    # Before any work: once the last mention of an id is written over, nothing tells any more where it went.
    write(client, _alias_actions(generation, aliases, assignment.aliases))
    changed = {
        key: id_ for key, id_ in assignment.ids.items() if authors.stored[key] != id_ and key.work_id not in staged
    }
    touched = set(changed.values()) | {authors.stored[key] for key in changed}
    write(client, marks(generation.pending, touched))
    works = sorted({key.work_id for key in changed})
    for start in range(0, len(works), PAGE):
        write(client, _updates(client, generation, works[start : start + PAGE], changed))
    staged.keep_researchers(assignment.ids, _because(clusters, assignment.ids))
    return [explain_link(link, "nearly joined") for link in resolution.probable_duplicates]


def read_authors(client: OpenSearch, generation: Generation, staged: Staged) -> Authors:
    """Read the authors of all works that are in a generation or about to be, in the order of the works' ids."""
    authors = Authors()
    for document in _works(client, generation):
        if document["id"] not in staged:
            ids = [intern(entry["id"]) for entry in document["researchers"]]
            _add(authors, parse_work(record_of(document)), ids)
    for one in chain.from_iterable(staged.to_write()):
        if one.work:
            _add(authors, one.work, provisional_ids(one.work, one.former))
    # However many runs brought them in, they are resolved in one order.
    authors.mentions.sort(key=lambda mention: mention.key)
    return authors


def _add(authors: Authors, work: Work, ids: Iterable[str]) -> None:
    mentions = mentions_of(work)
    authors.context.add(mentions)
    authors.mentions += mentions
    authors.stored.update(zip((mention.key for mention in mentions), ids, strict=True))


def provisional_ids(work: Work, former: Sequence[FormerAuthor]) -> list[str]:
    """Give the ids that a work's authors begin with: that of its stored version for the same name, else a new one.

    So a corrected title does not take anybody's id away. The id of a name that is merged at once becomes an alias as
    any other does: a smaller collection, indexed before, may have had it.
    """
    ids = {(author.position, author.name): author.researcher_id for author in former}
    return [
        ids.get((position, author.name)) or intern(researcher_id(identity_key(author)))
        for position, author in enumerate(work.authors, 1)
    ]


def _works(client: OpenSearch, generation: Generation) -> Iterator[dict[str, Any]]:
    body = {
        "size": PAGE,
        "sort": ["id"],
        "query": {"match_all": {}},
        "_source": {"excludes": ["embedding", "abstract"]},
    }
    patiently(client.indices.refresh, index=generation.works)
    for hits in pages(client, generation.works, body):
        yield from (hit["_source"] for hit in hits)


def _updates(
    client: OpenSearch, generation: Generation, ids: list[str], changed: Mapping[MentionKey, str]
) -> Iterator[list[dict[str, Any]]]:
    """Give the bulk actions that put new researcher ids on works, all else as it is."""
    answer = patiently(
        client.mget, index=generation.works, body={"ids": ids}, params={"_source_includes": "researchers"}
    )
    for found in answer["docs"]:
        entries = found["_source"]["researchers"]
        for entry in entries:
            entry["id"] = changed.get(MentionKey(found["_id"], entry["position"]), entry["id"])
        yield [{"update": {"_index": generation.works, "_id": found["_id"]}}, {"doc": {"researchers": entries}}]


def stored_aliases(client: OpenSearch, generation: Generation) -> dict[str, str]:
    """Give the ids that nobody has any more, with the researcher that each leads to."""
    found: dict[str, str] = {}
    body = {"size": PAGE, "sort": ["id"], "query": {"match_all": {}}}
    patiently(client.indices.refresh, index=generation.aliases)
    for hits in pages(client, generation.aliases, body):
        found |= {hit["_source"]["id"]: hit["_source"]["researcher_id"] for hit in hits}
    return found


def _alias_actions(
    generation: Generation, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[list[dict[str, Any]]]:
    """Write the new aliases, and lead old ones straight to where their target went."""
    moved = {id_: new[target] for id_, target in old.items() if target in new}
    for id_, target in sorted({**moved, **new}.items()):
        yield index_action(generation.aliases, id_, {"id": id_, "researcher_id": target})


def _because(clusters: Iterable[Cluster], ids: Mapping[MentionKey, str]) -> dict[str, list[str]]:
    return {ids[cluster.key]: explain(cluster) for cluster in clusters if cluster.links}


def save_duplicates(path: Path, sentences: Iterable[str]) -> None:
    """Write the probable duplicates of a run for a person to look at, one JSON string a line, the likeliest first."""
    path.write_text("".join(json.dumps(text, ensure_ascii=False) + "\n" for text in sentences), encoding="utf-8")
