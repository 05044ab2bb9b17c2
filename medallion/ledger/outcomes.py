"""Records by outcome: what the parser read, what the committed snapshots hold, and whether the two agree."""

from __future__ import annotations

from medallion.contracts.model import Frozen


class ObjectRead(Frozen):
    """What the parser found in one object.

    `rows_in` is the parser's count; an unreadable object has a reason and no rows.
    """

    source_file_id: str
    rows_in: int = 0
    unreadable: str | None = None
    new_columns: tuple[str, ...] = ()
    missing_columns: tuple[str, ...] = ()


class ObjectOutcomes(Frozen):
    """An object's records by outcome, counted in committed snapshots."""

    source_file_id: str
    rows_in: int
    bronze: int = 0
    inserted: int = 0
    updated: int = 0
    duplicates: int = 0
    quarantined: int = 0
    condemned: int = 0

    @property
    def accounted(self) -> int:
        return self.inserted + self.updated + self.duplicates + self.quarantined + self.condemned

    @property
    def balanced(self) -> bool:
        return self.rows_in == self.bronze == self.accounted


class TypeFailures(Frozen):
    """How many records of an object have a value in that column that has not the column's type."""

    source_file_id: str
    column: str
    records: int


class Audit(Frozen):
    """What a scan of the committed snapshots found.

    `lost` and `doubled` are records in none, and in more than one, of the outcomes. `digest` is of each record's
    outcome: it changes with any one of them.
    """

    objects: tuple[ObjectOutcomes, ...]
    quarantined_by_code: dict[str, int]
    lost: int
    doubled: int
    silver_main: int | None
    digest: str = ""
    type_failures: tuple[TypeFailures, ...] = ()

    @property
    def totals(self) -> dict[str, int]:
        """The records of each outcome over all objects."""
        names = [name for name in ObjectOutcomes.model_fields if name != "source_file_id"]
        return {name: sum(getattr(one, name) for one in self.objects) for name in names}
