"""The properties of a contract's schema → columns and the key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from open_data_contract_standard.model import Relationship, SchemaProperty

from medallion.contracts.findings import Findings
from medallion.contracts.model import METADATA_COLUMNS, Column, Reference, StringType
from medallion.contracts.quality import QualityReader
from medallion.contracts.settings import ColumnSettings, CustomProperties
from medallion.contracts.types import TypeReader
from medallion.errors import InvalidName
from medallion.layout import checked_name

RESERVED = (*METADATA_COLUMNS, "raw", "malformed", "extra")
"""Names that the platform's own columns have, beside or among the source's."""


class Columns(NamedTuple):
    """What a schema's properties come to. `key` is in the order of the key's positions."""

    columns: tuple[Column, ...]
    key: tuple[str, ...]


class ColumnReader:
    """Reads properties; checks on them are gathered by `quality`."""

    def __init__(self, findings: Findings, quality: QualityReader) -> None:
        self._findings = findings
        self._quality = quality

    def read(self, properties: Sequence[SchemaProperty]) -> Columns:
        """All columns, and which of them are the key."""
        columns = [self._column(one, f"schema[0].properties[{index}]") for index, one in enumerate(properties)]
        self._refuse_doubles([column.name for column in columns], "name")
        self._refuse_doubles([column.header for column in columns], "physicalName")
        return Columns(tuple(columns), self._key(properties))

    def _column(self, given: SchemaProperty, path: str) -> Column:
        name = given.name or ""
        self._check_name(name, path)
        settings = CustomProperties(self._findings).read(ColumnSettings, (f"{path}.", given.customProperties))
        reader = TypeReader(self._findings, path, given, settings.formats)
        kind = reader.type()
        rules = reader.rules(kind) if kind else []
        more, required = self._quality.read(given.quality, path, name)
        references = self._references(given.relationships, path)
        return Column(
            name=name,
            header=given.physicalName or name,
            type=kind or StringType(),
            required=bool(given.required) or required,
            optional_in_header=settings.optional_in_header,
            rules=(*rules, *more, *references),
            description=given.description or "",
        )

    def _check_name(self, name: str, path: str) -> None:
        try:
            checked_name("column", name)
        except InvalidName as error:
            remedy = f"{str(error).partition(': ')[2]}; the header's own spelling goes to physicalName"
            self._findings.add(f"{path}.name", f"{name!r} cannot name a column", remedy)
            return
        if name in RESERVED or "__" in name:
            self._findings.add(
                f"{path}.name", f"{name} is kept for the platform's own columns", "choose a name without '__' for it"
            )

    def _refuse_doubles(self, names: list[str], what: str) -> None:
        for index, name in enumerate(names):
            if name in names[:index]:
                self._findings.add(
                    f"schema[0].properties[{index}].{what}", f"{name} is another property's", "choose another"
                )

    def _references(self, relationships: Sequence[Relationship] | None, path: str) -> list[Reference]:
        references = []
        for index, one in enumerate(relationships or ()):
            source, _, column = one.to.partition(".") if isinstance(one.to, str) else ("", "", "")
            if not column or "/" in source or "." in column:
                self._findings.add(
                    f"{path}.relationships[{index}].to",
                    "names no single column of a source",
                    "write it as source.column, as in airports.faa",
                )
            else:
                references.append(Reference(source=source, column=column))
        return references

    def _key(self, properties: Sequence[SchemaProperty]) -> tuple[str, ...]:
        key: list[tuple[int, str]] = []
        for index, one in enumerate(properties):
            path = f"schema[0].properties[{index}]"
            position = one.primaryKeyPosition or -1
            if one.primaryKey:
                if any(position == taken for taken, _ in key):
                    self._findings.add(
                        f"{path}.primaryKeyPosition",
                        "the position is taken, or missing in a key of several columns",
                        "number the key's columns from 1",
                    )
                key.append((position, one.name or ""))
            elif position > 0:
                self._findings.add(f"{path}.primaryKeyPosition", "is given without primaryKey", "add primaryKey: true")
        self._check_unique(properties, key)
        return tuple(name for _, name in sorted(key))

    def _check_unique(self, properties: Sequence[SchemaProperty], key: list[tuple[int, str]]) -> None:
        for index, one in enumerate(properties):
            if one.unique and [name for _, name in key] != [one.name]:
                self._findings.add(
                    f"schema[0].properties[{index}].unique",
                    "only the key is checked for uniqueness",
                    "make the property the primaryKey, or remove unique",
                )
