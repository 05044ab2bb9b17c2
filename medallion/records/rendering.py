"""Arrow's values as text, each so that nothing of it is lost.

| type | text |
|---|---|
| string | as it is |
| boolean | `true` `false` |
| integers | decimal |
| decimals | all digits of their scale, no exponent |
| floating-point numbers | the shortest decimal that is read as the same number of that width; `nan` `inf` `-inf` |
| date | `2026-01-31` |
| timestamp | `2026-01-31T23:59:59`, in UTC with `Z` where the column has a zone; with a part of a second as below |
| time | `23:59:59` |
| duration | the number of its units |
| bytes | hexadecimal, lower case |
| list, struct, map | JSON without blanks: numbers and booleans as above, all else as strings |

A part of a second has six digits, nine where it goes below a microsecond, none where it is nought. A map is a list of
`{"key":…,"value":…}`.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

_quoted = json.JSONEncoder(ensure_ascii=False).encode


class Rendered(NamedTuple):
    """A column as text. `undecodable` has, by their place, the bytes of values that should be text and are not."""

    texts: pa.StringArray
    undecodable: dict[int, bytes]


def rendered(column: pa.Array) -> Rendered:
    """A column of any type as text, nulls null."""
    array = _plain(column)
    if _is_nested(array.type):
        valid = array.is_valid().to_pylist()
        values = [
            text.encode("utf-8", "surrogateescape") if there else None
            for text, there in zip(_json(array), valid, strict=True)
        ]
        return _decoded(pa.array(values, pa.binary()))
    return _decoded(array.cast(pa.binary())) if _is_text(array.type) else Rendered(_scalars(array), {})


def _plain(array: pa.Array) -> pa.Array:
    """Without dictionary or extension: Arrow's own type beneath."""
    while isinstance(array, pa.DictionaryArray | pa.ExtensionArray):
        array = array.dictionary_decode() if isinstance(array, pa.DictionaryArray) else array.storage
    return array


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_nested(kind: pa.DataType) -> bool:
    return bool(pa.types.is_nested(kind))


def _decoded(values: pa.BinaryArray) -> Rendered:
    try:
        return Rendered(values.cast(pa.string()), {})
    except pa.ArrowInvalid:
        texts: list[str | None] = []
        undecodable: dict[int, bytes] = {}
        for row, value in enumerate(values.to_pylist()):
            try:
                texts.append(None if value is None else value.decode())
            except UnicodeDecodeError:
                undecodable[row] = value
                texts.append(None)
        return Rendered(pa.array(texts, pa.string()), undecodable)


# --- scalars


def _scalars(array: pa.Array) -> pa.StringArray:
    """A column of a type that is neither text nor nested."""
    kind = array.type
    if pa.types.is_timestamp(kind):
        return _timestamps(array)
    if pa.types.is_time(kind):
        return _with_part_of_second(array.cast(pa.string()))
    if pa.types.is_date64(kind):
        return array.cast(pa.date32()).cast(pa.string())
    if pa.types.is_decimal(kind):
        return _decimals(array)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return pa.array([None if value is None else value.hex() for value in array.to_pylist()], pa.string())
    return array.cast(pa.string())


def _timestamps(array: pa.TimestampArray) -> pa.StringArray:
    instants = array.view(pa.timestamp(array.type.unit))
    written = pc.replace_substring(instants.cast(pa.string()), " ", "T")
    written = _with_part_of_second(written)
    return pc.binary_join_element_wise(written, "Z", "") if array.type.tz else written


def _with_part_of_second(written: pa.StringArray) -> pa.StringArray:
    """A part of a second of no, six or nine digits."""
    written = pc.replace_substring_regex(written, r"\.0+$", "")
    written = pc.replace_substring_regex(written, r"(\.\d{3})$", r"\1000")
    return pc.replace_substring_regex(written, r"(\.\d{6})000$", r"\1")


def _decimals(array: pa.Array) -> pa.StringArray:
    written = array.cast(pa.string())
    if not pc.any(pc.match_substring(written, "E")).as_py():
        return written
    plain = [None if text is None else format(Decimal(text), "f") for text in written.to_pylist()]
    return pa.array(plain, pa.string())


# --- nested values


def _json(array: pa.Array) -> list[str]:
    """Each value as JSON. Bytes that should be text and are not come as lone surrogates."""
    array = _plain(array)
    kind = array.type
    valid = array.is_valid().to_pylist()
    if pa.types.is_map(kind):
        texts = _json_of_lists(_as_list(array))
    elif pa.types.is_struct(kind):
        texts = _json_of_structs(array)
    elif pa.types.is_nested(kind):
        texts = _json_of_lists(array)
    elif _is_text(kind):
        values = array.cast(pa.binary()).to_pylist()
        texts = [_quoted((value or b"").decode("utf-8", "surrogateescape")) for value in values]
    else:
        numbers = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        texts = [_literal(text, number=numbers) for text in _scalars(array).to_pylist()]
        texts = [text[1:-1] for text in texts] if pa.types.is_boolean(kind) else texts
    return [text if there else "null" for text, there in zip(texts, valid, strict=True)]


def _literal(text: str | None, *, number: bool) -> str:
    """A scalar's text as JSON; what is no number of JSON's, as nan, is a string."""
    value = text or ""
    return value if number and value.lstrip("-")[:1].isdigit() else _quoted(value)


def _json_of_structs(array: pa.StructArray) -> list[str]:
    members = [
        [f"{_quoted(field.name)}:{text}" for text in _json(values)]
        for field, values in zip(array.type.fields, array.flatten(), strict=True)
    ]
    rows = zip(*members, strict=True) if members else [()] * len(array)
    return [f"{{{','.join(row)}}}" for row in rows]


def _json_of_lists(array: pa.Array) -> list[str]:
    items = iter(_json(array.flatten()))
    lengths = pc.list_value_length(array).to_pylist()
    return [f"[{','.join(next(items) for _ in range(length or 0))}]" for length in lengths]


def _as_list(array: pa.MapArray) -> pa.ListArray:
    kind = array.type
    entry = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
    return array.cast(pa.list_(entry))
