"""Compaction that outgrows the housekeeping function: a job writes the files, a later housekeeping commits them.

The job writes to a branch that no reader sees, and holds no lease. What moves main is the function, under the lease,
by the commit that it makes of files of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from medallion.contracts.model import Frozen, Lane
from medallion.engines.commits import Commit
from medallion.engines.jobs import MaintainJob, Rewritten
from medallion.engines.maintenance import COMPACT, Compacted, Limits, rewritten, too_many
from medallion.engines.schema import types_of
from medallion.errors import PublishConflict, RowsChanged
from medallion.layout import Job, TableLayout, beside
from medallion.steps.platform import Platform

ASKED, JOB, REWRITTEN = "asked.json", "job.json", "rewritten.json"


class Asked(Frozen):
    """What a job was last asked to do to a table; None once that is done, or given up."""

    job: MaintainJob | None = None


class AtWork(Frozen):
    """A job has so many files of the table in its hands."""

    files: int


def by_job(
    platform: Platform, name: str, layout: TableLayout, limits: Limits, confirm: Callable[[], None]
) -> Compacted | AtWork | None:
    """What a job does for the table: it was just asked or is at work, or what it wrote is committed now. None where the
    function does the work itself: there is little of it, no large lane, no free run, or a job that failed.

    `name` is this housekeeping's own. RowsChanged and PublishConflict as compaction here; the job's work is given up.
    """
    asked = platform.read_document(Asked, _about(layout), 1, ASKED)
    if asked is None or asked.job is None:
        return _ask(platform, name, layout, limits)
    job = asked.job
    # In this order: a job that ends in between has left its result.
    at_work = platform.job_is_at_work(Job.MAINTAIN, platform.document_address(job.name, 1, JOB))
    done = platform.read_document(Rewritten, job.name, 1, REWRITTEN)
    if done is None and at_work:
        return AtWork(files=len(job.files))
    compacted, mark = None, Commit(job.name, 1, COMPACT)
    try:
        if done is not None:
            compacted = rewritten(platform.lake, layout, mark, job.files, done, confirm=confirm)
    except (PublishConflict, RowsChanged):
        _forget(platform, layout, job)
        raise
    _forget(platform, layout, job)
    return compacted


def _ask(platform: Platform, name: str, layout: TableLayout, limits: Limits) -> AtWork | None:
    table = platform.lake.load(layout)
    if Lane.GLUE not in platform.lanes.able(types_of(table.schema())):
        return None
    for left in (one for one in table.metadata.refs if one.startswith(beside(""))):
        # A housekeeping that was killed had made it, and asked nobody yet.
        platform.lake.drop_branch(layout, left)
    files = too_many(table, replace(limits, at_once=limits.by_job))
    if sum(file.file_size_in_bytes for file in files) <= limits.at_once:
        return None
    order = f"{name}-{layout.qualified}"
    branch = beside(order)
    job = MaintainJob(
        name=order,
        table=layout.qualified,
        # The branch keeps the snapshot, and its files, until it is dropped.
        snapshot=platform.lake.make_branch(layout, branch),
        files=tuple(file.file_path for file in files),
        branch=branch,
        marks=Commit(order, 1, COMPACT).properties,
        result=platform.document_address(order, 1, REWRITTEN),
    )
    platform.write_document(order, 1, JOB, job)
    platform.write_document(_about(layout), 1, ASKED, Asked(job=job))
    if platform.start_job(Job.MAINTAIN, platform.document_address(order, 1, JOB)):
        return AtWork(files=len(files))
    _forget(platform, layout, job)
    return None


def _forget(platform: Platform, layout: TableLayout, job: MaintainJob) -> None:
    """The job's work is done, or given up: what it wrote and nobody committed is litter."""
    platform.lake.drop_branch(layout, job.branch)
    platform.write_document(_about(layout), 1, ASKED, Asked())


def _about(layout: TableLayout) -> str:
    """Under which name the table's documents stand among those of runs."""
    return f"maintain-{layout.qualified}"
