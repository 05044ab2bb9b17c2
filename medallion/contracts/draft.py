"""What a sample showed → the draft of a contract, with the evidence beside each rule, for a person to edit and approve.

A draft takes every record of its sample, and is no looser than the sample allows; where it is narrower than the source
will be tomorrow is for the person to see, who knows the source. Two things are left open on purpose: a time has no
latest, for tomorrow's is later, and what tells records apart has no range, for there will be more of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import yaml

from medallion.contracts.bounds import bounds, plain
from medallion.contracts.model import (
    DateType,
    DecimalType,
    Dialect,
    Format,
    Frozen,
    Load,
    TimestampType,
)
from medallion.contracts.naming import column_names
from medallion.contracts.profile import ColumnProfile, Profile
from medallion.layout import checked_source

VERSION = "1.0.0"
_DEFAULT = Dialect()
_LONGEST_KEY = 64


class Choices(Frozen):
    """What a draft takes from a person and not from the sample. `key` and `order_by` are columns of the contract."""

    tenant: str
    source: str
    key: tuple[str, ...] = ()
    load: Load = Load.APPEND
    order_by: str | None = None


def draft_contract(profile: Profile, chosen: Choices) -> str:
    """The text of an ODCS 3.1 document, with what was seen as comments."""
    checked_source(chosen.source)
    names = column_names([column.header for column in profile.columns])
    lines = [*_head(profile, chosen), *_settings(profile, chosen), "schema:", f"  - name: {_named(chosen.source)}"]
    lines.append("    properties:")
    for name, column in zip(names, profile.columns, strict=True):
        lines += _property(name, column, chosen, profile.dialect)
    return "\n".join(lines) + "\n"


def _head(profile: Profile, chosen: Choices) -> Iterator[str]:
    yield f"# A draft, made of the {profile.records:,} records of {_plain(profile.sample)}: each # says what was seen."
    yield "# Rules are as narrow as the sample is. Widen what you know to be wider, say what columns mean, remove this."
    for sentence in _about_records(profile):
        yield f"# {sentence}"
    yield "apiVersion: v3.1.0"
    yield "kind: DataContract"
    yield f"id: {chosen.tenant}-{chosen.source.replace('_', '-')}"
    yield f'version: "{VERSION}"'
    yield "status: draft"
    yield "description:"
    yield "  purpose: What this source is, and who sends it."


def _about_records(profile: Profile) -> Iterator[str]:
    for reason, count in profile.faults.items():
        yield f"{count:,} records are malformed and would be quarantined: {_plain(reason)}."
    if profile.repeated:
        yield f"{profile.repeated:,} records stand there once more, whole: `duplicates: drop` would let each in once."


def _settings(profile: Profile, chosen: Choices) -> Iterator[str]:
    """The custom properties that differ from the defaults, and all that was seen of the dialect."""
    dialect = profile.dialect
    given: dict[str, str] = {}
    if dialect.format is not Format.CSV:
        given["format"] = dialect.format
    if dialect.delimiter != _DEFAULT.delimiter:
        given["csvDelimiter"] = dialect.delimiter
    if dialect.quote != _DEFAULT.quote:
        given["csvQuote"] = dialect.quote
    if dialect.encoding is not _DEFAULT.encoding:
        given["encoding"] = dialect.encoding
    if dialect.compression != _DEFAULT.compression:
        given["compression"] = dialect.compression
    lines = [f"  - {{property: {name}, value: {_quoted(value)}}}" for name, value in given.items()]
    if profile.tokens:
        counts = ", ".join(f"{token} {count:,} times" for token, count in profile.tokens.items())
        values = ", ".join(map(_quoted, dialect.null_values))
        lines.append(f"  - {{property: nullValues, value: [{values}]}}  # among numbers and times: {counts}")
    if chosen.load is not Load.APPEND:
        lines.append(f"  - {{property: load, value: {chosen.load}}}")
    if chosen.order_by is not None:
        lines.append(f"  - {{property: orderBy, value: {_named(chosen.order_by)}}}")
    yield from (f"# {_plain(sentence)}" for sentence in profile.seen)
    if lines:
        yield "customProperties:"
        yield from lines


# --- columns


def _property(name: str, column: ColumnProfile, chosen: Choices, dialect: Dialect) -> Iterator[str]:
    yield f"      # {_seen(column)}"
    for remark in column.remarks:
        yield f"      # {_plain(remark)}"
    yield f"      - name: {_named(name)}"
    if column.header != name:
        yield f"        physicalName: {_quoted(column.header)}"
    yield from (f"        {line}" for line in _type(column))
    yield from (f"        {line}" for line in _rules(name, column, chosen))


def _seen(column: ColumnProfile) -> str:
    """The counts and extremes of a column, as a sentence."""
    said = [f"{column.values:,} of {column.records:,} records have a value", f"{column.distinct:,} distinct"]
    if column.minimum is not None:
        said.append(f"from {plain(column, column.minimum)} to {plain(column, column.maximum or '')}")
    elif column.type.kind == "string" and column.values:
        said.append(f"{column.shortest:,} to {column.longest:,} characters")
    return "; ".join(said)


def _type(column: ColumnProfile) -> Iterator[str]:
    match column.type:
        case DecimalType(precision=precision, scale=scale):
            yield "logicalType: number"
            digits = f"{precision - scale} digits before the point and {scale} after it, at most"
            yield f"physicalType: decimal({precision},{scale})  # {digits}"
        case kind if kind.kind == "double":
            yield "logicalType: number"
        case kind:
            yield f"logicalType: {kind.kind}"


def _rules(name: str, column: ColumnProfile, chosen: Choices) -> Iterator[str]:
    options = list(_options(name, column, chosen))
    if options:
        yield "logicalTypeOptions:"
        yield from (f"  {option}" for option in options)
    if name in chosen.key:
        what = f"{column.distinct:,} distinct values in {column.records:,} records"
        yield f"required: true  # no null in {column.records:,} records"
        yield f"primaryKey: true  # {what}"
        if len(chosen.key) > 1:
            yield f"primaryKeyPosition: {chosen.key.index(name) + 1}"
    elif column.values == column.records > 0:
        unique = "; no value stands there twice" if column.unique and column.records > 1 else ""
        yield f"required: true  # no null in {column.records:,} records{unique}"
    if isinstance(column.type, DateType | TimestampType) and len(column.type.formats) > 1:
        formats = ", ".join(map(_quoted, column.type.formats[1:]))
        yield "customProperties:"
        yield f"  - {{property: formats, value: [{formats}]}}  # were seen as well"
    if column.domain:
        yield "quality:"
        yield f"  - metric: invalidValues  # {len(column.domain)} codes, each seen {column.rarest:,} times at least"
        yield f"    arguments: {{validValues: [{', '.join(map(_quoted, column.domain))}]}}"
        yield "    mustBe: 0"


def _options(name: str, column: ColumnProfile, chosen: Choices) -> Iterator[str]:
    if isinstance(column.type, DateType | TimestampType):
        yield f"format: {_quoted(column.type.formats[0])}  # all {column.values:,} values are such times"
    if column.pattern is not None:
        yield f"pattern: {_quoted(column.pattern)}  # all {column.values:,} values"
    counted = name in chosen.key or (column.unique and column.type.kind == "integer")
    if not counted:
        yield from (f"{bound}  # {why}" for bound, why in bounds(column))


def _named(name: str) -> str:
    """A name as a YAML scalar: in quotes where YAML takes it for something else, as null, no and on."""
    return name if yaml.safe_load(name) == name else _quoted(name)


def _quoted(text: str) -> str:
    """The text as a YAML scalar in quotes, on one line."""
    return str(yaml.safe_dump(str(text), default_style='"', width=2**20, allow_unicode=True)).strip()


def _plain(text: str) -> str:
    """The text as part of a comment: on one line, and nothing that YAML does not take."""
    return "".join(one if one.isprintable() else "?" for one in text)


def chosen_key(profile: Profile, names: Sequence[str]) -> tuple[str, ...]:
    """The column that tells records apart by its values and its name or its place; nothing where no column does both.

    That every value is another is no proof of a key in a sample, so a name must say so too, or the column be the first.
    """
    for position, (name, column) in enumerate(zip(names, profile.columns, strict=True)):
        told = column.type.kind in ("integer", "string") and column.unique and column.records > 1
        named = name.rpartition("_")[2] in ("id", "no", "nr", "number", "code", "key", "ref", "uuid", "guid")
        short = column.type.kind == "integer" or (column.longest <= _LONGEST_KEY and column.pattern is not None)
        if told and (named or (position == 0 and short)):
            return (name,)
    return ()
