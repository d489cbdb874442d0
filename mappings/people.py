"""The index of people's states: no part of any generation, so that it outlives them all.

Written from the accounts' database by the service, and read by the indexer when it builds researchers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opensearchpy.exceptions import RequestError

from mappings.store import load

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from mappings.names import IndexNames

#: What of a researcher's document comes from people's states.
STATE = ("verification_level", "claimed", "followers_count", "open_to_collaborate", "owner")


def begin_people(client: OpenSearch, names: IndexNames) -> None:
    """Have the index of people's states, with today's fields; and let the researchers that are searched take them."""
    body = {"settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1"}}, "mappings": load("people")}
    try:
        client.indices.create(index=names.people, body=body)
    except RequestError as error:
        if error.error != "resource_already_exists_exception":
            raise
        client.indices.put_mapping(index=names.people, body={"properties": body["mappings"]["properties"]})
    known = load("researchers")["properties"]
    client.indices.put_mapping(index=names.researchers, body={"properties": {name: known[name] for name in STATE}})
