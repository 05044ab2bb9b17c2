"""Objects that cannot be read at all: each is refused with a sentence that says what to do."""

from __future__ import annotations

import gzip
import io
from hashlib import sha256

import pytest

from medallion.contracts.model import Dialect, Encoding
from medallion.errors import UnreadableObject
from medallion.records import Limits, open_records
from medallion.records.limits import KIB, MIB
from tests.unit.records.reading import read

GZIP = Dialect(compression="gzip")


def _some_rows(count: int) -> bytes:
    """Rows that gzip cannot shrink to nothing."""
    return b"a,b\n" + b"".join(b"%d,%s\n" % (row, sha256(b"%d" % row).hexdigest().encode()) for row in range(count))


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\r\n\r"])
def test_an_object_is_refused_when_it_is_empty(data: bytes) -> None:
    with pytest.raises(UnreadableObject, match="empty; it needs a header line"):
        read(data)


def test_an_object_is_refused_when_packed_emptiness_is_empty() -> None:
    for data in (b"", gzip.compress(b"")):
        with pytest.raises(UnreadableObject, match="empty"):
            read(data, GZIP)


def test_the_positions_are_named_when_header_names_are_missing_or_doubled() -> None:
    with pytest.raises(UnreadableObject) as raised:
        read(b'a,,b,a,""\n1,2,3,4,5\n')
    message = str(raised.value)
    assert "column 2 has no name" in message
    assert "column 5 has no name" in message
    assert "columns 1, 4 have one name" in message


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b'"a,b\n1,2\n', "a quoted field does not end"),
        (b'"a"x,b\n1,2\n', "text after a closing quote"),
        (b"a\xff,b\n1,2\n", "bytes that are not utf-8"),
    ],
)
def test_an_object_is_refused_when_its_header_is_malformed(header: bytes, reason: str) -> None:
    with pytest.raises(UnreadableObject, match=reason):
        read(header)


def test_an_object_is_refused_when_its_header_has_too_many_columns() -> None:
    with pytest.raises(UnreadableObject, match="has 3 columns, more than 2; is the delimiter"):
        read(b"a,b,c\n", limits=Limits(columns=2))


@pytest.mark.parametrize(
    ("data", "dialect", "advice"),
    [
        ("a,b\n".encode("utf-16"), Dialect(), "declare encoding utf-16"),
        ("a,b\n".encode("utf-16-le"), Dialect(encoding=Encoding.UTF_16), "declare encoding utf-16-le or utf-16-be"),
        (gzip.compress(b"a,b\n"), Dialect(), "declare compression gzip"),
        (b"a,b\n1,2\n", GZIP, "declare compression none"),
    ],
)
def test_the_remedy_is_named_when_the_contract_declares_another_form(
    data: bytes, dialect: Dialect, advice: str
) -> None:
    with pytest.raises(UnreadableObject, match=advice):
        read(data, dialect)


@pytest.mark.parametrize("kept", [0.2, 0.9, 0.9999])
def test_an_object_is_refused_when_its_gzip_is_truncated(kept: float) -> None:
    packed = gzip.compress(_some_rows(20_000))
    with pytest.raises(UnreadableObject, match="ends before its end; upload it again"):
        read(packed[: int(len(packed) * kept)], GZIP)


def test_an_object_is_refused_when_its_gzip_is_corrupt() -> None:
    packed = bytearray(gzip.compress(_some_rows(20_000)))
    packed[-6] ^= 1  # a bit of the check sum
    with pytest.raises(UnreadableObject, match="not valid gzip"):
        read(bytes(packed), GZIP)


def test_an_object_is_refused_when_it_is_a_decompression_bomb() -> None:
    bomb = gzip.compress(b"a,b\n" + b"1,2\n" * (10 * MIB))
    stream = io.BytesIO(bomb)
    with pytest.raises(UnreadableObject, match="decompression bomb"):
        list(open_records(stream, GZIP, Limits(ratio=100)))


class _Endless:
    """A stream whose only record never ends."""

    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int, /) -> bytes:
        self.given += size
        return b'a\n"'.ljust(size, b"x") if self.given == size else b"x" * size


def test_reading_stops_when_a_record_never_ends() -> None:
    stream = _Endless()
    with pytest.raises(UnreadableObject, match="record 1 is longer than"):
        list(open_records(stream, Dialect(), Limits(record_bytes=MIB), chunk_bytes=64 * KIB))
    assert stream.given <= 4 * MIB


def test_an_object_is_refused_when_it_is_over_the_size_limit() -> None:
    with pytest.raises(UnreadableObject, match="more than 1000 bytes of text; deliver it as several objects"):
        read(_some_rows(200), limits=Limits(object_bytes=1000))


def test_bytes_read_is_the_stored_size_when_the_object_is_packed() -> None:
    packed = gzip.compress(_some_rows(1000)) + b"\0" * 512  # tape padding, which gzip allows
    assert len(read(packed, GZIP)) == 1000
