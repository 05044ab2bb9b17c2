"""The verifier's own reader: it numbers and hashes records as the platform does, without sharing its code."""

from __future__ import annotations

import gzip
import hashlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medallion.contracts.model import Dialect
from medallion.errors import UnreadableObject
from medallion.records import open_records
from verifier.landing import CannotRead, Reading, records

PIECES = st.sampled_from(
    ["a", "é", "1", '"', '""', ",", "\n", "\r\n", "\r", '"x"', '"a,b"', '"l\n2"', ",,", " ", "\udcff"]
)
BODIES = st.lists(PIECES, max_size=25).map("".join)


def read(body: bytes, **dialect: str) -> list[tuple[int, str]]:
    said = Dialect.model_validate(dialect).model_dump(mode="json")
    return list(records(BytesIO(body).read, Reading.of(said)))


def hashed(**pairs: str) -> str:
    text = "".join(f"{len(name)}:{name}{len(value.encode())}:{value}" for name, value in sorted(pairs.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def test_records_are_numbered_and_hashed_when_they_are_quoted_empty_or_blank() -> None:
    body = b'b,a\r\n1,"x, ""y"""\r\n\r\n,\n"",2\r3,'
    assert read(body) == [
        (1, hashed(b="1", a='x, "y"')),
        (2, hashed()),
        (3, hashed(b="", a="2")),
        (4, hashed(b="3")),
    ]


def test_malformed_record_is_its_bytes_when_it_is_hashed() -> None:
    body = b'a,b\n1\n"x"y,2\n3,\xff\n"open,4\n5,6\n'
    raws = (b"1", b'"x"y,2', b"3,\xff", b'"open,4\n5,6\n')
    assert read(body) == [(row, hashlib.sha256(raw).hexdigest()) for row, raw in enumerate(raws, start=1)]


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        ({"compression": "gzip"}, gzip.compress(b"a,b\n1,\xc3\xa9\n", mtime=0)),
        ({"encoding": "iso-8859-1"}, b"a,b\n1,\xe9\n"),
        ({"encoding": "utf-16"}, "a,b\n1,é\n".encode("utf-16")),
        ({"encoding": "utf-16"}, b"\xfe\xff" + "a,b\n1,é\n".encode("utf-16-be")),
        ({"delimiter": ";", "quote": "'"}, "a;b\n1;'é'\n".encode()),
        ({}, b"\xef\xbb\xbfa,b\n1,\xc3\xa9\n"),
    ],
)
def test_record_is_the_same_when_it_is_spelt_otherwise(dialect: dict[str, str], body: bytes) -> None:
    assert read(body, **dialect) == [(1, hashed(a="1", b="é"))]


@settings(max_examples=300, deadline=None)
@given(body=BODIES)
def test_readers_agree_when_records_are_anything(body: str) -> None:
    data = b"a,b\n" + body.encode("utf-8", "surrogateescape")
    found: list[tuple[int, str]] = []
    try:
        with open_records(BytesIO(data), Dialect()) as stream:
            for batch in stream:
                for row in batch.to_pylist():
                    values = {name: row[f"value_{n}"] for n, name in enumerate(stream.header)}
                    pairs = {name: value for name, value in values.items() if value is not None}
                    whole = hashed(**pairs) if row["malformed"] is None else hashlib.sha256(row["raw"]).hexdigest()
                    found.append((row["source_row"], whole))
    except UnreadableObject:
        return
    assert read(data) == found


@pytest.mark.parametrize("dialect", [{"format": "jsonl"}, {"compression": "zstd"}])
def test_reader_says_so_when_it_cannot_read_a_format(dialect: dict[str, str]) -> None:
    with pytest.raises(CannotRead, match=r"not read by the verifier"):
        read(b"{}", **dialect)


def test_reader_says_so_when_a_setting_is_unknown_to_it() -> None:
    said = Dialect().model_dump(mode="json") | {"escape": "\\"}
    with pytest.raises(CannotRead, match="escape"):
        Reading.of(said)
