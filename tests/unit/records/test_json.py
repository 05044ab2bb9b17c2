"""JSON lines and JSON documents: which bytes are a record, what its values are, and what is wrong with it."""

from __future__ import annotations

import json

import pytest

from medallion.contracts.model import Dialect, Encoding, Format
from medallion.errors import UnreadableObject
from medallion.records import Limits
from medallion.records.rereading import reread
from tests.unit.records.reading import read, read_whole, reasons, values

LINES = Dialect(format=Format.JSONL)
DOCUMENT = Dialect(format=Format.JSON)


def at(path: str) -> Dialect:
    return Dialect(format=Format.JSON, records_path=path)


# --- values


def test_values_are_as_written_when_they_are_numbers() -> None:
    line = b'{"a":1.10,"b":1e400,"c":-0,"d":123456789012345678901234567890,"e":1E+2,"f":[1.10,{"g":1e400}]}'
    assert values(read(line, LINES)) == [
        ("1.10", "1e400", "-0", "123456789012345678901234567890", "1E+2", '[1.10,{"g":1e400}]')
    ]


def test_values_are_text_when_they_are_of_any_kind() -> None:
    line = rb'{"a":"1","b":true,"c":false,"d":null,"e":"","f":"\u00e9\n\u0000","g":{ "h" : [ ] , "i" : "\"" }}'
    assert values(read(line, LINES)) == [("1", "true", "false", None, "", "é\n\0", r'{"h":[],"i":"\""}')]


def test_a_value_is_found_when_a_column_is_a_path() -> None:
    data = b"""
    {"id": 1, "customer": {"address": {"city": "Bern", "zip": 3000}}, "items": [{"sku": "x"}, {"sku": "y"}]}
    {"id": 2, "customer": {"address": null}, "items": []}
    {"id": 3, "customer": "none", "a.b": {"it's": 7}}
    """
    columns = ("id", "customer.address.city", "items[1].sku", "customer.address", "['a.b']['it\\'s']")
    whole = read_whole(data, LINES, columns=columns)
    assert [{name: record.get(name) for name in columns} for record in whole.named()] == [
        {
            "id": "1",
            "customer.address.city": "Bern",
            "items[1].sku": "y",
            "customer.address": '{"city":"Bern","zip":3000}',
            "['a.b']['it\\'s']": None,
        },
        dict.fromkeys(columns) | {"id": "2"},
        dict.fromkeys(columns) | {"id": "3", "['a.b']['it\\'s']": "7"},
    ]
    assert whole.named()[0]["customer"] == '{"address":{"city":"Bern","zip":3000}}', "the member is kept whole"
    assert whole.named()[2]["['a.b']"] == '{"it\'s":7}'


def test_a_records_own_names_are_the_same_when_a_contract_looks_deeper() -> None:
    data = b'{"id":1,"customer":{"city":"Bern"}}'
    plain, deep = read_whole(data, LINES, columns=["id"]), read_whole(data, LINES, columns=["id", "customer.city"])
    assert set(deep.header) - set(plain.header) == {"customer.city"}


def test_a_name_is_in_the_header_when_one_record_has_it() -> None:
    columns = ["id", "deep.a", "deep.b"]
    assert read_whole(b'{"id":1}\n{"late":1,"deep":{"b":null}}', LINES, columns=columns).header == (
        "id",
        "late",
        "deep",
        "deep.b",
    )


@pytest.mark.parametrize("data", [b'{"id":\n[]', b"[]"])
def test_nothing_is_missing_when_there_is_no_good_record(data: bytes) -> None:
    dialect = DOCUMENT if data == b"[]" else LINES
    assert read_whole(data, dialect, columns=["id", "deep.a"]).header == ("id", "deep.a")


# --- what is wrong with a record

