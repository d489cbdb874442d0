"""JSON as it goes to OpenSearch and comes back: most of it is vectors, which orjson writes ten times as fast."""

from __future__ import annotations

from typing import Any

import orjson
from opensearchpy import JSONSerializer


class FastJSON(JSONSerializer):
    """What opensearch-py does with JSON, by orjson where orjson can: it refuses what JSON can hold and UTF-8 cannot."""

    def dumps(self, data: Any) -> str:
        """Return JSON; a string is taken for JSON already. What is no number (NaN) becomes null."""
        if isinstance(data, str):
            return data
        try:
            return orjson.dumps(data, default=self.default).decode()
        except TypeError:  # half of a surrogate pair, a number of more than 64 bits, a key that is no string
            text: str = super().dumps(data)
            return text

    def loads(self, text: str) -> Any:
        """Return what JSON says. Raises opensearch-py's SerializationError when it is none."""
        try:
            return orjson.loads(text)
        except ValueError:
            return super().loads(text)
