"""A file's dialect is found by reading it, and said with what was seen; what cannot be told is not guessed."""

from __future__ import annotations

import csv
import gzip
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medallion.contracts.model import Encoding, Format
from medallion.errors import UnreadableSample
from medallion.records.sniffing import Sniffed, sniff

PEOPLE = "id;name;amount\n1;Ada;1,5\n2;Zoë;2,5\n3;Jürg;3,75\n"


def sniffed(content: bytes | str, **asked: bool) -> Sniffed:
    data = content.encode() if isinstance(content, str) else content
    return sniff(lambda: io.BytesIO(data), **asked)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", "\x1f", "\x01"])
def test_delimiter_is_the_one_under_which_lines_are_as_wide_as_the_header(delimiter: str) -> None:
    content = "\n".join(delimiter.join(one) for one in [("id", "said", "at"), ("1", "a b", "10:30"), ("2", "", "")])
    found = sniffed(f"{content}\n")
    assert found.dialect.delimiter == delimiter
    assert any("3 of the first 3 lines have 3 fields" in one for one in found.seen)


def test_decimal_commas_do_not_delimit_when_the_header_has_none() -> None:
    found = sniffed(PEOPLE)
    assert found.dialect.delimiter == ";"
    assert "delimiter a semicolon: 4 of the first 4 lines have 3 fields" in found.seen


def test_a_file_has_one_column_when_nothing_delimits_it() -> None:
    found = sniffed("id\n1\n2\n")
    assert found.dialect.delimiter == ","
    assert any(one.startswith("delimiter: none is seen") for one in found.seen)


@pytest.mark.parametrize("quote", ['"', "'"])
def test_quote_is_the_one_that_fields_stand_in(quote: str) -> None:
    lines = ["id,note", *(f"{at},{quote}a, {at}{quote}" for at in range(5))]
    found = sniffed("\n".join(lines) + "\n")
    assert found.dialect.quote == quote
    assert f"quote {quote}: 5 fields stand in it" in found.seen


def test_an_apostrophe_is_no_quote_when_no_field_stands_in_it() -> None:
    assert sniffed("id,note\n1,'tis\n2,it's\n").dialect.quote == '"'


@pytest.mark.parametrize(
    ("codec", "encoding", "why"),
    [
        ("utf-8", Encoding.UTF_8, "every byte is UTF-8, with characters beyond ASCII"),
        ("utf-8-sig", Encoding.UTF_8, "after a byte order mark"),
        ("utf-16", Encoding.UTF_16, "byte order mark of UTF-16"),
        ("utf-16-le", Encoding.UTF_16_LE, "every other byte is 0"),
        ("utf-16-be", Encoding.UTF_16_BE, "every other byte is 0"),
        ("iso-8859-1", Encoding.ISO_8859_1, "byte 30 is not UTF-8"),
    ],
)
def test_encoding_is_told_by_the_bytes(codec: str, encoding: Encoding, why: str) -> None:
    found = sniffed(PEOPLE.encode(codec))
    assert found.dialect.encoding is encoding
    assert any(why in one for one in found.seen)
    assert found.dialect.delimiter == ";"


def test_encoding_is_windows_1252_when_there_are_its_own_characters() -> None:
    assert sniffed(f"{PEOPLE}4;„Zoë“ €;1\n".encode("cp1252")).dialect.encoding is Encoding.WINDOWS_1252


def test_encoding_is_told_by_every_byte_when_the_odd_one_stands_far_back() -> None:
    content = b"id,name\n" + b"1,Ada\n" * 200_000 + "2,Zoë\n".encode("iso-8859-1")
    found = sniffed(content)
    assert found.dialect.encoding is Encoding.ISO_8859_1
    assert any("byte 1,200,013 is not UTF-8" in one for one in found.seen)


def test_a_character_is_whole_when_two_chunks_share_it() -> None:
    content = b"id,name\n" + b"x" * (4 * 1024 * 1024 - 9) + "ë,a\n".encode()
    assert sniffed(content).dialect.encoding is Encoding.UTF_8


def test_encoding_is_not_utf_8_when_the_last_character_is_cut() -> None:
    assert sniffed(PEOPLE.encode() + "4;Zoë".encode()[:-1]).dialect.encoding is Encoding.ISO_8859_1


def test_compression_is_told_by_its_mark() -> None:
    found = sniffed(gzip.compress(PEOPLE.encode()))
    assert (found.dialect.compression, found.dialect.delimiter) == ("gzip", ";")
    with pytest.raises(UnreadableSample, match="the file cannot be read"):
        sniffed(gzip.compress(PEOPLE.encode())[:-12])


@pytest.mark.parametrize(
    ("content", "format_"),
    [
        ('{"id": 1}\n{"id": 2}\n', Format.JSONL),
        ('\n{"id": 1, "in": {"a": [1]}}', Format.JSONL),
        ('[\n {"id": 1},\n {"id": 2}\n]', Format.JSON),
        ("id\n{}\n", Format.CSV),
    ],
)
def test_format_is_told_by_how_the_file_begins(content: str, format_: Format) -> None:
    assert sniffed(content).dialect.format is format_


@pytest.mark.parametrize("content", ["", "\n \n", "1,2\n3,4\n", "a,a\n1,2\n", "a,\n1,2\n", '"a,b\n1,2\n'])
def test_a_file_is_refused_when_it_has_no_header(content: str) -> None:
    with pytest.raises(UnreadableSample):
        sniffed(content)


def test_names_may_be_numbers_when_a_person_says_so() -> None:
    assert "header: the first line, as you said" in sniffed("2024,2025\n1,2\n", header_is_sure=True).seen


def test_a_doubt_is_said_when_all_is_text() -> None:
    assert any("nothing tells them from records" in one for one in sniffed("code,name\nAA,Ada\nBB,Grace\n").seen)


@settings(max_examples=50, deadline=None)
@given(
    records=st.lists(
        st.lists(st.text(" abcäß,;|\t'\"\n", max_size=6), min_size=3, max_size=3), min_size=1, max_size=20
    ),
    delimiter=st.sampled_from(",;\t|"),
)
def test_a_written_file_is_read_as_it_was_written_when_every_field_is_quoted(
    records: list[list[str]], delimiter: str
) -> None:
    out = io.StringIO()
    table = [["alpha", "beta", "gamma"], *records]
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(table)
    dialect = sniffed(out.getvalue()).dialect
    assert (dialect.delimiter, dialect.quote) == (delimiter, '"')
