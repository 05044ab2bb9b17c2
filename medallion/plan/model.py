"""The compiled plan: a JSON document, pinned to a run and kept with it. An engine executes it and decides nothing."""

from __future__ import annotations

from medallion.contracts.model import Dialect, Frozen

RULES_PER_WORD = 62
"""A verdict is a bit for each rule, in 64-bit words of this many rules: no engine's sign bit is touched."""


class PlanRule(Frozen):
    """One rule, and the bit that it sets in a record's verdict when the record fails it."""

    position: int
    column: str | None
    rule: str
    code: str
    message: str

    @property
    def word(self) -> int:
        return self.position // RULES_PER_WORD

    @property
    def bit(self) -> int:
        return 1 << (self.position % RULES_PER_WORD)


class PlanColumn(Frozen):
    """A column: its name in our tables, its header in the source's objects, its Iceberg type."""

    name: str
    header: str
    iceberg_type: str
    required_in_header: bool


class PlanReference(Frozen):
    """A published Silver column whose values a rule needs, and the relation's name in the plan's SQL."""

    relation: str
    source: str
    column: str


class Field(Frozen):
    """A table's column, by its Iceberg type's name."""

    name: str
    type: str


class Tables(Frozen):
    """The columns of the tables of a source."""

    bronze: tuple[Field, ...]
    silver: tuple[Field, ...]
    history: tuple[Field, ...]
    quarantine: tuple[Field, ...]
    duplicates: tuple[Field, ...]


class Statements(Frozen):
    """A plan's SQL in one engine's dialect.

    `row_hash_pair` holds templates of the parts of a (name, value) pair's text: `__prefix__` is the name's length and
    text, `__column__` the value; a null part is left out. `row_hash_raw` is an expression over a record's bytes.
    `relations` are to be offered by their names in this order, each reading what stands before it: `judged` has a row
    for each record, `resolved` the outcome of each that is `exceptional`; the others are new. `removed` is one more,
    where rows may leave Silver. The rest are the rows that go to the table of that name, `kept` those of a rewritten
    file that stay. The engine offers
    `staged`, `run` (one row), `objects`, `silver_held`, `quarantine_log` and the plan's references; of records that
    are taken up once more also `own` (what Silver holds of them), `failed_before` and `tries`; and for `history` and
    `kept` `silver_touched`, the rows of the files that hold what is removed.
    """

    row_hash_pair: tuple[str, ...]
    row_hash_raw: str
    relations: dict[str, str]
    bronze: str
    removed: str
    silver: str
    kept: str
    history: str
    quarantine: str
    duplicates: str


class Plan(Frozen):
    """What a run does to every record of its objects.

    `held` are the columns by which Silver's records are known; `replaces` says that a record may take another's place,
    `snapshots` that an object is the whole state of its source.
    """

    source: str
    contract_id: str
    contract_version: str
    ruleset: str
    dialect: Dialect
    columns: tuple[PlanColumn, ...]
    key: tuple[str, ...]
    held: tuple[str, ...]
    replaces: bool
    snapshots: bool
    max_attempts: int
    rules: tuple[PlanRule, ...]
    references: tuple[PlanReference, ...]
    tables: Tables
    statements: dict[str, Statements]

    @property
    def words(self) -> int:
        """How many 64-bit words a verdict has."""
        return -(-len(self.rules) // RULES_PER_WORD)
