"""Housekeeping: every table of the tenant, one source or model at a time, the least recently kept first.

What changes what a run is made on happens under the subject's lease; where a run holds it, that is left for the next
time. Every part looks at what is there, so that a housekeeping that was killed is simply begun again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from medallion.contracts.model import Frozen
from medallion.control.items import Run, RunStatus
from medallion.control.upkeep import TableUpkeep, Upkeep
from medallion.engines.commits import Commit
from medallion.engines.expiry import expire, litter, outdated, remove
from medallion.engines.maintenance import COMPACT, Compacted, Limits, compact, too_many
from medallion.errors import MedallionError, UnknownRun, UnknownSource
from medallion.layout import TableLayout, Zone, run_of
from medallion.steps.lease import take, wake_next
from medallion.steps.maintain import AtWork, by_job
from medallion.steps.platform import Platform
from medallion.steps.published import Latest

TERM = timedelta(minutes=16)
"""The lease's term: the longest Lambda, and a minute."""
ENOUGH_TIME = 60.0
"""Seconds that must be left for another table to be begun."""
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Windows:
    """How long what is no longer current stays, in days: the environment's settings."""

    receipt_days: float
    """What a receipt names can be verified against the tables' own snapshots."""
    rollback_days: float
    """A run can be rolled back to."""
    orphan_days: float
    """A file that nothing refers to: it may yet be committed."""

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Windows:
        """The windows that a Lambda's environment variables name."""
        return cls(**{one.name: float(variables[f"MEDALLION_{one.name.upper()}"]) for one in fields(cls)})

    def snapshots(self) -> timedelta:
        return timedelta(days=max(self.receipt_days, self.rollback_days))

    def orphans(self) -> timedelta:
        return timedelta(days=self.orphan_days)


@dataclass(frozen=True)
class Housekeeper:
    """One housekeeping: `name` is its own, and the same when it is tried again; `seconds_left` says how long it may go
    on; `only` names subjects (`silver#flights`), all where there are none.
    """

    name: str
    windows: Windows
    limits: Limits = field(default_factory=Limits)
    seconds_left: Callable[[], float] = lambda: 900.0
    dry_run: bool = False
    only: Collection[str] = ()


class Kept(Frozen):
    """What was done, or with `dry_run` would be; `left` are the subjects for which there was no time."""

    dry_run: bool
    subjects: tuple[Upkeep, ...]
    left: tuple[str, ...] = ()


def housekeep(platform: Platform, keeper: Housekeeper) -> Kept:
    """Keep the tables of every source and model, while there is time."""
    control = platform.control
    control.refuse_if_frozen()
    # A run that is not among the unfinished ones began after this: the windows end before it.
    began = platform.clock()
    known = {one.subject: one.at for one in control.upkeeps.all()}
    subjects = [f"{Zone.SILVER}#{one.name}" for one in control.sources()]
    subjects += [f"{Zone.GOLD}#{one.name}" for one in control.models()]
    if unknown := sorted(set(keeper.only).difference(subjects)):
        raise UnknownSource(
            f"tenant {platform.layout.tenant} has no {', '.join(unknown)}; it has {', '.join(subjects)}"
        )
    subjects = [one for one in subjects if not keeper.only or one in keeper.only]
    subjects.sort(key=lambda one: (known.get(one, _NEVER), one))
    unfinished = control.unfinished_runs()
    done: list[Upkeep] = []
    while subjects and keeper.seconds_left() > ENOUGH_TIME:
        subject = subjects.pop(0)
        upkeep = _keep(platform, keeper, subject, unfinished, began)
        if not keeper.dry_run:
            control.upkeeps.keep(upkeep)
        done.append(upkeep)
    return Kept(dry_run=keeper.dry_run, subjects=tuple(done), left=tuple(subjects))


def _keep(
    platform: Platform, keeper: Housekeeper, subject: str, unfinished: Collection[Run], began: datetime
) -> Upkeep:
    zone, _, name = subject.partition("#")
    layout, lake = platform.layout, platform.lake
    own = [run for run in unfinished if f"{run.kind.zone}#{run.subject}" == subject]
    # What an unfinished run began on, and what its tries wrote, stays whatever the windows say: in every table, since
    # it may refer to another's; but a held run reads anew once it goes on.
    going_on = [run.created_at for run in unfinished if run in own or run.status is not RunStatus.HELD]
    snapshots_before, files_before = (
        min([began - window, *going_on]) for window in (keeper.windows.snapshots(), keeper.windows.orphans())
    )
    published = layout.table(Zone(zone), name)
    logs: tuple[TableLayout, ...] = ()
    if zone == Zone.SILVER:
        logs = (layout.bronze(name), layout.history(name), layout.quarantine(name), layout.duplicates(name))
    tables = []
    for table in (published, *logs):
        if lake.exists(table) and keeper.seconds_left() > ENOUGH_TIME:
            one = _Table(platform, keeper, table, snapshots_before, files_before)
            one.keep(subject if table is published else None)
            tables.append(TableUpkeep(table=table.qualified, **one.done))
    return Upkeep(subject=subject, by=keeper.name, at=platform.clock(), tables=tuple(tables))


