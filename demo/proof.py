"""What the demo promises, checked: each function returns sentences about what is off, none if nothing is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from demo.journey import Travelled
from demo.report import AgainReport, GoldReport, Held, SourceReport
from demo.transactions import Expected
from medallion.control.items import RunStatus

SILVER_SECONDS = 10.0
"""How long the flights may take from Landing to published Silver."""
MEMORY_MB = 4096
SECONDS = 180.0


def check_run(one: Travelled) -> Iterator[str]:
    """The file's run was published."""
    if one.run.status is not RunStatus.PROMOTED:
        reason = one.run.reason or "no reason given"
        yield f"{one.file.label}: run {one.run.run_id} is {one.run.status}, not promoted: {reason}"


def check_sum(label: str, report: SourceReport) -> Iterator[str]:
    """rows_in, counted from the file by Python's csv module, is the sum of the outcomes."""
    if report.rows_in != report.accounted:
        yield f"{label}: the file has {report.rows_in} records, run {report.run_id} accounts for {report.accounted}"


def check_tables(label: str, report: SourceReport, held: Held, codes: Mapping[str, int]) -> Iterator[str]:
    """What the run says it did is what Athena finds in the tables."""
    told = Held(
        bronze=report.rows_in,
        silver=report.inserted + report.updated,
        quarantine=report.quarantined,
        duplicates=report.duplicates,
    )
    run = f"run {report.run_id}"
    for table, count in held.model_dump().items():
        if count != getattr(told, table):
            yield f"{label}: {table} holds {count} records of {run}, which tells of {getattr(told, table)}"
    if dict(codes) != report.quarantined_by_code:
        yield f"{label}: entries in quarantine are {dict(codes)}, {run} tells of {report.quarantined_by_code}"


def check_expected(label: str, report: SourceReport, expected: Expected) -> Iterator[str]:
    """The generated file's records ended as its generator says that they must."""
    told = (report.rows_in, report.inserted, report.duplicates, report.quarantined, report.quarantined_by_code)
    due = (expected.rows_in, expected.inserted, expected.duplicates, expected.quarantined, expected.codes)
    if told != due:
        yield f"{label}: its generator makes {due}, the run tells of {told}"


def check_again(label: str, again: AgainReport) -> Iterator[str]:
    """The same object changed nothing: told of again, nowhere; dropped again, nothing that a reader sees."""
    if again.runs_for_told_again != 1 or again.after_told_again != again.before:
        yield (
            f"{label}: told of the same object again, its tables went from {again.before} to {again.after_told_again}"
        )
    seen = {"silver", "quarantine"}
    if again.after_dropped_again.model_dump(include=seen) != again.before.model_dump(include=seen):
        yield f"{label}: the same file again, its tables went from {again.before} to {again.after_dropped_again}"
    if again.rows_in != again.duplicates:
        yield f"{label}: run {again.run_id} finds {again.duplicates} of {again.rows_in} records duplicate"


def check_gold(tenant: str, before: Mapping[str, GoldReport], after: Mapping[str, GoldReport]) -> Iterator[str]:
    """Gold has rows, and says the same after the same files were dropped again."""
    for name, model in before.items():
        if not model.rows:
            yield f"{tenant}: Gold's {name} is empty"
        if (model.rows, model.answer) != (after[name].rows, after[name].answer):
            yield f"{tenant}: Gold's {name} answers otherwise after the same files were dropped again"


def check_targets(flights_seconds: float, peak_memory_mb: int, seconds: float) -> Iterator[str]:
    """What the demo is to take on two cores that do nothing else."""
    if flights_seconds > SILVER_SECONDS:
        yield f"flights took {flights_seconds:.1f} s from Landing to Silver; the target is {SILVER_SECONDS:.0f} s"
    if peak_memory_mb > MEMORY_MB:
        yield f"the demo took {peak_memory_mb} MB of memory; the target is {MEMORY_MB} MB"
    if seconds > SECONDS:
        yield f"the demo took {seconds:.0f} s; the target is {SECONDS:.0f} s"
