"""The condition keys of a request that writes an object."""

from __future__ import annotations

import pytest

from local.conditional_writes import write_conditions


@pytest.mark.parametrize(
    ("query", "headers", "expected"),
    [
        ({}, {"If-None-Match": "*"}, {"s3:ObjectCreationOperation": "true", "s3:if-none-match": "*"}),
        ({}, {"if-match": "etag"}, {"s3:ObjectCreationOperation": "true", "s3:if-match": "etag"}),
        ({}, {}, {"s3:ObjectCreationOperation": "true"}),
        ({"uploads": ""}, {}, {"s3:ObjectCreationOperation": "false"}),
        ({"partNumber": "1", "uploadId": "u"}, {}, {"s3:ObjectCreationOperation": "false"}),
        ({"uploadId": "u"}, {}, {"s3:ObjectCreationOperation": "true"}),
    ],
)
def test_keys_are_those_of_the_request_when_an_object_is_written(
    query: dict[str, str], headers: dict[str, str], expected: dict[str, str]
) -> None:
    assert write_conditions(query, headers) == expected