_FAULTS = [
    (b'{"a":1,}', "not valid JSON"),
    (b'{"a":01}', "not valid JSON"),
    (b'{"a":1} {"a":2}', "not valid JSON"),
    (b'{"a":"x', "not valid JSON"),
    (b'{"a":"\t"}', "not valid JSON"),
    (b'{"a":"\0"}', "not valid JSON"),
    (b"{'a':1}", "not valid JSON"),
    (b'{"a":NaN}', "NaN or an infinity"),
    (b'{"a":[-Infinity]}', "NaN or an infinity"),
    (b'{"a":1,"a":1}', "two members of one name"),
    (b'{"b":{"a":1,"a":2}}', "two members of one name"),
    (rb'{"a":"\ud800"}', "half a surrogate pair"),
    (rb'{"b":[{"\udc00":1}]}', "half a surrogate pair"),
    (b'{"a":"\xff"}', "bytes that are not utf-8"),
    (b'{"a":"\xed\xa0\x80"}', "bytes that are not utf-8"),
    (b"[1]", "no object"),
    (b'"a"', "no object"),
    (b"7", "no object"),
    (b"null", "no object"),
    (b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", "nested deeper than 64"),
    (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested deeper than 64"),
]


@pytest.mark.parametrize(("bad", "reason"), _FAULTS)
@pytest.mark.parametrize("chunk_bytes", [7, 1000])
def test_only_that_line_is_malformed_when_it_is_no_record(bad: bytes, reason: str, chunk_bytes: int) -> None:
    records = read(b'{"a":1}\n' + bad + b'\r\n\n \t\n{"a":2}', LINES, chunk_bytes=chunk_bytes)
    assert [record.values[0] for record in records] == ["1", None, "2"]
    assert records[1].raw == bad
    assert reason in (records[1].malformed or "")


_KNOWN_ENDS = [fault for fault in _FAULTS if fault[1] != "not valid JSON"]


@pytest.mark.parametrize(("bad", "reason"), _KNOWN_ENDS)
@pytest.mark.parametrize("chunk_bytes", [7, 1000])
def test_only_that_item_is_malformed_when_its_end_is_known(bad: bytes, reason: str, chunk_bytes: int) -> None:
    data = b'{"x":[' + bad + b'],"items":[{"a":1} , ' + bad + b' ,{"a":2}],"y":null}\n'
    records = read(data, at("$.items"), chunk_bytes=chunk_bytes)
    assert [record.values[0] for record in records] == ["1", None, "2"]
    assert records[1].raw == bad
    assert reason in (records[1].malformed or "")


def test_a_record_is_whole_when_it_nests_as_deep_as_it_may() -> None:
    nested = b"[" * 63 + b"]" * 63
    assert values(read(b'{"a":' + nested + b"}", LINES)) == [(nested.decode(),)]


def test_surrogates_are_a_character_when_they_are_a_pair() -> None:
    assert values(read(rb'{"a":"\ud834\udd1e"}', LINES)) == [("𝄞",)]


def test_a_record_is_malformed_when_it_is_beyond_a_limit() -> None:
    limits = Limits(cell_bytes=5, columns=2)
    data = b'{"a":"12345"}\n{"a":"123456"}\n{"a":1,"b":2,"c":3}\n{"a":[1,23]}\n'
    assert reasons(read(data, LINES, limits=limits)) == [
        None,
        "a value longer than 5 bytes",
        "more than 2 members",
        "a value longer than 5 bytes",
    ]


def test_a_path_is_found_when_a_malformed_line_is_read_again() -> None:
    latin = LINES.model_copy(update={"encoding": Encoding.ISO_8859_1})
    with reread('{"a":{"b":"é"}}'.encode("latin-1"), ("a",), latin, ["a.b"]) or pytest.fail("malformed") as records:
        assert records.header == ("a", "a.b")


# --- what is wrong with an object


@pytest.mark.parametrize("dialect", [LINES, DOCUMENT])
@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b" \n\r\n"])
def test_an_object_is_refused_when_it_is_empty(data: bytes, dialect: Dialect) -> None:
    with pytest.raises(UnreadableObject, match="the object is empty"):
        read(data, dialect)


@pytest.mark.parametrize("dialect", [LINES, DOCUMENT])
def test_an_object_is_refused_when_a_record_is_longer_than_any_may_be(dialect: Dialect) -> None:
    for data in (b'[{"a":"' + b"x" * 100 + b'"}]', b'[{"a":"' + b"x" * 1000):
        with pytest.raises(UnreadableObject, match="longer than 50 bytes"):
            read(data, dialect, limits=Limits(record_bytes=50), chunk_bytes=8)


