from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from opensearchpy import JSONSerializer, OpenSearch
from opensearchpy.exceptions import ConnectionError as Unreachable
from opensearchpy.exceptions import SerializationError

from peerscope.engine.client import OrjsonSerializer


@pytest.mark.parametrize(
    "data",
    [
        {"title": "Schütze", "year": 2019, "abstract": None, "vector": [0.12345, -1e-05, 1.0], "nested": [{"a": True}]},
        {"half": "\ud800", "huge": 2**70, 7: "seven"},
        {"date": date(2020, 1, 2), "decimal": Decimal("1.5"), "array": np.array([0.5, 2]), "scalar": np.int64(3)},
        '{"index":{}}',
    ],
)
def test_it_says_what_the_client_itself_would_say(data: Any) -> None:
    text = OrjsonSerializer().dumps(data)
    plain = JSONSerializer()
    assert plain.loads(text) == plain.loads(plain.dumps(data)) == OrjsonSerializer().loads(text)


def test_half_of_a_surrogate_pair_comes_back() -> None:
    assert OrjsonSerializer().loads('{"a": "\\ud800"}') == {"a": "\ud800"}


def test_what_is_no_json_is_said_to_be_none() -> None:
    with pytest.raises(SerializationError):
        OrjsonSerializer().loads("<html>")
    with pytest.raises(SerializationError):
        OrjsonSerializer().dumps(object())


def test_a_failed_request_is_logged_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    client = OpenSearch(hosts=["http://127.0.0.1:1"], max_retries=0)
    with pytest.raises(Unreachable):
        client.info()
    (record,) = [record for record in caplog.records if record.name == "opensearch"]
    assert record.exc_info is None
    assert re.fullmatch(
        r"GET http://127.0.0.1:1/ \[status:N/A .*\]: NewConnectionError: .*refused.*", record.getMessage()
    )
