"""What holds for any JSON, and for any bytes that should be."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from medallion.contracts.model import Dialect, Format
from medallion.contracts.paths import member
from medallion.errors import UnreadableObject
from tests.unit.records.reading import Whole, read, read_whole

LINES = Dialect(format=Format.JSONL)
DOCUMENT = Dialect(format=Format.JSON, records_path="$.data")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
nested = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=5
)
objects = st.dictionaries(texts, nested, max_size=4)
chunk_sizes = st.sampled_from([4, 5, 8, 13, 64, 1000])
hostile_lines = st.lists(
    st.sampled_from([b'{"a":1}', b'{"a":', b'"', b"}", b"[", b"]", b",", b"\\", b"\xff", b" ", b"\r", b"NaN", b"1e5"]),
    max_size=12,
).map(b"".join)


def _as_python_reads_it(text: str) -> dict[str, str]:
    """The members as Python's json reads them, each as text; nulls left out."""
    members = json.loads(text, parse_float=str, parse_int=str)
    kinds = json.loads(text)
    return {member(name): _text(one, kinds[name]) for name, one in members.items() if one is not None}


def _text(value: Any, kind: Any) -> str:
    if isinstance(kind, bool):
        return json.dumps(kind)
    return json.dumps(kind, separators=(",", ":"), ensure_ascii=False) if isinstance(kind, dict | list) else value


@given(table=st.lists(objects, min_size=1, max_size=5), ascii_only=st.booleans(), chunk=chunk_sizes)
def test_any_object_comes_back_when_json_wrote_it(*, table: list[dict[str, Any]], ascii_only: bool, chunk: int) -> None:
    lines = [json.dumps(record, ensure_ascii=ascii_only) for record in table]
    expected = [_as_python_reads_it(line) for line in lines]
    whole = read_whole("\n".join(lines).encode(), LINES, chunk_bytes=chunk)
    assert [record.malformed for record in whole.records] == [None] * len(table)
    assert whole.named() == expected
    document = f'{{"before":{lines[0]},"data":[{" ,".join(lines)}],"after":{lines[-1]}}}'
    assert read_whole(document.encode(), DOCUMENT, chunk_bytes=chunk).named() == expected


@given(st.lists(hostile_lines, max_size=8), chunk_sizes)
def test_each_line_has_its_number_when_lines_are_arbitrary(lines: list[bytes], chunk_bytes: int) -> None:
    expected = [line.removesuffix(b"\r") for line in lines if line.strip(b" \t\r")]
    if expected:
        records = read(b"\n".join(lines), LINES, chunk_bytes=chunk_bytes)
        assert [record.raw for record in records] == expected
        assert [record.malformed is None for record in records] == [_is_record(line) for line in expected]


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line.decode()), dict)
    except ValueError:
        return False


@given(hostile_lines, chunk_sizes)
@example(b" \r1e5", 5)
def test_a_document_is_read_alike_when_read_in_any_chunks(items: bytes, chunk_bytes: int) -> None:
    data = b'{"data":[{"a":2},' + items + b"]}"

    def outcome(chunk_bytes: int) -> Whole | str:
        try:
            return read_whole(data, DOCUMENT, chunk_bytes=chunk_bytes)
        except UnreadableObject as refusal:
            return str(refusal)

    assert outcome(chunk_bytes) == outcome(10_000)


@given(st.binary(max_size=60), chunk_sizes)
def test_it_reads_or_refuses_when_bytes_are_arbitrary(data: bytes, chunk_bytes: int) -> None:
    for dialect in (LINES, DOCUMENT, Dialect(format=Format.PARQUET)):
        with suppress(UnreadableObject):
            read(data, dialect, chunk_bytes=chunk_bytes)
