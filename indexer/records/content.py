"""What the stored document of a work follows from: its topics, and the hash that shows whether it changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from indexer.records.topics import topic_name

if TYPE_CHECKING:
    from indexer.records.work import Work

#: Part of every content hash: raise it when the same record has to give another document, and all are written anew.
DOCUMENT_VERSION = 3


def content_hash(work: Work, model_fingerprint: str) -> str:
    """Return the SHA-256 of all that the document follows from: the record, the model, and how documents are made."""
    content = [DOCUMENT_VERSION, model_fingerprint, asdict(work)]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode("utf-8")).hexdigest()


def topics_of(work: Work) -> list[dict[str, Any]]:
    """Return the topics of a work as its source names them, with id, name, and the topics above."""
    above: tuple[tuple[str, ...], ...] = work.topic_parents or ((),) * len(work.topics)
    return [
        {"id": id_, "name": topic_name(id_, name), "parents": list(parents)}
        for (id_, name), parents in zip(work.topics, above, strict=True)
    ]
