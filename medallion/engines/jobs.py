"""What a job of the large lanes is told, as a document: everything is decided and staged before it starts."""

from __future__ import annotations

from collections.abc import Mapping

from medallion.contracts.model import Frozen
from medallion.engines.inputs import Inputs
from medallion.engines.lines import Lines
from medallion.engines.model import Attempt, SourceTables
from medallion.layout import TableLayout
from medallion.ledger.outcomes import ObjectRead
from medallion.plan.model import Plan


class ReferenceRead(Frozen):
    """A published column that the plan refers to: the relation's name in its SQL, where it stands, and since when."""

    relation: str
    table: str
    column: str
    snapshot: int


class Reads(Frozen):
    """The snapshots that the job reads."""

    silver: int
    quarantine: int
    references: tuple[ReferenceRead, ...]


class Marks(Frozen):
    """What the summaries of a job's snapshots carry: of what its attempt commits, and of what the run commits once."""

    attempt: dict[str, str]
    run: dict[str, str]


class RefineJob(Frozen):
    """A run's attempt, ready for an engine that knows nothing of contracts, lakes or control planes.

    `relations` are addresses of Parquet: `staged`, `objects`, `run`, `own`, `failed_before` and `tries`, as the plan's
    SQL names them. `lines` are objects whose records the job reads itself, beside those of `staged`, which is not there
    where it reads them all. `events` is the SQL of the quarantine log's rows: the plan's, and one for each object that
    cannot be read. `bronze` is the snapshot that holds the records where a replay has them there already. `result` is
    the address where the job writes `{"refined": …, "blocked": ""}`.
    """

    run_id: str
    attempt: int
    branch: str
    replay: bool
    plan: Plan
    events: str
    relations: dict[str, str]
    lines: tuple[Lines, ...]
    tables: dict[str, str]
    reads: Reads
    marks: Marks
    notes: dict[str, str]
    read: tuple[ObjectRead, ...]
    bronze: int | None
    replayed: str | None
    replayed_runs: tuple[str, ...]
    result: str


class Pinned(Frozen):
    """A table as it stood at a snapshot."""

    table: str
    snapshot: int


class ModelJob(Frozen):
    """A Gold model's build, ready for an engine that knows nothing of models.

    `query` reads `inputs` by their relations' names; what it returns takes the place of all that `target` holds, under
    the names of `columns`, in one snapshot of the branch that says `notes` and carries `marks`. `base` is what the
    target has published. `result` is the address where the job writes what it built.
    """

    run_id: str
    attempt: int
    branch: str
    query: str
    inputs: dict[str, Pinned]
    target: str
    base: int
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    marks: dict[str, str]
    notes: dict[str, str]
    result: str


class MaintainJob(Frozen):
    """Files of a table's main that are to become fewer: what stands in `files` at `snapshot` is written anew to the
    branch, with `marks`, and checked. Whoever asked puts it in their place. `result` is the address of a Rewritten.
    """

    name: str
    table: str
    snapshot: int
    files: tuple[str, ...]
    branch: str
    marks: dict[str, str]
    result: str


class Rewritten(Frozen):
    """The snapshot of the branch that added the new files, and how many rows they hold: those of the old ones."""

    snapshot: int
    rows: int


def names_of(tables: SourceTables) -> dict[str, str]:
    """The source's tables as `database.table`."""
    return {name: table.qualified for name, table in vars(tables).items()}


def reads_of(plan: Plan, inputs: Inputs, references: Mapping[str, TableLayout]) -> Reads:
    """What the attempt's pinned inputs are, by name."""
    return Reads(
        silver=inputs.silver.snapshot_id,
        quarantine=inputs.quarantine.snapshot_id,
        references=tuple(
            ReferenceRead(
                relation=one.relation,
                table=references[one.source].qualified,
                column=one.column,
                snapshot=inputs.references[one.source].snapshot_id,
            )
            for one in plan.references
        ),
    )


def marks_of(run: Attempt) -> Marks:
    """The properties by which what the attempt commits is found again."""
    return Marks(attempt=run.commit.properties, run=run.commit.whole_run.properties)
