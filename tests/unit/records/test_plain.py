"""A plain object's lines, read block by block as Hadoop reads them, are the parser's records, each under its number."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medallion.contracts.model import Dialect, Encoding, Format
from medallion.records import Limits
from medallion.records.plain import Plain, survey
from tests.unit.records.reading import read_whole
from tests.unit.records.test_properties import chunk_sizes

_PIECES = [b",", b"\n", b"\n", b"a", b"bc", b" ", b"\0", "é".encode(), b"\r\n", b"\r", b'"', b"\xc3"]
_cells = st.text(st.characters(codec="utf-8", exclude_characters='",\r\n'), max_size=6)


def _survey(data: bytes, block: int = 16, chunk: int = 1 << 20, dialect: Dialect | None = None) -> Plain | None:
    return survey(io.BytesIO(data), dialect or Dialect(), block, chunk=chunk)


def _block_by_block(data: bytes, block: int, found: Plain) -> list[tuple[int, bytes]]:
    """Each line with its number: a block's are those that begin after its first byte, up to the next block's."""
    begins = [0, *(at + 1 for at, byte in enumerate(data) if byte == ord("\n") and at + 1 < len(data))]
    numbered = []
    for number, before in enumerate(found.before):
        mine = [at for at in begins if number * block < at <= (number + 1) * block or at == number == 0]
        for position, at in enumerate(mine):
            line = data[at:].split(b"\n")[0]
            numbered.append((before + position, line.removesuffix(b"\r") if found.carriage else line))
    return sorted(numbered)[1:]


def _check(data: bytes, block: int, found: Plain) -> None:
    parsed = read_whole(data)
    assert found.header == parsed.header
    assert found.rows == len(parsed.records)
    assert found.size == len(data)
    assert _block_by_block(data, block, found) == [(one.row, one.raw) for one in parsed.records]
    for one in parsed.records:
        fields = one.raw.decode().split(",")
        assert (one.malformed is None) == (len(fields) == len(found.header))
        if one.malformed is None:
            assert one.values == tuple(field or None for field in fields)


@given(
    body=st.lists(st.sampled_from(_PIECES), max_size=60).map(b"".join),
    header=st.sampled_from([b"a,b\n", b"a,b\r\n", b"\xef\xbb\xbfa,b\n", b"a\n", b"a,b"]),
    block=st.integers(1, 40),
    chunk=chunk_sizes,
)
def test_what_is_taken_for_plain_reads_as_the_parser_reads_it(
    body: bytes, header: bytes, block: int, chunk: int
) -> None:
    if found := _survey(header + body, block, chunk):
        _check(header + body, block, found)


@given(
    rows=st.lists(st.lists(_cells, min_size=1, max_size=4).filter(lambda row: row != [""]), max_size=20),
    end=st.sampled_from(["\n", "\r\n"]),
    ended=st.booleans(),
    block=st.integers(1, 64),
)
def test_a_table_without_quotes_is_plain(*, rows: list[list[str]], end: str, ended: bool, block: int) -> None:
    text = end.join(["a,b", *(",".join(row) for row in rows)]) + (end if ended else "")
    found = _survey(text.encode(), block)
    if end == "\r\n" and end not in text:
        end = "\n"
    assert found is not None
    assert found.carriage == (end == "\r\n")
    _check(text.encode(), block, found)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a\n1\n",
        b'a,b\n1,"2"\n',
        b"a,b\n1,2\n\n3,4\n",
        b"\na,b\n1,2\n",
        b"\r\na,b\r\n1,2\r\n",
        b"a,b\r\n1,2\r\n\r\n",
        b"a,b\n1,2\r\n",
        b"a,b\r\n1,2\n",
        b"a,b\n1,2\r3,4\n",
        b"a,b\r\n1,2\r",
        b"a,b\n1,\xff\n",
        b"a,b\n1,\xc3",
        b"a,a\n1,2\n",
        b"a,\n1,2\n",
        b"\x1f\x8b,b\n1,2\n",
        "a,b\n1,2\n".encode("utf-16"),
    ],
)
@pytest.mark.parametrize("chunk", [4, 5, 1 << 20])
def test_the_parser_is_left_what_it_alone_decides(data: bytes, chunk: int) -> None:
    assert _survey(data, chunk=chunk) is None


def test_a_line_over_a_limit_is_the_parsers() -> None:
    data = b"a,b\n" + b"x" * 40 + b",2\n3,4\n"
    assert _survey(data) is not None
    assert survey(io.BytesIO(data), Dialect(), 16, Limits(cell_bytes=30)) is None
    assert survey(io.BytesIO(data), Dialect(), 16, Limits(object_bytes=20)) is None


@pytest.mark.parametrize(
    "dialect",
    [
        Dialect(format=Format.JSONL),
        Dialect(compression="gzip"),
        Dialect(encoding=Encoding.ISO_8859_1),
        Dialect(delimiter="§"),
    ],
)
def test_only_one_way_of_spelling_is_looked_at(dialect: Dialect) -> None:
    assert _survey(b"a,b\n1,2\n", dialect=dialect) is None


def test_another_delimiter_and_quote_have_their_meaning() -> None:
    found = _survey(b'a|b\n"1",x|2\n', dialect=Dialect(delimiter="|", quote="'"))
    assert found is not None
    assert found.header == ("a", "b")
    assert _survey(b"a|b\n'1'|2\n", dialect=Dialect(delimiter="|", quote="'")) is None
