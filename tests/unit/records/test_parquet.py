"""Parquet objects: every value as text, and what is refused."""

from __future__ import annotations

import datetime as dt
import io
import struct
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medallion.contracts.model import Dialect, Format
from medallion.errors import UnreadableObject
from medallion.records import Limits
from tests.unit.records.reading import read, read_whole, reasons, values

PARQUET = Dialect(format=Format.PARQUET)


def packed(table: pa.Table, **options: Any) -> bytes:
    """The table as a Parquet object."""
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def texts(values: list[Any], kind: pa.DataType) -> list[str | None]:
    """One column's values as the parser gives them."""
    table = pa.table({"a": pa.array(values, kind)})
    return [record.values[0] for record in read(packed(table), PARQUET)]


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        (pa.int64(), [-(2**63), 2**63 - 1], ["-9223372036854775808", "9223372036854775807"]),
        (pa.uint64(), [2**64 - 1], ["18446744073709551615"]),
        (pa.bool_(), [True, False], ["true", "false"]),
        (pa.decimal128(9, 2), [Decimal("1.10"), Decimal("-0.05"), Decimal(0)], ["1.10", "-0.05", "0.00"]),
        (pa.decimal128(20, 12), [Decimal("1E-12"), Decimal(0)], ["0.000000000001", "0.000000000000"]),
        (pa.decimal256(60, 1), [Decimal("1E+40")], ["1" + "0" * 40 + ".0"]),
        (pa.float64(), [0.1, 1e22, -0.0, 5e-324], ["0.1", "1e+22", "-0", "5e-324"]),
        (pa.float64(), [float("nan"), float("inf"), float("-inf")], ["nan", "inf", "-inf"]),
        (pa.float32(), [0.1, 16777216.0], ["0.1", "16777216"]),
        (pa.float16(), [0.5], ["0.5"]),
        (pa.date32(), [dt.date(2026, 1, 31), dt.date(1, 1, 1)], ["2026-01-31", "0001-01-01"]),
        (pa.date64(), [dt.date(2026, 1, 31)], ["2026-01-31"]),
        (pa.timestamp("ms"), [0, 1500], ["1970-01-01T00:00:00", "1970-01-01T00:00:01.500000"]),
        (pa.timestamp("us", "UTC"), [-1, 0], ["1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z"]),
        (pa.timestamp("us", "Europe/Zurich"), [0], ["1970-01-01T00:00:00Z"]),
        (pa.timestamp("ns"), [1, 1000], ["1970-01-01T00:00:00.000000001", "1970-01-01T00:00:00.000001"]),
        (pa.time32("ms"), [1500], ["00:00:01.500000"]),
        (pa.duration("us"), [5], ["5"]),
        (pa.binary(), [b"\xff\x00", b""], ["ff00", ""]),
        (pa.binary(2), [b"ab"], ["6162"]),
        (pa.string(), ["x", "", "é\0\n"], ["x", "", "é\0\n"]),
        (pa.large_string(), ["x"], ["x"]),
        (pa.null(), [None], [None]),
        (pa.list_(pa.int32()), [[1, None], []], ["[1,null]", "[]"]),
        (pa.list_(pa.float64()), [[0.5, float("inf")]], ['[0.5,"inf"]']),
        (pa.list_(pa.bool_(), 2), [[True, None]], ["[true,null]"]),
        (
            pa.map_(pa.string(), pa.int64()),
            [[("k", 1), ("k", None)]],
            ['[{"key":"k","value":1},{"key":"k","value":null}]'],
        ),
        (
            pa.struct([("a", pa.list_(pa.string())), ("b", pa.decimal128(5, 2)), ("c", pa.date32())]),
            [{"a": ['"', None], "b": Decimal("1.50"), "c": dt.date(2026, 1, 31)}],
            ['{"a":["\\"",null],"b":1.50,"c":"2026-01-31"}'],
        ),
    ],
)
def test_nothing_of_a_value_is_lost_when_it_becomes_text(
    kind: pa.DataType, given: list[Any], expected: list[str | None]
) -> None:
    assert texts([*given, None], kind) == [*expected, None]


def test_records_are_numbered_in_the_files_order_when_it_has_row_groups() -> None:
    table = pa.table({"a": [str(number) for number in range(10_000)]})
    records = read(packed(table, row_group_size=999), PARQUET, batch_rows=700)
    assert [record.values[0] for record in records] == [str(record.row - 1) for record in records]
    assert records[-1].row == 10_000
    assert records[0].raw is None


def test_a_header_is_read_when_there_is_no_record() -> None:
    whole = read_whole(packed(pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())})), PARQUET)
    assert (whole.header, whole.records) == (("a", "b"), [])


def _not_text(values: list[bytes | None]) -> pa.Array:
    """A text column of bytes that are none, as a careless writer makes it."""
    return pa.array(values, pa.binary()).view(pa.string())


def test_only_that_record_is_malformed_when_a_text_is_no_text() -> None:
    data = packed(pa.table({"a": _not_text([b"x", b"y\xff", b"z", None]), "b": [1, 2, None, 4]}))
    records = read(data, PARQUET)
    assert reasons(records) == [None, "bytes that are not utf-8", None, None]
    assert values(records) == [("x", "1"), (None, None), ("z", None), (None, "4")]
    assert records[1].raw == b"1:a2:y\xff1:b1:2"


