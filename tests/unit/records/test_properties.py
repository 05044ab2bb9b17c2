"""What holds for any object, however hostile."""

from __future__ import annotations

import csv
import gzip
import io
from contextlib import suppress

import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from medallion.contracts.model import Dialect, Encoding
from medallion.errors import UnreadableObject
from medallion.records import Limits
from medallion.records.encoding import transcoder
from medallion.records.limits import MIB
from tests.unit.records.reading import Read, read

_PIECES = [
    b'"',
    b'""',
    b",",
    b"\n",
    b"\r\n",
    b"\r",
    b"a",
    b"bc",
    b" ",
    b"\0",
    "é".encode(),
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
]
hostile_bytes = st.lists(st.sampled_from(_PIECES), max_size=60).map(b"".join)
tame_bytes = st.lists(st.sampled_from([b",", b"\n", b"\n", b"a", b"bc", b"\r\n"]), max_size=80).map(b"".join)
chunk_sizes = st.sampled_from([4, 5, 8, 13, 32, 64, 1000])
headers = st.sampled_from([b"a\n", b"a,b\n", b"a,b,c\r\n"])
cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(['"', '""', "\r\n", ",", "\0"])


def _csv_rows(body: bytes) -> list[list[str]]:
    """The rows that Python's csv module sees, blank lines as empty lists."""
    return list(csv.reader(io.StringIO(body.decode("latin-1"), newline="")))


@given(
    table=st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1)
    ),
    every_cell_quoted=st.booleans(),
    chunk_bytes=chunk_sizes,
)
def test_any_table_comes_back_when_csv_wrote_it(
    *, table: list[list[str]], every_cell_quoted: bool, chunk_bytes: int
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL if every_cell_quoted else csv.QUOTE_MINIMAL)
    writer.writerow([f"column {position}" for position in range(len(table[0]))])
    writer.writerows(table)
    records = read(out.getvalue().encode(), chunk_bytes=chunk_bytes)
    assert [record.malformed for record in records] == [None] * len(table)
    assert [[value or "" for value in record.values] for record in records] == table


@given(headers, hostile_bytes)
def test_rows_are_those_of_csv_when_bytes_are_arbitrary(header: bytes, body: bytes) -> None:
    one_column = b"," not in header
    expected = [row or [""] for row in _csv_rows(body) if row or one_column]
    records = read(header + body, Dialect(encoding=Encoding.ISO_8859_1))
    assert len(records) == len(expected)
    for record, row in zip(records, expected, strict=True):
        if record.malformed is None:
            assert [value or "" for value in record.values] == row
        else:
            assert record.values == (None,) * (header.count(b",") + 1)


@given(headers, hostile_bytes, chunk_sizes)
def test_no_byte_is_lost_when_bytes_are_arbitrary(header: bytes, body: bytes, chunk_bytes: int) -> None:
    at = 0
    for record in read(header + body, chunk_bytes=chunk_bytes):
        if record.raw:
            while body[at : at + 1] in (b"\r", b"\n"):
                at += 1
        assert body.startswith(record.raw, at)
        at += len(record.raw)
    assert not body[at:].strip(b"\r\n")


@given(headers, hostile_bytes | tame_bytes, chunk_sizes, st.integers(1, 9))
@example(b"a,b\n", b'1,"2\r', 5, 1)
@example(b"a,b\n", b"x,y\nx,\xc3", 8, 1)
def test_records_are_the_same_when_read_in_any_chunks(header: bytes, body: bytes, chunk_bytes: int, rows: int) -> None:
    """A large chunk leaves so small an object to the scanner, a small chunk sends plain lines down the fast path."""
    limits = Limits(cell_bytes=6, record_bytes=40)

    def outcome(chunk_bytes: int, batch_rows: int) -> list[Read] | str:
        try:
            return read(header + body, limits=limits, chunk_bytes=chunk_bytes, batch_rows=batch_rows)
        except UnreadableObject as error:
            return str(error)

    assert outcome(chunk_bytes, rows) == outcome(MIB, 1000)


@given(st.sampled_from(Encoding), st.binary(max_size=40) | hostile_bytes, st.integers(4, 40))
def test_raw_bytes_come_back_when_the_encoding_is_any(encoding: Encoding, data: bytes, cut: int) -> None:
    coder = transcoder(encoding)
    with suppress(UnreadableObject):
        text = coder.feed(data[:cut]) + coder.feed(data[cut:]) + coder.finish()
        assert data.endswith(coder.restore(text))
        assert len(data) - len(coder.restore(text)) in (0, 2, 3)  # a byte order mark is not part of the text


@given(st.sampled_from(Encoding), st.lists(cells, min_size=2, max_size=2), chunk_sizes)
def test_values_are_the_same_when_the_encoding_is_any(encoding: Encoding, row: list[str], chunk_bytes: int) -> None:
    codec = "cp1252" if encoding is Encoding.WINDOWS_1252 else encoding
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([["a", "b"], row, ["x", "y"]])
    data = out.getvalue().encode(codec, "replace")
    expected = data.decode(codec)
    records = read(data, Dialect(encoding=encoding), chunk_bytes=chunk_bytes)
    assert [list(record.values) for record in records] == list(csv.reader(io.StringIO(expected, newline="")))[1:]


@given(headers, hostile_bytes, st.integers(0, 60))
def test_records_are_the_same_when_packed_in_parts(header: bytes, body: bytes, cut: int) -> None:
    data = header + body
    plain = read(data)
    members = gzip.compress(data[:cut]) + gzip.compress(data[cut:])
    assert read(members, Dialect(compression="gzip")) == plain
    frames = zstandard.compress(data[:cut]) + zstandard.compress(data[cut:])
    assert read(frames, Dialect(compression="zstd")) == plain


@given(hostile_bytes, chunk_sizes)
def test_it_reads_or_refuses_when_the_header_is_arbitrary(data: bytes, chunk_bytes: int) -> None:
    with suppress(UnreadableObject):
        read(data, chunk_bytes=chunk_bytes)
