"""Objects that cannot be read at all: each is refused with a sentence that says what to do."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from hashlib import sha256

import pytest
import zstandard

from medallion.contracts.model import Dialect, Encoding
from medallion.errors import UnreadableObject
from medallion.records import Limits, open_records
from medallion.records.limits import KIB, MIB
from tests.unit.records.reading import read

GZIP = Dialect(compression="gzip")
ZSTD = Dialect(compression="zstd")


def zstd(data: bytes) -> bytes:
    """The data as one zstd frame, with a check sum."""
    packed: bytes = zstandard.ZstdCompressor(write_checksum=True).compress(data)
    return packed


def _some_rows(count: int) -> bytes:
    """Rows that gzip cannot shrink to nothing."""
    return b"a,b\n" + b"".join(b"%d,%s\n" % (row, sha256(b"%d" % row).hexdigest().encode()) for row in range(count))


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\r\n\r"])
def test_an_object_is_refused_when_it_is_empty(data: bytes) -> None:
    with pytest.raises(UnreadableObject, match="empty; it needs a header line"):
        read(data)


def test_an_object_is_refused_when_packed_emptiness_is_empty() -> None:
    for data, dialect in ((b"", GZIP), (gzip.compress(b""), GZIP), (b"", ZSTD), (zstd(b""), ZSTD)):
        with pytest.raises(UnreadableObject, match="empty"):
            read(data, dialect)


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
        (gzip.compress(b"a,b\n", mtime=0), Dialect(), "declare compression gzip"),
        (b"a,b\n1,2\n", GZIP, "declare compression none"),
        (b"a,b\n1,2\n", ZSTD, "declare compression none"),
        (b"\x28\xb5\x2f\xfd....", Dialect(), "declare compression zstd"),
        (b"\x28\xb5\x2f\xfd....", GZIP, "declare compression zstd"),
        (gzip.compress(b"a,b\n", mtime=0), ZSTD, "declare compression gzip"),
        (b"PAR1\x15\x04", Dialect(), "declare format parquet"),
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


@pytest.mark.parametrize("kept", [0.2, 0.9, 0.9999])
def test_an_object_is_refused_when_its_zstd_is_truncated(kept: float) -> None:
    packed = zstd(_some_rows(20_000))
    with pytest.raises(UnreadableObject, match="zstd object ends before its end; upload it again"):
        read(packed[: int(len(packed) * kept)], ZSTD)


def test_an_object_is_refused_when_its_zstd_is_corrupt() -> None:
    packed = bytearray(zstd(_some_rows(20_000)))
    packed[-1] ^= 1  # a bit of the check sum
    with pytest.raises(UnreadableObject, match="not valid zstd; upload it again"):
        read(bytes(packed), ZSTD)


def test_an_object_is_refused_when_its_zstd_asks_for_too_much_memory() -> None:
    wide = zstandard.ZstdCompressionParameters.from_level(1, window_log=29, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    with pytest.raises(UnreadableObject, match="not valid zstd"):
        read(packer.compress(_some_rows(100)) + packer.flush(), ZSTD)


class _Breaking(io.BytesIO):
    """A stream whose connection is lost at its end."""

    def read(self, size: int | None = -1, /) -> bytes:
        if data := super().read(size):
            return data
        raise ConnectionResetError("the connection was lost")


@pytest.mark.parametrize(("dialect", "pack"), [(GZIP, gzip.compress), (ZSTD, zstd), (Dialect(), bytes)])
def test_the_object_is_not_blamed_when_its_stream_breaks(dialect: Dialect, pack: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ConnectionResetError):
        list(open_records(_Breaking(pack(_some_rows(20_000))[:-9]), dialect))


@pytest.mark.parametrize(("dialect", "pack"), [(GZIP, gzip.compress), (ZSTD, zstd)])
def test_an_object_is_refused_when_it_is_a_decompression_bomb(dialect: Dialect, pack: Callable[[bytes], bytes]) -> None:
    stream = io.BytesIO(pack(b"a,b\n" + b"1,2\n" * (10 * MIB)))
    with pytest.raises(UnreadableObject, match="decompression bomb"):
        list(open_records(stream, dialect, Limits(ratio=100)))


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
