"""What a sample of a source's records showed: counts and extremes, no record. A contract is drafted from it."""

from __future__ import annotations

from medallion.contracts.model import ColumnType, Dialect, Frozen


class ColumnProfile(Frozen):
    """What one column of the sample held. Texts of records are in `domain` alone: the few values of a list of codes.

    `type` is the strictest that has the form of every value; `distinct` counts values of that type. `minimum` and
    `maximum` are of numbers, dates and timestamps, as the type's literals; `shortest` and `longest` count characters.
    `pattern` matches every value. `rarest` is how often the rarest of `domain` was seen. `remarks` are what a person
    should know, as sentences.
    """

    header: str
    records: int
    values: int
    distinct: int
    type: ColumnType
    minimum: str | None = None
    maximum: str | None = None
    shortest: int = 0
    longest: int = 0
    domain: tuple[str, ...] = ()
    rarest: int = 0
    pattern: str | None = None
    remarks: tuple[str, ...] = ()

    @property
    def nulls(self) -> int:
        return self.records - self.values

    @property
    def unique(self) -> bool:
        """Whether every record has a value, and no two the same."""
        return self.values == self.distinct == self.records > 0


class Profile(Frozen):
    """What a sample held. `records` are those that are well formed; `faults` say why others are not, and how many.

    `dialect` is how it was read, and `seen` why so; `tokens` are the texts that were taken for null, with their number;
    `repeated` is how many records stand once more that stand there already.
    """

    sample: str
    dialect: Dialect
    seen: tuple[str, ...]
    records: int
    faults: dict[str, int]
    repeated: int
    tokens: dict[str, int]
    columns: tuple[ColumnProfile, ...]

    @property
    def malformed(self) -> int:
        return sum(self.faults.values())