class _Table:
    """One table in the keeper's hands; `done` is what was done to it, or would be."""

    def __init__(
        self,
        platform: Platform,
        keeper: Housekeeper,
        table: TableLayout,
        snapshots_before: datetime,
        files_before: datetime,
    ) -> None:
        self._platform, self._keeper, self._table = platform, keeper, table
        self._snapshots_before, self._files_before = snapshots_before, files_before
        self.done: dict[str, Any] = {}

    def keep(self, leased: str | None) -> None:
        """Everything, the table's own rows and history under the lease of `leased`, if it is named."""
        try:
            if leased is None or self._keeper.dry_run:
                self._rearrange(lambda: None)
            else:
                self._under_lease(leased)
            self._tidy()
        except MedallionError as problem:
            self.done["skipped"] = str(problem)

    def _under_lease(self, subject: str) -> None:
        platform, leases, name = self._platform, self._platform.control.leases, self._keeper.name
        token = take(platform, subject, name, TERM)
        if token is None:
            self.done["skipped"] = "a run holds the lease: nothing but files that nothing refers to was removed"
            return
        try:
            self._rearrange(lambda: leases.confirm(subject, name, token, platform.clock()))
        finally:
            leases.release(subject, name)
            wake_next(platform, subject)

    def _rearrange(self, confirm: Callable[[], None]) -> None:
        """Branches of ended runs, many small files, old snapshots."""
        lake, keeper, layout = self._platform.lake, self._keeper, self._table
        branches = self._left_branches()
        if keeper.dry_run:
            table = lake.load(layout)
            files = too_many(table, keeper.limits)
            self.done |= {"files_before": len(files), "rows": sum(file.record_count for file in files)}
            self.done["snapshots_expired"] = len(outdated(table, self._snapshots_before, self._named()))
        else:
            for one in branches:
                confirm()
                lake.drop_branch(layout, one)
            compacted = self._compact(confirm)
            if isinstance(compacted, AtWork):
                self.done["at_work"] = compacted.files
            elif compacted is not None:
                self.done |= {"files_before": compacted.before, "files_after": compacted.after, "rows": compacted.rows}
            confirm()
            self.done["snapshots_expired"] = expire(lake, layout, self._snapshots_before, self._named())
        self.done["branches_removed"] = branches

    def _compact(self, confirm: Callable[[], None]) -> Compacted | AtWork | None:
        """Here, or by a job where it is too much."""
        platform, keeper, layout = self._platform, self._keeper, self._table
        done = by_job(platform, keeper.name, layout, keeper.limits, confirm)
        if done is not None:
            return done
        mark = Commit(keeper.name, 1, COMPACT)
        return compact(platform.lake, layout, mark, platform.resources, keeper.limits, confirm=confirm)

    def _tidy(self) -> None:
        """Files that nothing refers to."""
        platform, keeper = self._platform, self._keeper
        found = litter(platform.lake, self._table, platform.s3, self._files_before)
        if not keeper.dry_run:
            remove(platform.s3, self._table, found)
        self.done |= {"files_removed": len(found), "bytes_removed": sum(one.bytes for one in found)}

    def _left_branches(self) -> tuple[str, ...]:
        """The branches of runs that have ended."""
        refs = self._platform.lake.load(self._table).metadata.refs
        return tuple(sorted(one for one in refs if (run_id := run_of(one)) is not None and self._ended(run_id)))

    def _ended(self, run_id: str) -> bool:
        try:
            return self._platform.control.run(run_id).status.ended
        except UnknownRun:
            return False

    def _named(self) -> set[int]:
        """The snapshots that readers of `_LATEST.json` go by."""
        key = self._platform.layout.latest_key(self._table.name)
        latest = self._platform.read_object(Latest, self._table.bucket, key)
        told = () if latest is None else (latest.current, latest.previous)
        return {one.snapshot_id for one in told if one is not None}
