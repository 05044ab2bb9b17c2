"""What the platform asks beside the standard: custom properties on the contract, a property or a quality rule."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Literal, TypeVar

from open_data_contract_standard.model import CustomProperty
from pydantic import ConfigDict, Field, StrictBool, StrictStr, ValidationError
from pydantic.alias_generators import to_camel

from medallion.contracts.findings import Findings
from medallion.contracts.model import Compression, Encoding, Format, Frozen, Lane, Load, Trigger

S = TypeVar("S", bound="Settings")

FORMER_NAMES = {"csvEncoding": "encoding", "csvCompression": "compression"}
"""What settings were called when CSV was the one format: still read, as the setting that they became."""

_LIKE_OURS = 0.85
"""How much a name must resemble one of ours to be taken for a slip of the pen; 1 is the same."""


class Settings(Frozen):
    """Settings that are read from custom properties; the document spells their names in camel case."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class SourceSettings(Settings):
    """On the contract, or on its one schema object."""

    format: Format = Format.CSV
    csv_delimiter: str = Field(default=",", min_length=1, max_length=1)
    csv_quote: str = Field(default='"', min_length=1, max_length=1)
    encoding: Encoding = Encoding.UTF_8
    compression: Compression = "none"
    records_path: str = "$"
    null_values: tuple[StrictStr, ...] = ("",)
    duplicates: Literal["keep", "drop"] = "keep"
    load: Load = Load.APPEND
    order_by: StrictStr | None = None
    max_attempts: int = Field(default=3, ge=1, le=100, strict=True)
    trigger: Trigger = Trigger.ON_ARRIVAL
    batch_minutes: int | None = Field(default=None, ge=1, le=1440, strict=True)
    batch_bytes: int | None = Field(default=None, ge=1, strict=True)
    batch_count: int | None = Field(default=None, ge=1, le=1000, strict=True)
    breaker_failures: int = Field(default=100, ge=0, strict=True)
    breaker_percent: Decimal = Field(default=Decimal(5), ge=0, le=100)
    breaker_minutes: int = Field(default=60, ge=1, le=1440, strict=True)
    row_count: Literal["warn", "hold"] = "warn"
    row_count_factor: int = Field(default=10, ge=2, strict=True)
    lane: Lane = Lane.AUTO
    approval: Literal["automatic", "manual"] = "automatic"


class ColumnSettings(Settings):
    """On a property. `formats` are tried after the property's own format, in their order."""

    optional_in_header: StrictBool = False
    formats: tuple[StrictStr, ...] = ()


class QualitySettings(Settings):
    """On a quality rule. Codes that say what became of a record, not which rule it failed, are the platform's own."""

    error_code: str | None = Field(default=None, pattern=r"\A[A-Z][A-Z0-9_]{2,62}\z")


class CustomProperties:
    """The custom properties of one contract: what was read of them goes into settings, other tools' are left alone."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def read(self, kind: type[S], *given: tuple[str, Sequence[CustomProperty] | None]) -> S:
        """The settings of that kind, from lists of custom properties with the path of each.

        What cannot be read becomes a finding and keeps its default.
        """
        names = [field.alias or name for name, field in kind.model_fields.items()]
        values: dict[str, Any] = {}
        paths: dict[str, str] = {}
        for path, properties in given:
            for index, one in enumerate(properties or ()):
                place, name = f"{path}customProperties[{index}]", one.property or ""
                name = FORMER_NAMES.get(name, name) if FORMER_NAMES.get(name) in names else name
                if name not in names:
                    self._suspect(place, name, names)
                elif name in values:
                    self._findings.add(place, f"{name} is given twice", "keep one of them")
                else:
                    values[name], paths[name] = one.value, f"{place}.value"
        try:
            return kind.model_validate(values)
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_input=False):
                name = str(fault["loc"][0])
                self._findings.add(paths[name], f"{name}: {fault['msg']}", "see docs/contracts.md for what it may be")
                values.pop(name, None)
            return kind.model_validate(values)

    def _suspect(self, place: str, name: str, names: list[str]) -> None:
        """A name that is nearly one of ours would be left alone, and its setting never take effect."""
        former = [was for was, now in FORMER_NAMES.items() if now in names]
        if near := get_close_matches(name, names + former, n=1, cutoff=_LIKE_OURS):
            self._findings.add(
                f"{place}.property", f"{name} is no setting", f"write {FORMER_NAMES.get(near[0], near[0])}"
            )
