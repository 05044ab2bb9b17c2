"""The plan's type names → Iceberg schemas, DuckDB types, and the field ids that Parquet files carry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count

from pydantic import TypeAdapter
from pyiceberg.schema import Schema
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    PrimitiveType,
    StringType,
    StructType,
    TimestampType,
    TimestamptzType,
)

from medallion.errors import UnsafeSnapshot
from medallion.plan.model import Field
from medallion.plan.sql import quoted
from medallion.plan.tables import ERROR_PARTS, ERRORS, RECORD

_PRIMITIVE: TypeAdapter[PrimitiveType] = TypeAdapter(PrimitiveType)
_NESTED: dict[str, Callable[[Iterator[int]], IcebergType]] = {
    RECORD: lambda ids: MapType(next(ids), StringType(), next(ids), StringType(), value_required=False),
    ERRORS: lambda ids: ListType(
        next(ids),
        StructType(*(NestedField(next(ids), name, StringType(), required=False) for name in ERROR_PARTS)),
        element_required=False,
    ),
}
_DUCKDB: dict[type[IcebergType], str] = {
    StringType: "VARCHAR",
    LongType: "BIGINT",
    IntegerType: "INTEGER",
    DoubleType: "DOUBLE",
    BooleanType: "BOOLEAN",
    DateType: "DATE",
    TimestampType: "TIMESTAMP",
    TimestamptzType: "TIMESTAMPTZ",
    BinaryType: "BLOB",
}


def iceberg_schema(fields: Sequence[Field]) -> Schema:
    """The Iceberg schema of these columns, all optional, with field ids given in order."""
    ids = count(1)
    outer = [next(ids) for _ in fields]
    return Schema(
        *(
            NestedField(number, field.name, iceberg_type(field.type, ids), required=False)
            for number, field in zip(outer, fields, strict=True)
        )
    )


def iceberg_type(name: str, ids: Iterator[int]) -> IcebergType:
    """The Iceberg type of that name; a nested one takes its parts' field ids from `ids`."""
    return _NESTED[name](ids) if name in _NESTED else _PRIMITIVE.validate_python(name)


def types_of(schema: Schema) -> set[str]:
    """The types of the schema's columns, as Iceberg names them."""
    return {str(one.field_type) for one in schema.fields}


def field_ids(schema: Schema) -> str:
    """The FIELD_IDS option of DuckDB's COPY (https://duckdb.org/docs/stable/data/parquet/overview) for the schema."""
    return _struct_ids(schema.fields)


def duckdb_type(kind: IcebergType) -> str:
    """The DuckDB type that holds an Iceberg type's values exactly; UnsafeSnapshot for a type that has none here."""
    match kind:
        case DecimalType(precision=precision, scale=scale):
            return f"DECIMAL({precision}, {scale})"
        case ListType(element_type=element):
            return f"{duckdb_type(element)}[]"
        case MapType(key_type=key, value_type=value):
            return f"MAP({duckdb_type(key)}, {duckdb_type(value)})"
        case StructType(fields=fields):
            return f"STRUCT({', '.join(f'{quoted(one.name)} {duckdb_type(one.field_type)}' for one in fields)})"
    if type(kind) not in _DUCKDB:
        raise UnsafeSnapshot(f"columns of type {kind} cannot be read exactly by this engine")
    return _DUCKDB[type(kind)]


def _struct_ids(fields: Sequence[NestedField]) -> str:
    return "{" + ", ".join(f"{quoted(one.name)}: {_ids(one.field_id, one.field_type)}" for one in fields) + "}"


def _ids(number: int, kind: IcebergType) -> str:
    match kind:
        case ListType(element_id=element_id, element_type=element):
            parts = f"element: {_ids(element_id, element)}"
        case MapType(key_id=key_id, key_type=key, value_id=value_id, value_type=value):
            parts = f"key: {_ids(key_id, key)}, value: {_ids(value_id, value)}"
        case StructType(fields=fields):
            parts = _struct_ids(fields)[1:-1]
        case _:
            return str(number)
    return f"{{__duckdb_field_id: {number}, {parts}}}"
