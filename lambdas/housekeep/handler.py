"""Housekeep: the tenant's tables are kept small and quick, by schedule or at a person's word."""

from __future__ import annotations

import os
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.runtime import logger, metrics, platform, tracer
from medallion.steps.housekeep import Housekeeper, Kept, Windows, housekeep


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    keeper = Housekeeper(
        # A call that AWS tries again has the same id: it takes up its own lease.
        name=f"housekeeping-{context.aws_request_id}",
        windows=Windows.of(os.environ),
        seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
        dry_run=bool(event.get("dry_run")),
        only=tuple(event.get("only", ())),
    )
    kept = housekeep(platform(), keeper)
    _tell(kept)
    return kept.model_dump(mode="json")


def _tell(kept: Kept) -> None:
    """One log line for each table, and how much was done as metrics."""
    tables = [table for subject in kept.subjects for table in subject.tables]
    for table in tables:
        (logger.warning if table.skipped else logger.info)("kept", extra=table.model_dump() | {"dry_run": kept.dry_run})
    if kept.left:
        logger.warning("no time left", extra={"subjects": kept.left})
    if kept.dry_run:
        return
    for name, value in (
        ("FilesCompacted", sum(one.files_before for one in tables)),
        ("SnapshotsExpired", sum(one.snapshots_expired for one in tables)),
        ("FilesRemoved", sum(one.files_removed for one in tables)),
        ("BranchesRemoved", sum(len(one.branches_removed) for one in tables)),
        ("TablesSkipped", sum(bool(one.skipped) for one in tables)),
        ("SubjectsLeft", len(kept.left)),
    ):
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
