"""What is foretold of a correction, a reprocess or a backfill is what then happens; foretelling changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from medallion.control.items import Run
from medallion.engines.duckdb.correction import Records
from medallion.engines.model import Forecast
from medallion.errors import InvalidCorrection
from medallion.plan.quarantine import Chosen
from medallion.steps.entries import condemned, correct, foresee_correction, release
from medallion.steps.forecast import foresee_backfill, foresee_reprocess
from medallion.steps.replay import backfill, published_objects
from tests.integration.steps.test_loads import contract
from tests.integration.steps.test_replay import ADA, BODY, again, events, silver
from tests.integration.steps.workbench import Workbench


def told(run: Run | None) -> Forecast:
    """The forecast that the run should have had; what left Silver is not told by the run."""
    assert run is not None
    names = ("inserted", "updated", "duplicates", "quarantined", "condemned")
    return Forecast(by_code=run.quarantined_by_code, **{name: run.total(name) for name in names})


def test_forecast_is_what_happens_when_records_fare_in_every_way(bench: Workbench) -> None:
    bench.register(contract("foretold"))
    bench.ingest("foretold", BODY + "1,x,a\n2,y,b\n3,1,toolong\n4,z,c\n100,2,other\n7,1\n")
    fixes = {"seen": "CASE WHEN id = '1' THEN '7' WHEN id = '2' THEN 'still' ELSE seen END"}
    only = Chosen(codes=("TYPE_ERROR", "RANGE_ERROR", "PATTERN_ERROR", "RULE_ERROR", "DUPLICATE_KEY"))
    before = events(bench, "foretold")
    uncorrected = foresee_reprocess(bench.platform, "foretold", only)
    foreseen = foresee_reprocess(bench.platform, "foretold", only, fixes)
    assert foresee_correction(bench.platform, "foretold", only, fixes).columns == {"seen": 2}
    assert events(bench, "foretold") == before, "foretelling writes nothing"
    assert uncorrected.inserted == 0
    assert correct(bench.platform, "foretold", only, fixes, ADA) == 2
    assert foresee_reprocess(bench.platform, "foretold", only) == foreseen
    run = again(bench, "foretold", only)
    assert told(run) == foreseen
    assert (foreseen.inserted, foreseen.quarantined, foreseen.condemned) == (1, 1, foreseen.records - 2)
    assert condemned(bench.platform, "foretold", Chosen()) == foreseen.condemned
    assert release(bench.platform, "foretold", Chosen(), ADA) == foreseen.condemned


def test_forecast_of_objects_is_what_happens_when_the_rules_have_changed(bench: Workbench) -> None:
    bench.register(contract("refilled"))
    bench.ingest("refilled", BODY + "1,1,toolong\n2,2,abcd\n3,3,a\n")
    bench.register(contract("refilled", version="2.0.0").replace("maxLength: 5", "maxLength: 7, minLength: 2"))
    objects = published_objects(bench.platform, "refilled")
    foreseen = foresee_backfill(bench.platform, "refilled", objects)
    assert foreseen.withdrawn == 1
    asked = backfill(bench.platform, "refilled", objects, ADA)
    assert asked is not None
    assert told(bench.walk(asked)) == foreseen.model_copy(update={"withdrawn": 0})
    assert foresee_backfill(bench.platform, "refilled", []) == Forecast()


def test_each_record_reads_as_it_was_corrected_when_texts_are_given_for_single_ones(bench: Workbench) -> None:
    bench.register(contract("singly"))
    first = bench.ingest("singly", BODY + "1,x,a\n2,y,toolong\n3,z,c\n4,5\n")
    [one] = first.objects
    records: Records = {
        (one, 51): {"seen": "7"},
        (one, 52): {"seen": "8", "name": None},
        (one, 54): {"id": "4", "seen": "5", "name": "mend"},
    }
    foreseen = foresee_correction(bench.platform, "singly", Chosen(), {}, records)
    assert (foreseen.entries, foreseen.columns) == (3, {"id": 1, "seen": 3, "name": 2})
    assert correct(bench.platform, "singly", Chosen(), {}, ADA, records) == 3
    later = replace(ADA, at=ADA.at + timedelta(seconds=1))
    assert correct(bench.platform, "singly", Chosen(), {}, later, records) == 0, "they say so already"
    assert foresee_reprocess(bench.platform, "singly", Chosen()).inserted == 3
    again(bench, "singly")
    assert silver(bench, "singly") == [(1, 7, "a", 1), (2, 8, None, 1), (4, 5, "mend", 1)]


@pytest.mark.parametrize(
    ("row", "texts", "said"),
    [(50, {"seen": "1"}, "record 50 of .* is not in quarantine"), (51, {"colour": "red"}, "no column colour")],
)
def test_nothing_is_corrected_when_a_record_or_column_is_unknown(
    bench: Workbench, row: int, texts: dict[str, str | None], said: str
) -> None:
    source = f"unknown_{row}"
    bench.register(contract(source))
    [one] = bench.ingest(source, BODY + "1,x,a\n").objects
    with pytest.raises(InvalidCorrection, match=said):
        correct(bench.platform, source, Chosen(), {}, ADA, {(one, 51): {"seen": "1"}, (one, row): texts})
    assert len(events(bench, source)) == 1