def test_only_that_record_is_malformed_when_text_within_a_list_is_no_text() -> None:
    lists = pa.ListArray.from_arrays(pa.array([0, 1, 2]), _not_text([b"x", b"\xff"]))
    records = read(packed(pa.table({"a": lists})), PARQUET)
    assert reasons(records) == [None, "bytes that are not utf-8"]
    assert records[1].raw == b'1:a5:["\xff"]'


def test_a_record_is_malformed_when_a_value_is_over_the_limit() -> None:
    records = read(packed(pa.table({"a": ["12345", "123456"]})), PARQUET, limits=Limits(cell_bytes=5))
    assert reasons(records) == [None, "a value longer than 5 bytes"]


# --- what is refused


def _encrypted(table: pa.Table) -> bytes:
    class Keys(pe.KmsClient):  # type: ignore[misc]  # published without types
        """Keeps every key in the open."""

        def wrap_key(self, key_bytes: bytes, _: str) -> bytes:
            return key_bytes.hex().encode()

        def unwrap_key(self, wrapped_key: bytes, _: str) -> bytes:
            return bytes.fromhex(wrapped_key.decode())

    factory = pe.CryptoFactory(lambda _: Keys())
    wanted = pe.EncryptionConfiguration(footer_key="key", uniform_encryption=True)
    properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), wanted)
    return packed(table, encryption_properties=properties)


TABLE = pa.table({"a": [str(number) for number in range(1000)]})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the object is empty"),
        (b"a,b\n1,2\n", "is not Parquet"),
        (b"PAR1", "truncated or damaged; upload it again"),
        (packed(TABLE)[:-5], "truncated or damaged; upload it again"),
        (packed(TABLE)[: len(packed(TABLE)) // 2], "truncated or damaged; upload it again"),
        (packed(pa.table([[1], [2]], ["a", "a"])), "columns 1, 2 have one name"),
        (packed(pa.table([[1]], [""])), "column 1 has no name"),
        (packed(pa.table({})), "no column"),
        (_encrypted(TABLE), "encrypted; upload it without"),
    ],
)
def test_an_object_is_refused_when_it_is_no_parquet_that_can_be_read(data: bytes, said: str) -> None:
    with pytest.raises(UnreadableObject, match=said):
        read(data, PARQUET)


def test_an_object_is_refused_when_a_page_is_damaged() -> None:
    data = bytearray(packed(TABLE, write_page_checksum=True, compression="none"))
    data[len(data) // 3] ^= 1
    with pytest.raises(UnreadableObject, match="truncated or damaged"):
        read(bytes(data), PARQUET)


def test_an_object_is_refused_when_it_unpacks_to_more_than_any_may() -> None:
    data = packed(pa.table({"a": ["x" * 1_000_000] * 50}), use_dictionary=False, compression="zstd")
    with pytest.raises(UnreadableObject, match="decompression bomb"):
        read(data, PARQUET)
    with pytest.raises(UnreadableObject, match="more than 10000000 bytes; deliver it as several objects"):
        read(data, PARQUET, limits=Limits(object_bytes=10_000_000))


def test_reading_stops_when_a_short_dictionary_makes_long_text() -> None:
    often = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), ["x" * 1_000_000])
    data = packed(pa.table({"a": often}))
    assert len(data) < 2_000_000
    with pytest.raises(UnreadableObject, match="bytes of text; deliver it as several objects"):
        read(data, PARQUET, limits=Limits(object_bytes=200_000_000))


# --- any table

_columns: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "integer": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "double": (pa.float64(), st.floats(allow_nan=False)),
    "decimal": (pa.decimal128(20, 6), st.decimals(-(10**13), 10**13, places=6, allow_nan=False)),
    "text": (pa.string(), st.text(st.characters(exclude_categories=["Cs"]), max_size=6)),
    "bytes": (pa.binary(), st.binary(max_size=6)),
    "date": (pa.date32(), st.dates()),
    "moment": (pa.timestamp("us"), st.datetimes()),
}
_read_back = {
    "integer": int,
    "double": float,
    "decimal": Decimal,
    "text": str,
    "bytes": bytes.fromhex,
    "date": dt.date.fromisoformat,
    "moment": dt.datetime.fromisoformat,
}


@given(
    st.lists(st.fixed_dictionaries({name: st.none() | values for name, (_, values) in _columns.items()}), max_size=6),
    st.integers(1, 7),
)
def test_any_table_comes_back_when_its_text_is_read(table: list[dict[str, Any]], group: int) -> None:
    schema = pa.schema([(name, kind) for name, (kind, _) in _columns.items()])
    whole = read_whole(packed(pa.Table.from_pylist(table, schema), row_group_size=group), PARQUET, batch_rows=2)
    found = [
        {
            name: None if value is None else _read_back[name](value)  # type: ignore[operator]  # each reads text
            for name, value in zip(whole.header, record.values, strict=True)
        }
        for record in whole.records
    ]
    assert found == table
    assert [_bits(record["double"]) for record in found] == [_bits(record["double"]) for record in table]


def _bits(number: float | None) -> bytes:
    return b"" if number is None else struct.pack("d", number)