@pytest.mark.parametrize("dialect", [LINES, DOCUMENT])
def test_an_object_is_refused_when_its_records_have_too_many_names(dialect: Dialect) -> None:
    objects = [json.dumps({f"a{number}": 1}) for number in range(11)]
    data = "\n".join(objects) if dialect is LINES else f"[{','.join(objects)}]"
    with pytest.raises(UnreadableObject, match="more than 10 different members"):
        read(data.encode(), dialect, limits=Limits(columns=10))


@pytest.mark.parametrize("bad", [bad for bad, reason in _FAULTS if reason == "not valid JSON" and b"} {" not in bad])
@pytest.mark.parametrize("chunk_bytes", [7, 1000])
def test_a_document_is_refused_when_it_cannot_be_read_on(bad: bytes, chunk_bytes: int) -> None:
    with pytest.raises(UnreadableObject, match=r"cannot be read on at character \d+: .*upload it again"):
        read(b'[{"a":1},' + bad + b',{"a":2}]', DOCUMENT, chunk_bytes=chunk_bytes)


@pytest.mark.parametrize(
    "data",
    [b'[{"a":1}', b'[{"a":1}]]', b'[{"a":1}] x', b'[{"a":1},]', b'[{"a":1} {"a":2}]', b"[tru", b'{"a":1', b"nonsense"],
)
def test_a_document_is_refused_when_it_does_not_end_as_it_should(data: bytes) -> None:
    with pytest.raises(UnreadableObject):
        read(data, DOCUMENT)


@pytest.mark.parametrize("data", [b"{}", b'{"data":[]}', b'{"data":{"items":{}}}', b'{"data":{"items":3}}', b"[]"])
def test_the_path_is_named_when_a_document_has_no_list_there(data: bytes) -> None:
    with pytest.raises(
        UnreadableObject, match=r"no list at \$\.data\.items; correct it, or the contract's recordsPath"
    ):
        read(data, at("$.data.items"))


def test_a_document_is_refused_when_its_path_is_there_twice() -> None:
    with pytest.raises(UnreadableObject, match="two members of one name on the path"):
        read(b'{"items":[{"a":1}],"items":[{"a":2}]}', at("$.items"))


# --- documents


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("$", b'[{"a":1},{"a":2}]'),
        ("$.data.items", b'{"meta":{"n":[1,{"items":[]}]},"data":{"x":1,"items":[{"a":1},{"a":2}],"y":[]},"z":"]"}'),
        ("$[1].rows", b'[{"rows":[{"a":9}]},{"rows":[{"a":1},{"a":2}]},7]'),
        ("$['a.b']", b'{"a":{"b":[]},"a.b":[{"a":1},{"a":2}]}'),
    ],
)
@pytest.mark.parametrize("chunk_bytes", [4, 13, 1000])
def test_records_are_the_lists_items_when_a_path_names_it(path: str, data: bytes, chunk_bytes: int) -> None:
    records = read(data, at(path), chunk_bytes=chunk_bytes)
    assert [(record.raw, record.values) for record in records] == [(b'{"a":1}', ("1",)), (b'{"a":2}', ("2",))]


@pytest.mark.parametrize("encoding", [Encoding.UTF_16_LE, Encoding.UTF_16, Encoding.ISO_8859_1, Encoding.WINDOWS_1252])
@pytest.mark.parametrize("dialect", [LINES, DOCUMENT])
def test_raw_bytes_are_the_objects_own_when_its_encoding_is_not_utf_8(dialect: Dialect, encoding: Encoding) -> None:
    codec = "cp1252" if encoding is Encoding.WINDOWS_1252 else encoding
    text = '{"é":"ü"}'
    raw = text.encode(codec).removeprefix(b"\xff\xfe")
    data = (text if dialect is LINES else f"[{text}]").encode(codec)
    whole = read_whole(data, dialect.model_copy(update={"encoding": encoding}), chunk_bytes=5)
    assert (whole.header, whole.records[0].raw, whole.records[0].values) == (("é",), raw, ("ü",))
