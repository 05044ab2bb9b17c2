"""docs/bad-input.md, row by row, through the front door: objects into Landing, runs, and what the tables then hold."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from local.settings import Settings
from medallion.control.items import Run, RunStatus
from medallion.layout import Task, Zone
from tests.acceptance.hostile import CASES, FIRST, LATER, REFUSED, TOTALS, Expected
from tests.integration.local.conftest import free_port
from tests.integration.pipeline.deployed import Deployed, deployment, eventually

PAGE = Path(__file__).parents[2] / "docs/bad-input.md"
ROWS = {
    said: (outcome, code)
    for said, outcome, code in re.findall(
        r"^\| ([^|]+?) \| ([^|]+?) \| ?([A-Z_ ]*?) ?\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
}
SOURCES = tuple(TOTALS)
LONGEST = 240.0
"""Seconds for a run on a machine that does much else."""
SILENCE = 3.0
"""Seconds in which a run that will take place is there."""


@dataclass(frozen=True)
class Observed:
    """What became of every object: its identity by source and name, its run by that; records by object and row."""

    identities: dict[tuple[str, str], str] = field(default_factory=dict)
    runs: dict[tuple[str, str], Run] = field(default_factory=dict)
    refused: dict[str, Run] = field(default_factory=dict)
    records: dict[tuple[str, int | None], list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    names: dict[tuple[str, int | None], str | None] = field(default_factory=dict)

    def of(self, case: Expected) -> list[tuple[str, str]]:
        """Outcomes and codes of the case's record, or of its object as a whole."""
        identity, run = self.identities[case.source, case.name], self.runs[case.source, case.name]
        if run.status is RunStatus.HELD:
            codes = set(re.findall(r"\b[A-Z]+_ERROR\b", run.reason)) | set(run.quarantined_by_code)
            return [("held", code) for code in codes]
        if case.row is None and not any(one == identity for one, _ in self.records):
            return [("no record", "")]
        return self.records.get((identity, case.row), [("no record", "")])


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    settings = Settings(state_dir=tmp_path_factory.mktemp("hostile"), port=free_port())
    with deployment(settings, Path(__file__).parent / "tenants"):
        yield Deployed.on(settings, "hostile")


@pytest.fixture(scope="module")
def observed(tenant: Deployed) -> Observed:
    found = Observed()
    s3, landing = tenant.client("s3"), tenant.layout.bucket(Zone.LANDING)
    refused = {key: s3.put_object(Bucket=landing, Key=key, Body=body)["VersionId"] for key, body in REFUSED.items()}
    for objects in (FIRST, LATER):
        found.runs.update(_run(tenant, found, objects))
    for key, version in refused.items():
        found.refused[key] = tenant.settled(f"s3://{landing}/{key}?version={version}")
    _read_tables(tenant, found)
    return found


def _run(tenant: Deployed, found: Observed, objects: dict[tuple[str, str], bytes]) -> dict[tuple[str, str], Run]:
    """Put the objects, and start one run for each source once all are claimed: the sources' runs go side by side."""
    for (source, name), body in objects.items():
        found.identities[source, name] = tenant.put(source, body, name)
    for source, name in objects:
        eventually(partial(tenant.control.claim_of, source, found.identities[source, name]))
    for source in {source for source, _ in objects}:
        tenant.invoke(Task.TRIGGER, {"source": source, "scheduled": True})
    return {one: tenant.settled(found.identities[one], LONGEST) for one in objects}


def _read_tables(tenant: Deployed, found: Observed) -> None:
    def union(select: str) -> list[tuple[str | None, ...]]:
        return tenant.query(" UNION ALL ".join(select.replace("SOURCE", source) for source in SOURCES))

    for identity, row, name in union("SELECT source_file_id, source_row, name FROM {silver}.SOURCE"):
        found.records[identity or "", int(row or 0)].append(("inserted", ""))
        found.names[identity or "", int(row or 0)] = name
    for identity, row in union("SELECT source_file_id, source_row FROM {quarantine}.SOURCE__duplicates"):
        found.records[identity or "", int(row or 0)].append(("duplicate", ""))
    codes = "array_join(transform(errors, e -> e.code), ' ')"
    for event, identity, row, said in union(
        f"SELECT event, source_file_id, source_row, {codes} FROM {{quarantine}}.SOURCE WHERE event LIKE '%quarantined'"
    ):
        outcome = {"quarantined": "quarantined", "object_quarantined": "object quarantined"}[event or ""]
        found.records[identity or "", int(row) if row else None].append((outcome, said or ""))


def test_every_row_has_a_case_when_the_page_is_read() -> None:
    assert ROWS.keys() == CASES.keys()


@pytest.mark.parametrize("said", CASES)
def test_bad_input_gets_what_the_page_says_when_it_arrives(said: str, tenant: Deployed, observed: Observed) -> None:
    for case in CASES[said]:
        assert (case.outcome, case.code) == ROWS[said]
        if case.outcome == "ignored":
            _expect_ignored(tenant, case)
        elif case.outcome == "refused":
            run = observed.refused[case.name]
            assert run.status is RunStatus.REFUSED
            assert "is not registered" in run.reason
        else:
            assert observed.of(case) == [(case.outcome, case.code)]


def _expect_ignored(tenant: Deployed, case: Expected) -> None:
    s3, bucket = tenant.client("s3"), "somebody-elses-landing"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    before = len(tenant.control.runs())
    s3.put_object(Bucket=bucket, Key=f"{case.source}/{case.name}", Body=b"id,customer,amount,note\n1,1,1.00,\n")
    time.sleep(SILENCE)
    assert len(tenant.control.runs()) == before


@pytest.mark.parametrize("source", SOURCES)
def test_every_record_is_counted_when_good_and_bad_come_together(source: str, observed: Observed) -> None:
    promoted = [run for (of, _), run in observed.runs.items() if of == source and run.status is RunStatus.PROMOTED]
    assert len({run.run_id for run in promoted}) == 1
    run = promoted[0]
    names = ("rows_in", "inserted", "updated", "duplicates", "quarantined", "condemned")
    assert {name: count for name in names if (count := run.total(name))} == TOTALS[source]


def test_text_is_exact_when_it_comes_from_any_format(observed: Observed) -> None:
    told = {
        (source, row): observed.names[observed.identities[source, name], row]
        for source, name, row in (
            ("hostile", "records.csv", 2),
            ("latin", "good.csv.gz", 2),
            ("jsonl", "records.jsonl", 1),
            ("nested", "records.json", 1),
            ("parquet", "records.parquet", 1),
        )
    }
    assert list(told.values()) == ["x\0y", "Ångström", "Ada", "one", "Ada"]


def test_each_refusal_says_what_to_do_when_objects_are_quarantined_whole(observed: Observed) -> None:
    whole = [case for cases in CASES.values() for case in cases if case.outcome == "object quarantined"]
    for case in whole:
        identity, run = observed.identities[case.source, case.name], observed.runs[case.source, case.name]
        [warning] = [one for one in run.warnings if one.startswith(f"{identity}: quarantined as a whole: ")]
        assert "; " in warning, "what to do stands after what happened"
