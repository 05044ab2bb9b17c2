"""Hostile objects, written by hand, and what must become of each: nothing here asks a reader of ours."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import zstandard

MB = 1_000_000
MIB = 1 << 20


@dataclass(frozen=True)
class Expected:
    """What becomes of one object, or of one record of it (`row`, from 1)."""

    source: str
    name: str
    outcome: str
    code: str = ""
    row: int | None = None


# --- CSV

_GOOD_CSV = b"".join(b"%d,good,1.10,0.5,2026-01-31\n" % number for number in range(18, 518))
CSV = (
    b"\xef\xbb\xbfid,name,amount,ratio,day\n"
    b"1,plain,1.10,0.5,2026-01-31\r\n"
    b"2,x\0y,,,\r"
    b'3,"",1.00,,\n'
    b"\n\r\n"
    b"4,after blank lines,,,\n"
    b'5,bad,"1,5",,\n'
    b"6,bad,1e400,,\n"
    b"7,bad,,1e400,\n"
    b"8,bad,,NaN,\n"
    b"9,bad,,,2026-02-31\n"
    b"10,bad\xff,,,\n"
    b"11,bad\n"
    b'12,"bad"x,,,\n'
    b",bad,,,\n"
    b"1,plain,1.10,0.5,2026-01-31\n"
    b"1,other,,,\n"
    b"16," + b"x" * (10 * MB) + b",,,\n"
    b"17," + b"x" * (17 * MIB) + b",,,\n" + _GOOD_CSV + b'518,"open\n519,lost,,,\n'
)
_HEADER = b"id,name,amount,ratio,day\n"
ODD_KEY = "../ä +%2F?&#=\u202e'\"/ .csv"

# --- JSON

_LINES = (
    rb'{"id": 1, "who": {"names": ["Ada"]}, "amount": 1.10, "unheard-of": [1.0]}',
    rb'{"id": 2}',
    rb"{'id': 3}",
    rb"[4]",
    rb'{"id": 5, "amount": NaN}',
    rb'{"id": 6, "id": 6}',
    rb'{"id": 7, "who": {"names": ["\ud800"]}}',
    b'{"id": 8, "who": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"id": 9, "who": {"names": ["\xff"]}}',
    b'{"id": 10, "who": {"names": ["' + b"x" * (17 * MIB) + b'"]}}',
    rb'{"id": 11, "amount": 1e400}',
    rb'{"who": {"names": ["nobody"]}}',
)
JSON_LINES = b"\n".join((*_LINES, *(b'{"id": %d, "amount": 0}' % number for number in range(13, 313))))
_ITEMS = (b'{"id": 1, "name": "one"}', b"[2]", b'{"id": 3, "name": NaN}')
_DOCUMENT = b'{"meta": {"items": [7]}, "data": {"items": [%s]}, "more": null}'
DOCUMENT = _DOCUMENT % b",\n".join((*_ITEMS, *(b'{"id": %d}' % number for number in range(4, 104))))


def zstd(data: bytes) -> bytes:
    """The data as one zstd frame."""
    packed: bytes = zstandard.ZstdCompressor(write_checksum=True).compress(data)
    return packed


# --- Parquet


def parquet(table: pa.Table, **options: Any) -> bytes:
    """The table as a Parquet object."""
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def _people(first: int, names: list[bytes | None]) -> pa.Table:
    ids = pa.array(range(first, first + len(names)), pa.int64())
    return pa.table({"id": ids, "name": pa.array(names, pa.binary()).view(pa.string())})


def _encrypted(table: pa.Table) -> bytes:
    class Keys(pe.KmsClient):  # type: ignore[misc]  # published without types
        """Keeps every key in the open."""

        def wrap_key(self, key_bytes: bytes, _: str) -> bytes:
            return key_bytes.hex().encode()

        def unwrap_key(self, wrapped_key: bytes, _: str) -> bytes:
            return bytes.fromhex(wrapped_key.decode())

    wanted = pe.EncryptionConfiguration(footer_key="key", uniform_encryption=True)
    properties = pe.CryptoFactory(lambda _: Keys()).file_encryption_properties(pe.KmsConnectionConfig(), wanted)
    return parquet(table, encryption_properties=properties)


_PEOPLE = parquet(_people(1, [b"Ada", b"Grace\xff", *[b"good"] * 50]))

# --- what is put, by source and name. The first objects of a source are one run, the later ones another.

FIRST = {
    ("hostile", "records.csv"): CSV,
    ("hostile", "empty.csv"): b"",
    ("hostile", "header.csv"): _HEADER,
    ("hostile", "utf-16.csv"): "id,name,amount,ratio,day\n900,x,,,\n".encode("utf-16"),
    ("hostile", "doubled.csv"): b"id,name,name,ratio,day\n901,x,,,\n",
    ("hostile", "open-header.csv"): b'id,"name,amount,ratio,day\n902,x,,,\n',
    ("hostile", "open-quote.csv"): _HEADER + b'903,"' + b"x" * (65 * MIB),
    ("hostile", "packed.csv"): gzip.compress(_HEADER + b"904,x,,,\n"),
    ("hostile", "packed.zst"): zstd(_HEADER + b"905,x,,,\n"),
    ("hostile", "really.parquet"): _PEOPLE,
    ("hostile", ODD_KEY): _HEADER + b"906,x,,,\n",
    ("latin", "good.csv.gz"): gzip.compress("id,name\n1,Zoë\n2,Ångström\n".encode("iso-8859-1")),
    ("latin", "truncated.csv.gz"): gzip.compress(b"id,name\n" + bytes(range(32, 127)) * 99)[:-40],
    ("latin", "bomb.csv.gz"): gzip.compress(b"id,name\n" + b"3,x\n" * (8 * MIB)),
    ("latin", "plain.csv.gz"): b"id,name\n4,x\n",
    ("jsonl", "records.jsonl"): JSON_LINES,
    ("jsonl", "empty.jsonl"): b"",
    ("nested", "records.json"): zstd(DOCUMENT),
    ("nested", "truncated.json"): zstd(DOCUMENT)[:-40],
    ("nested", "bomb.json"): zstd(_DOCUMENT % b",".join([b'{"id": 900, "name": "%s"}' % (b"x" * MIB)] * 32)),
    ("nested", "plain.json"): DOCUMENT,
    ("nested", "no.json"): zstd(_DOCUMENT % b"{'id': 901}"),
    ("nested", "broken-off.json"): zstd((_DOCUMENT % b'{"id": 902}')[:-20]),
    ("nested", "elsewhere.json"): zstd(b'{"data": {"item": [{"id": 903}]}}'),
    ("nested", "trailing.json"): zstd(_DOCUMENT % b'{"id": 904}' + b"\n[]"),
    ("nested", "wide.json"): zstd(_DOCUMENT % b",".join(b'{"id": 905, "a%d": 1}' % n for n in range(2001))),
    ("nested", "none.json"): zstd(_DOCUMENT % b""),
    ("parquet", "records.parquet"): _PEOPLE,
    ("parquet", "truncated.parquet"): _PEOPLE[:-20],
    ("parquet", "really.csv"): b"id,name\n900,x\n",
    ("parquet", "encrypted.parquet"): _encrypted(_people(901, [b"x"])),
    ("parquet", "bomb.parquet"): parquet(_people(902, [b"x" * MB] * 50), use_dictionary=False, compression="zstd"),
    ("parquet", "none.parquet"): parquet(_people(1, [])),
}
LATER = {
    ("hostile", "lacking.csv"): b"name,amount,ratio,day\nx,,,\n",
    ("latin", "all-bad.csv.gz"): gzip.compress(b"id,name\nx,1\ny,2\n"),
    ("jsonl", "lacking.jsonl"): b'{"name": "x"}\n{"name": "y"}\n',
}
REFUSED = {
    "unheard_of/x.csv": b"id\n1\n",
    "stray.csv": b"id\n1\n",
    "acme/transactions/x.csv": b"id\n1\n",
}

# --- what becomes of it


def _csv(row: int, outcome: str, code: str = "") -> Expected:
    return Expected("hostile", "records.csv", outcome, code, row)


def _line(row: int, outcome: str, code: str = "") -> Expected:
    return Expected("jsonl", "records.jsonl", outcome, code, row)


def _whole(source: str, name: str) -> Expected:
    return Expected(source, name, "object quarantined", "UNREADABLE_OBJECT")


MALFORMED = "MALFORMED_RECORD"
CASES: dict[str, tuple[Expected, ...]] = {
    "An empty object": (_whole("hostile", "empty.csv"),),
    "A header alone": (Expected("hostile", "header.csv", "no record"),),
    "UTF-16 that the contract does not declare": (_whole("hostile", "utf-16.csv"),),
    "A header with two columns of one name": (_whole("hostile", "doubled.csv"),),
    "A header with a quote that does not close": (_whole("hostile", "open-header.csv"),),
    "A header that lacks a required column": (Expected("hostile", "lacking.csv", "held", "SCHEMA_ERROR"),),
    "An object whose records are all bad": (Expected("latin", "all-bad.csv.gz", "held", "TYPE_ERROR"),),
    "A quote that does not close within 64 MiB": (_whole("hostile", "open-quote.csv"),),
    "gzip or zstd that the contract does not declare": (
        _whole("hostile", "packed.csv"),
        _whole("hostile", "packed.zst"),
    ),
    "A key with `..` and odd characters": (Expected("hostile", ODD_KEY, "inserted", row=1),),
    "ISO-8859-1 that the contract declares, in gzip": (Expected("latin", "good.csv.gz", "inserted", row=2),),
    "Truncated gzip": (_whole("latin", "truncated.csv.gz"),),
    "A gzip bomb": (_whole("latin", "bomb.csv.gz"),),
    "No gzip where the contract says gzip": (_whole("latin", "plain.csv.gz"),),
    "Truncated zstd": (_whole("nested", "truncated.json"),),
    "A zstd bomb": (_whole("nested", "bomb.json"),),
    "No zstd where the contract says zstd": (_whole("nested", "plain.json"),),
    "An empty object of JSON lines": (_whole("jsonl", "empty.jsonl"),),
    "JSON lines of which none has a required column": (Expected("jsonl", "lacking.jsonl", "held", "SCHEMA_ERROR"),),
    "A document that is not JSON": (_whole("nested", "no.json"),),
    "A document that breaks off": (_whole("nested", "broken-off.json"),),
    "A document without a list at the contract's path": (_whole("nested", "elsewhere.json"),),
    "A document with text after its end": (_whole("nested", "trailing.json"),),
    "Records with over 2000 different members": (_whole("nested", "wide.json"),),
    "A document with an empty list": (Expected("nested", "none.json", "no record"),),
    "Truncated Parquet": (_whole("parquet", "truncated.parquet"),),
    "CSV where the contract says Parquet": (_whole("parquet", "really.csv"),),
    "Parquet where the contract says CSV": (_whole("hostile", "really.parquet"),),
    "Encrypted Parquet": (_whole("parquet", "encrypted.parquet"),),
    "A Parquet bomb": (_whole("parquet", "bomb.parquet"),),
    "Parquet without a record": (Expected("parquet", "none.parquet", "no record"),),
    "A source that is not registered": (Expected("", "unheard_of/x.csv", "refused"),),
    "A key without a source": (Expected("", "stray.csv", "refused"),),
    "Another tenant's name as the key's first part": (Expected("", "acme/transactions/x.csv", "refused"),),
    "An object in another bucket": (Expected("orders", "foreign.csv", "ignored"),),
    "A byte order mark": (_csv(1, "inserted"),),
    "NUL in a text": (_csv(2, "inserted"),),
    "Mixed line ends": (_csv(1, "inserted"), _csv(2, "inserted"), _csv(3, "inserted")),
    "Blank lines": (_csv(519, "no record"),),
    "A number like `1,5`": (_csv(5, "quarantined", "TYPE_ERROR"),),
    "`1e400` in a decimal": (_csv(6, "quarantined", "TYPE_ERROR"),),
    "`1e400` in a double": (_csv(7, "quarantined", "TYPE_ERROR"),),
    "`NaN`": (_csv(8, "quarantined", "TYPE_ERROR"),),
    "31 February": (_csv(9, "quarantined", "TIMESTAMP_ERROR"),),
    "Bytes that are not of the encoding": (_csv(10, "quarantined", MALFORMED),),
    "Too few fields": (_csv(11, "quarantined", MALFORMED),),
    "Text after a closing quote": (_csv(12, "quarantined", MALFORMED),),
    "A quote that does not close": (_csv(518, "quarantined", MALFORMED),),
    "No value in a required column": (_csv(13, "quarantined", "NULL_VALUE_ERROR"),),
    "The same record twice": (_csv(14, "duplicate"),),
    "Another record of the same key": (_csv(15, "quarantined", "DUPLICATE_KEY"),),
    "A cell of 10 MB": (_csv(16, "inserted"),),
    "A cell of over 16 MiB": (_csv(17, "quarantined", MALFORMED),),
    "A line that is not JSON": (_line(3, "quarantined", MALFORMED),),
    "A line that is no object": (_line(4, "quarantined", MALFORMED),),
    "`NaN` in a line of JSON": (_line(5, "quarantined", MALFORMED),),
    "Two members of one name": (_line(6, "quarantined", MALFORMED),),
    "Half a surrogate pair": (_line(7, "quarantined", MALFORMED),),
    "JSON nested 100,000 levels deep": (_line(8, "quarantined", MALFORMED),),
    "A line that is not UTF-8": (_line(9, "quarantined", MALFORMED),),
    "A value in JSON of over 16 MiB": (_line(10, "quarantined", MALFORMED),),
    "`1e400` in JSON": (_line(11, "quarantined", "TYPE_ERROR"),),
    "A member that one record lacks": (_line(2, "inserted"),),
    "A required member that one record lacks": (_line(12, "quarantined", "NULL_VALUE_ERROR"),),
    "A member that the contract does not name": (_line(1, "inserted"),),
    "An item of a document's list that is no object": (
        Expected("nested", "records.json", "quarantined", MALFORMED, 2),
    ),
    "`NaN` in a document": (Expected("nested", "records.json", "quarantined", MALFORMED, 3),),
    "A text in Parquet that is not UTF-8": (Expected("parquet", "records.parquet", "quarantined", MALFORMED, 2),),
}
TOTALS = {
    "hostile": {"rows_in": 519, "inserted": 506, "duplicates": 1, "quarantined": 12},
    "latin": {"rows_in": 2, "inserted": 2},
    "jsonl": {"rows_in": 312, "inserted": 302, "quarantined": 10},
    "nested": {"rows_in": 103, "inserted": 101, "quarantined": 2},
    "parquet": {"rows_in": 52, "inserted": 51, "quarantined": 1},
}
"""Each source's first run, over all its objects."""
