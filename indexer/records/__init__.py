"""The Work record that every source produces, how it is checked, and what follows from it alone."""

from indexer.records.parse import parse_work, unknown_keys, withdrawn_id
from indexer.records.topics import topic_name, topic_parent, topics_of
from indexer.records.work import KNOWN_KEYS, Author, Institution, RecordError, RecordWarning, Work

__all__ = [
    "KNOWN_KEYS",
    "Author",
    "Institution",
    "RecordError",
    "RecordWarning",
    "Work",
    "parse_work",
    "topic_name",
    "topic_parent",
    "topics_of",
    "unknown_keys",
    "withdrawn_id",
]
