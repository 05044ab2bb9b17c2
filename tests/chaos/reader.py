"""A reader of one source's Silver that never rests: what it sees between a scenario's start and its end."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from medallion.engines.commits import RUN_ID
from medallion.layout import CURRENT, TenantLayout, Zone

PAUSE = 0.8
"""Seconds between two looks: each costs the machine that the scenarios share. What main was in between is in its
table's log, and is read as well.
"""


def lineage(table: Table, snapshot_id: int | None) -> list[int]:
    """The snapshot and all before it, newest first."""
    found: list[int] = []
    while snapshot_id is not None and (snapshot := table.metadata.snapshot_by_id(snapshot_id)) is not None:
        found.append(snapshot_id)
        snapshot_id = snapshot.parent_snapshot_id
    return found


def run_of(table: Table, snapshot_id: int) -> str | None:
    """The run that committed the snapshot, as its summary says."""
    snapshot = table.metadata.snapshot_by_id(snapshot_id)
    return None if snapshot is None or snapshot.summary is None else snapshot.summary.additional_properties.get(RUN_ID)


def identities(table: Table, snapshot_id: int | None = None, *more: str) -> list[dict[str, Any]]:
    """Each row's identity and run, and the columns that are asked for."""
    if table.current_snapshot() is None:
        return []
    wanted = ("source_file_id", "source_row", "run_id", *more)
    rows: list[dict[str, Any]] = table.scan(snapshot_id=snapshot_id, selected_fields=wanted).to_arrow().to_pylist()
    return rows


@dataclass
class Reader:
    """Polls main and `_LATEST.json`, and reads every state that main was in."""

    catalog: Catalog
    glue: Any
    s3: Any
    layout: TenantLayout
    source: str
    seen: dict[int, tuple[str | None, Counter[str]]] = field(default_factory=dict)
    """For each snapshot that main was: the run that made it, and the rows of each run in it."""
    wrong: list[str] = field(default_factory=list)
    polls: int = 0
    _shown: tuple[dict[str, Any] | None, str | None] = (None, None)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._poll_for_ever, name=f"reader-{self.source}", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(30)
        self.poll()

    def half_published(
        self, complete: Mapping[str, int], rolled_back: Collection[str], *, replacing: bool
    ) -> list[str]:
        """What was seen that no reader may see.

        `complete` says how many rows each run brought in. In a `replacing` source a run may lose rows to later ones,
        but when it is the newest all are there. Runs that were taken back are not judged by what is left of them.
        """
        found = list(self.wrong)
        for snapshot, (newest, runs) in self.seen.items():
            for run, rows in runs.items():
                whole = complete.get(run, 0)
                if run not in rolled_back and (rows > whole or (rows < whole and (run == newest or not replacing))):
                    found.append(f"snapshot {snapshot} showed {rows} of the {whole} rows of run {run}")
        return found

    def _poll_for_ever(self) -> None:
        while not self._stop.wait(PAUSE):
            self.poll()

    def poll(self) -> None:
        """Look once. `_LATEST.json` is read first: main may only be ahead of it."""
        self.polls += 1
        silver = self.layout.silver(self.source)
        latest = self._latest()
        told = self.glue.get_table(DatabaseName=silver.database, Name=silver.name)["Table"]
        shown = (latest, told["Parameters"]["metadata_location"])
        if shown == self._shown:
            # A reader would see what it saw: most of the work is to read it.
            return
        self._shown = shown
        table = self.catalog.load_table(silver.identifier)
        head = table.metadata.snapshot_by_name("main")
        if head is None:
            return
        log = [entry.snapshot_id for entry in table.metadata.snapshot_log]
        was_main = {*log, *lineage(table, head.snapshot_id)}
        if latest is not None and latest["snapshot_id"] not in was_main:
            self.wrong.append(f"_LATEST names snapshot {latest['snapshot_id']}, which main never was")
        current = table.metadata.snapshot_by_name(CURRENT)
        if current is not None and current.snapshot_id != head.snapshot_id:
            self.wrong.append(f"the tag {CURRENT} is snapshot {current.snapshot_id}, main is {head.snapshot_id}")
        for snapshot_id in dict.fromkeys([*log, head.snapshot_id]):
            if snapshot_id not in self.seen and table.metadata.snapshot_by_id(snapshot_id) is not None:
                self._read(table, snapshot_id)

    def _read(self, table: Table, snapshot_id: int) -> None:
        rows = identities(table, snapshot_id)
        self.seen[snapshot_id] = (run_of(table, snapshot_id), Counter(row["run_id"] for row in rows))
        twice = len(rows) - len({(row["source_file_id"], row["source_row"]) for row in rows})
        if twice:
            self.wrong.append(f"snapshot {snapshot_id} showed {twice} records twice")

    def _latest(self) -> dict[str, Any] | None:
        try:
            found = self.s3.get_object(Bucket=self.layout.bucket(Zone.SILVER), Key=self.layout.latest_key(self.source))[
                "Body"
            ].read()
        except self.s3.exceptions.NoSuchKey:
            return None
        current: dict[str, Any] = json.loads(found)["current"]
        return current
