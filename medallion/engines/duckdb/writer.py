"""What a run commits: each table once, Silver on the run's branch, the log at a position of its own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.table.refs import MAIN_BRANCH

from medallion.engines.commits import Commit
from medallion.engines.duckdb.session import Session
from medallion.engines.iceberg import Lake, Planned
from medallion.engines.model import Attempt, SourceTables
from medallion.layout import TableLayout
from medallion.plan.model import Plan


class Writer:
    """The commits of one attempt."""

    def __init__(self, session: Session, lake: Lake, run: Attempt) -> None:
        self._session, self._lake, self.run = session, lake, run

    def commit(
        self, layout: TableLayout, select: str, *, branch: str = MAIN_BRANCH, commit: Commit | None = None
    ) -> int:
        """Append the rows. The snapshot."""
        return self._append(layout, select, branch=branch, commit=commit)

    def log(self, layout: TableLayout, select: str) -> int:
        """Append events, each with the place of its commit among the log's: an order that no clock can disturb."""

        def positioned(table: Table) -> list[DataFile]:
            position = table.metadata.next_sequence_number()
            self._session.connection.execute("UPDATE run SET log_position = $1", [position])
            return self._session.write(select, table, layout, self.run.commit)

        return self._lake.append(layout, self.run.commit, positioned, anew=True)

    def replace(
        self, tables: SourceTables, silver: Planned, plan: Plan, notes: Mapping[str, str]
    ) -> tuple[int, int | None]:
        """Silver without what is `removed` and with what is new, in one snapshot; what left it goes to history.

        Only the files that hold a removed row are written anew. Silver's snapshot on the run's branch, and history's
        where a row left.
        """
        statements, run = plan.statements["duckdb"], self._session.connection.execute
        self._session.read("silver_placed", silver, ("source_file_id", "source_row"), filename=True)
        touched = tuple(
            name
            for (name,) in run(
                "SELECT DISTINCT filename FROM silver_placed JOIN removed USING (source_file_id, source_row)"
            ).fetchall()
        )
        if not touched:
            return self._append(tables.silver, statements.silver, branch=self.run.branch, notes=notes), None
        self._session.read("silver_touched", Planned(silver.snapshot_id, silver.schema, touched))
        rows = f"({statements.kept}) UNION ALL BY NAME ({statements.silver})"
        snapshot = self._append(tables.silver, rows, branch=self.run.branch, notes=notes, removing=touched)
        return snapshot, self.commit(tables.history, statements.history)

    def _append(
        self,
        layout: TableLayout,
        select: str,
        *,
        branch: str,
        commit: Commit | None = None,
        notes: Mapping[str, str] = MappingProxyType({}),
        removing: tuple[str, ...] = (),
    ) -> int:
        return self._lake.append(
            layout,
            commit or self.run.commit,
            lambda table: self._session.write(select, table, layout, self.run.commit),
            branch=branch,
            removing=removing,
            notes=notes,
        )
