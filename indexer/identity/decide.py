"""`peerscope merge | split`: decisions about identity and works, which are added to `overrides.toml`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from indexer.identity.overrides import OverridesError, parse_text
from mappings import IndexNames, work_id
from peerscope import engine
from peerscope.commands import pass_settings
from peerscope.private_files import make_home, open_private, write_private
from peerscope.terminal import echo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from opensearchpy import OpenSearch

    from peerscope.settings import Settings

FILE = "overrides.toml"
NEXT = "It takes effect at the next `peerscope index`. To undo it, remove its entry from {file}."
reason_option = click.option("--reason", default="", help="Why, for those who read the file later.")
undo_option = click.option("--undo", is_flag=True, help="Remove this decision instead.")


@click.command(short_help="Decide that researchers are one person, or works one work.")
@click.argument("ids", metavar="A B ...", nargs=-1, required=True)
@click.option("--works", "are_works", is_flag=True, help="A, B, ... are works.")
@reason_option
@undo_option
@pass_settings
def merge(settings: Settings, ids: tuple[str, ...], are_works: bool, reason: str, undo: bool) -> None:
    """Decide that the researchers A, B, ... are one person, or with --works that the works A, B, ... are one work."""
    client, names = engine.connect(settings), IndexNames(settings.index_prefix)
    if are_works:
        works = list(dict.fromkeys(_known_work(client, names, id_, undo=undo) for id_ in ids))
        if len(works) < 2:
            raise click.ClickException("Name at least two different works.")
        _change(settings, "merge", f"works = {_toml(works)}", reason, undo=undo)
        return
    known = list(dict.fromkeys(ids if undo else (_known_id(client, names, id_) for id_ in ids)))
    if len(known) < 2:
        raise click.ClickException("Name at least two different researchers.")
    _change(settings, "merge", f"ids = {_toml(known)}", reason, undo=undo)


@click.command(short_help="Decide that works of a researcher are someone else's.")
@click.argument("id_", metavar="A")
@click.option("--works", default="", help="Ids of the works of the second person, separated by commas or spaces.")
@click.option("--records", default="", help="A is a work: ids of its records that describe another work.")
@reason_option
@undo_option
@pass_settings
def split(settings: Settings, id_: str, works: str, records: str, reason: str, undo: bool) -> None:
    """Decide that the authorships of researcher A in these works are those of a second person.

    With --records, decide that records of work A describe another work.
    """
    client, names = engine.connect(settings), IndexNames(settings.index_prefix)
    if records:
        known = [_known_work(client, names, text, undo=undo) for text in (id_, *records.replace(",", " ").split())]
        if known[0] in known[1:]:
            raise click.ClickException("A work cannot be separated from itself.")
        _change(settings, "split", f"work = {_toml(known[0])}\nworks = {_toml(known[1:])}", reason, undo=undo)
        return
    id_ = _known_id(client, names, id_)
    mentions = [mention for work in works.replace(",", " ").split() for mention in _mentions(client, names, id_, work)]
    if not mentions:
        raise click.ClickException("Name at least one work with --works.")
    _change(settings, "split", f"id = {_toml(id_)}\nmentions = {_toml(mentions)}", reason, undo=undo)


def _known_id(client: OpenSearch, names: IndexNames, id_: str) -> str:
    """Return the canonical id of a researcher that any id names. Raises ClickException."""
    if client.exists(index=names.researchers, id=id_):
        return id_
    redirect = client.get(index=names.redirects, id=id_, ignore=[404])
    if redirect.get("found"):
        return str(redirect["_source"]["researcher_id"])
    body = {"size": 1, "query": {"term": {"ids": id_}}, "_source": False}
    hits = client.search(index=names.researchers, body=body)["hits"]["hits"]
    if not hits:
        raise click.ClickException(f"No researcher has the id {id_!r}.")
    return str(hits[0]["_id"])


def _known_work(client: OpenSearch, names: IndexNames, id_: str, *, undo: bool) -> str:
    """Return the normalized id of a work or of one of its records. Raises ClickException; not with `undo`."""
    id_ = work_id(id_)
    body = {"size": 1, "query": {"term": {"ids": id_}}, "_source": False}
    if not undo and not client.search(index=names.works, body=body)["hits"]["hits"]:
        raise click.ClickException(f"No work has the id {id_!r}.")
    return id_


def _mentions(client: OpenSearch, names: IndexNames, researcher_id: str, work_id: str) -> list[str]:
    """Return the authorships of a researcher in a work that any id names. Raises ClickException."""
    body: dict[str, Any] = {"size": 1, "query": {"term": {"ids": work_id}}, "_source": ["id", "researchers"]}
    hits = client.search(index=names.works, body=body)["hits"]["hits"]
    work = hits[0]["_source"] if hits else None
    authors = work["researchers"] if work else []
    found = [f"{work['id']}#{author['position']}" for author in authors if work and author["id"] == researcher_id]
    if not found:
        raise click.ClickException(f"{work_id!r} is not a work of {researcher_id}.")
    return found


def _change(settings: Settings, kind: str, fields: str, reason: str, *, undo: bool) -> None:
    """Add a decision to the file, or remove it. Raises ClickException or OSError; the file is replaced atomically."""
    path = make_home(settings.home) / FILE
    text = _read(path)
    head = f"[[{kind}]]\n{fields}\n"
    if undo:
        if head not in text:
            raise click.ClickException(f"{path} contains no such decision made by `peerscope {kind}`.")
        start = text.index(head)
        end = text.find("[[", start + len(head))
        new = text[:start].rstrip("\n") + "\n\n" + (text[end:] if end >= 0 else "")
        write_private(path, new.lstrip("\n"))
        echo("The decision is removed; the next `peerscope index` follows the evidence again.")
        return
    if head in text:
        echo(f"{path} already contains this decision.")
        return
    why = reason.strip() or f"decided at the command line on {datetime.now(UTC):%Y-%m-%d}"
    new = f"{text.rstrip()}\n\n{head}reason = {_toml(why)}\n".lstrip("\n")
    try:
        parse_text(new)
    except OverridesError as error:
        raise click.ClickException(f"{path} cannot hold this decision: {error}") from error
    write_private(path, new)
    echo(f"{head}reason = {_toml(why)}\n\n{NEXT.format(file=path)}")


def _read(path: Path) -> str:
    if not path.exists():
        return ""
    with open_private(path) as file:
        return str(file.read())


def _toml(value: str | Sequence[str]) -> str:
    """Return a text or a list of texts in TOML, whose basic strings have the escapes of JSON."""
    return json.dumps(value, ensure_ascii=False)
