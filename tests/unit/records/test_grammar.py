"""What each departure from RFC 4180 gets."""

from __future__ import annotations

import pytest

from medallion.contracts.model import Dialect, Encoding
from medallion.errors import UnreadableObject
from medallion.records import Limits
from tests.unit.records.reading import read, reasons, values


@pytest.mark.parametrize("chunk_bytes", [4, 1000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_records_end_when_any_line_end_comes(end: bytes, chunk_bytes: int) -> None:
    data = end.join([b"a,b", b"1,2", b"3,4"])
    expected = [("1", "2"), ("3", "4")]
    assert values(read(data, chunk_bytes=chunk_bytes)) == expected
    assert values(read(data + end, chunk_bytes=chunk_bytes)) == expected


def test_each_record_counts_when_line_ends_are_mixed() -> None:
    assert values(read(b"a,b\r\n1,2\n3,4\r5,6\r\n7,8")) == [("1", "2"), ("3", "4"), ("5", "6"), ("7", "8")]


def test_nothing_is_read_when_there_is_only_a_header() -> None:
    assert read(b"a,b\n") == []
    assert read(b"a,b") == []


@pytest.mark.parametrize("chunk_bytes", [4, 1000])
def test_blank_lines_are_no_records_when_there_are_several_columns(chunk_bytes: int) -> None:
    records = read(b"\n\r\na,b\n\n1,2\n\r\n\n3,4\n\n", chunk_bytes=chunk_bytes)
    assert [(record.row, record.values) for record in records] == [(1, ("1", "2")), (2, ("3", "4"))]


@pytest.mark.parametrize("chunk_bytes", [4, 1000])
def test_blank_lines_are_nulls_when_there_is_one_column(chunk_bytes: int) -> None:
    assert values(read(b'a\n1\n\n""\n', chunk_bytes=chunk_bytes)) == [("1",), (None,), ("",)]


@pytest.mark.parametrize("chunk_bytes", [4, 1000])
def test_a_field_is_null_when_it_is_empty_without_quotes(chunk_bytes: int) -> None:
    assert values(read(b'a,b,c\n,"",NA\n,,\n', chunk_bytes=chunk_bytes)) == [(None, "", "NA"), (None, None, None)]


def test_line_ends_and_delimiters_are_text_when_quoted() -> None:
    assert values(read(b'a,b\n"1\r\n2,3","say ""hi"""\n')) == [("1\r\n2,3", 'say "hi"')]


def test_a_quote_is_text_when_it_does_not_begin_the_field() -> None:
    assert values(read(b'a,b\n5" pipe, "x"\n')) == [('5" pipe', ' "x"')]


def test_neighbours_stay_whole_when_text_follows_a_closing_quote() -> None:
    records = read(b'a,b\n1,2\n"x"y,"z"\n3,4\n')
    assert reasons(records) == [None, "text after a closing quote", None]
    assert records[1].raw == b'"x"y,"z"'
    assert records[1].values == (None, None)
    assert records[2].values == ("3", "4")


def test_the_rest_is_one_record_when_a_quote_does_not_close() -> None:
    records = read(b'a,b\n1,2\n3,"4\n5,6\n7,8\n')
    assert reasons(records) == [None, "a quoted field does not end"]
    assert records[1].raw == b'3,"4\n5,6\n7,8\n'


@pytest.mark.parametrize("chunk_bytes", [4, 1000])
def test_only_that_record_is_malformed_when_its_field_count_is_wrong(chunk_bytes: int) -> None:
    records = read(b"a,b\n1\n2,3\n4,5,6\n", chunk_bytes=chunk_bytes)
    assert reasons(records) == ["expected 2 fields, found 1", None, "expected 2 fields, found 3"]
    assert [record.raw for record in records] == [b"1", b"2,3", b"4,5,6"]


@pytest.mark.parametrize("chunk_bytes", [4, 1000])
@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"])
def test_raw_bytes_are_untouched_when_they_cannot_be_decoded(bad: bytes, chunk_bytes: int) -> None:
    records = read(b"a,b\n1,2\nx" + bad + b",y\n3,4\n", chunk_bytes=chunk_bytes)
    assert reasons(records) == [None, "bytes that are not utf-8", None]
    assert records[1].raw == b"x" + bad + b",y"


def test_only_the_last_record_is_malformed_when_the_object_ends_within_a_character() -> None:
    records = read(b"a,b\n" + b"1,2\n" * 20_000 + b"3,\xc3")
    assert reasons(records) == [None] * 20_000 + ["bytes that are not utf-8"]


def test_an_undefined_byte_is_malformed_when_the_encoding_is_windows_1252() -> None:
    records = read(b"a,b\n\x80,1\n\x81,2\n", Dialect(encoding=Encoding.WINDOWS_1252))
    assert reasons(records) == [None, "bytes that are not windows-1252"]
    assert records[0].values == ("€", "1")
    assert records[1].raw == b"\x81,2"


def test_nul_is_text_when_it_stands_in_a_field() -> None:
    assert values(read(b"a,b\nx\0y,\0\n")) == [("x\0y", "\0")]


def test_a_byte_order_mark_is_no_part_of_the_header_when_the_object_has_one() -> None:
    assert values(read(b"\xef\xbb\xbfa,b\n1,\xef\xbb\xbf2\n")) == [("1", "\ufeff2")]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_read_when_its_mark_names_the_byte_order(codec: str) -> None:
    row = "ä€𝄞,2"
    data = f"\ufeffa,b\n{row}\n".encode(codec)
    records = read(data, Dialect(encoding=Encoding.UTF_16), chunk_bytes=5)
    assert values(records) == [("ä€𝄞", "2")]
    assert records[0].raw == row.encode(codec)


def test_the_last_record_is_malformed_when_utf_16_has_an_odd_byte() -> None:
    data = "a,b\n1,2\n3,4".encode("utf-16-le") + b"\x31"
    records = read(data, Dialect(encoding=Encoding.UTF_16_LE))
    assert reasons(records) == [None, "bytes that are not utf-16-le"]
    assert records[1].raw == "3,4".encode("utf-16-le") + b"\x31"


def test_a_lone_surrogate_is_malformed_when_it_stands_in_utf_16() -> None:
    data = "a,b\n1,2\n".encode("utf-16-le") + b"\x00\xd8" + ",3\n4,5\n".encode("utf-16-le")
    records = read(data, Dialect(encoding=Encoding.UTF_16_LE), chunk_bytes=6)
    assert reasons(records) == [None, "bytes that are not utf-16-le", None]
    assert records[1].raw == b"\x00\xd8" + ",3".encode("utf-16-le")


@pytest.mark.parametrize(("delimiter", "quote"), [(";", "'"), ("\t", '"'), ("|", "^"), ("§", "«")])
def test_the_dialect_decides_when_it_names_other_marks(delimiter: str, quote: str) -> None:
    text = "a,b\n'x,y',z\n'it''s',\n".replace("'", quote).replace(",", delimiter)
    expected = [(f"x{delimiter}y", "z"), (f"it{quote}s", None)]
    dialect = Dialect(delimiter=delimiter, quote=quote)
    for chunk_bytes in (4, 1000):
        assert values(read(text.encode(), dialect, chunk_bytes=chunk_bytes)) == expected


def test_a_cell_is_a_value_when_it_has_ten_megabytes() -> None:
    cell = "x,\n" * 3_500_000
    records = read(f'a,b\n1,"{cell}"\n2,{"y" * 10_500_000}\n3,4\n'.encode())
    assert [record.malformed for record in records] == [None, None, None]
    assert records[0].values == ("1", cell)
    assert records[2].values == ("3", "4")


@pytest.mark.parametrize("chunk_bytes", [4, 1000])
def test_a_record_is_malformed_when_a_field_is_over_the_limit(chunk_bytes: int) -> None:
    records = read(b"a,b\n12345,12345\n123456,1\n1,2\n", limits=Limits(cell_bytes=5), chunk_bytes=chunk_bytes)
    assert reasons(records) == [None, "a field longer than 5 bytes", None]


@pytest.mark.parametrize("chunk_bytes", [4, 1000])
def test_the_object_is_refused_when_an_open_quote_takes_more_than_the_limit(chunk_bytes: int) -> None:
    data = b'a,b\n1,2\n3,"4\n' + b"5,6\n" * 100
    with pytest.raises(UnreadableObject, match=r"record 2 is longer than 50 bytes.*no closing quote"):
        read(data, limits=Limits(record_bytes=50), chunk_bytes=chunk_bytes)
