"""Quarantined records are corrected, taken up once more, given up, brought back; objects are done again from Bronze."""

from __future__ import annotations

from datetime import timedelta

import pytest

from medallion.control.items import Run, RunStatus
from medallion.engines.duckdb.entries import choose
from medallion.errors import InvalidCorrection
from medallion.people import Person
from medallion.plan.quarantine import Chosen, State
from medallion.steps.entries import correct, release
from medallion.steps.replay import backfill, published_objects, reprocess
from tests.integration.steps.test_loads import contract, history
from tests.integration.steps.workbench import BEGIN, Workbench, outcomes

ADA = Person("Ada", "looked at it", BEGIN)
GOOD = "".join(f"{n},1,ok\n" for n in range(100, 150))
BODY = "id,seen,name\n" + GOOD


def silver(bench: Workbench, source: str, where: str = "id < 100") -> list[tuple[object, ...]]:
    return bench.rows(bench.platform.layout.silver(source), "id, seen, name, attempt_count", where)


def states(bench: Workbench, source: str) -> dict[int, str]:
    """Each entry's state, by the record's number in its object."""
    log = bench.platform.layout.quarantine(source)
    return {
        entry.source_row: state
        for state in State
        for entry in choose(bench.platform.lake, log, Chosen(), state, bench.platform.resources)
    }


def events(bench: Workbench, source: str) -> list[tuple[object, ...]]:
    return bench.rows(
        bench.platform.layout.quarantine(source), "log_position, event, source_row, attempt_count", "source_row > 0"
    )


def again(bench: Workbench, source: str, chosen: Chosen | None = None) -> Run | None:
    asked = reprocess(bench.platform, source, chosen or Chosen(), ADA)
    return None if asked is None else bench.walk(asked)


def test_corrected_records_reach_silver_once_when_they_are_reprocessed_twice(bench: Workbench) -> None:
    bench.register(contract("fixed"))
    first = bench.ingest("fixed", BODY + "1,x,a\n2,y,toolong\n")
    assert outcomes(first) == {"rows_in": 52, "inserted": 50, "quarantined": 2}
    places = {"seen": "'7'", "name": "LEFT(name, 3)"}
    assert correct(bench.platform, "fixed", Chosen(), places, ADA) == 2
    assert correct(bench.platform, "fixed", Chosen(), places, ADA) == 2, "the same request, once more"
    later = Person(ADA.by, ADA.reason, BEGIN + timedelta(minutes=1))
    assert correct(bench.platform, "fixed", Chosen(), places, later) == 0, "it says so already"
    run = again(bench, "fixed")
    assert run is not None
    assert (run.status, outcomes(run)) == (RunStatus.PROMOTED, {"rows_in": 2, "inserted": 2})
    assert (run.replays, run.requested_by) == ((first.run_id,), "Ada")
    assert silver(bench, "fixed") == [(1, 7, "a", 1), (2, 7, "too", 1)]
    assert set(states(bench, "fixed").values()) == {State.RESOLVED}
    assert again(bench, "fixed") is None
    assert len(bench.rows(bench.platform.layout.bronze("fixed"), "source_row")) == 52, "Bronze is not written again"


def test_record_is_condemned_when_it_fails_unchanged_under_the_same_rules(bench: Workbench) -> None:
    bench.register(contract("given_up"))
    bench.ingest("given_up", BODY + "1,x,a\n")
    run = again(bench, "given_up")
    assert run is not None
    assert outcomes(run) == {"rows_in": 1, "condemned": 1}
    assert run.quarantined_by_code == {"DUPLICATE_FAILURE": 1, "TYPE_ERROR": 1}
    assert states(bench, "given_up") == {51: State.CONDEMNED}
    assert again(bench, "given_up") is None
    assert release(bench.platform, "given_up", Chosen(codes=("TYPE_ERROR",)), ADA) == 1
    assert states(bench, "given_up") == {51: State.OPEN}


def test_record_has_a_new_chance_when_the_rules_have_changed(bench: Workbench) -> None:
    bench.register(contract("chance"))
    bench.ingest("chance", BODY + "1,1,toolong\n2,x,a\n")
    bench.register(contract("chance", version="1.1.0").replace("maxLength: 5", "maxLength: 9"))
    run = again(bench, "chance")
    assert run is not None
    assert outcomes(run) == {"rows_in": 2, "inserted": 1, "quarantined": 1}
    assert states(bench, "chance") == {51: State.RESOLVED, 52: State.OPEN}
    assert [event[1:] for event in events(bench, "chance")] == [
        ("quarantined", 51, 0),
        ("quarantined", 52, 0),
        ("resolved", 51, 1),
        ("retried", 52, 1),
    ]
    bench.register(contract("chance", version="1.2.0"))
    last = again(bench, "chance")
    assert last is not None
    assert outcomes(last) == {"rows_in": 1, "condemned": 1}, "these are rules under which it failed before"


def test_record_is_condemned_when_it_was_tried_as_often_as_the_contract_allows(bench: Workbench) -> None:
    bench.register(contract("tried", "{property: maxAttempts, value: 2}"))
    bench.ingest("tried", BODY + "1,x,a\n")
    tried = []
    for attempt in range(3):
        correct(bench.platform, "tried", Chosen(), {"seen": f"'x{attempt}'"}, ADA)
        run = again(bench, "tried")
        assert run is not None
        tried.append(run)
    fared = [outcomes(run) for run in tried]
    assert fared == [{"rows_in": 1, "quarantined": 1}] * 2 + [{"rows_in": 1, "condemned": 1}]
    assert tried[-1].quarantined_by_code == {"MAX_ATTEMPTS": 1, "TYPE_ERROR": 1}


def test_malformed_record_is_left_alone_until_somebody_corrects_it(bench: Workbench) -> None:
    bench.register(contract("torn"))
    bench.ingest("torn", BODY + "1,2\n")
    assert again(bench, "torn") is None
    correct(bench.platform, "torn", Chosen(), {"id": "1", "seen": "2", "name": "'mend'"}, ADA)
    run = again(bench, "torn")
    assert run is not None
    assert silver(bench, "torn") == [(1, 2, "mend", 1)]


def test_nothing_changes_when_the_entry_was_taken_up_by_another_run_meanwhile(bench: Workbench) -> None:
    bench.register(contract("raced"))
    bench.ingest("raced", BODY + "1,x,a\n2,x,b\n")
    correct(bench.platform, "raced", Chosen(), {"seen": "'3'"}, ADA)
    both = reprocess(bench.platform, "raced", Chosen(), ADA)
    other = reprocess(bench.platform, "raced", Chosen(codes=("TYPE_ERROR",), records=()), ADA)
    assert both is not None
    assert other is not None
    assert other.run_id == both.run_id, "the same request is one run"
    bench.walk(both)
    assert silver(bench, "raced") == [(1, 3, "a", 1), (2, 3, "b", 1)]


def test_correction_is_refused_when_it_is_no_expression_over_the_columns(bench: Workbench) -> None:
    bench.register(contract("refused"))
    for column, expression in (("colour", "'red'"), ("name", "(SELECT 1)"), ("name", "secret")):
        with pytest.raises(InvalidCorrection):
            correct(bench.platform, "refused", Chosen(), {column: expression}, ADA)


def test_objects_are_done_again_under_new_rules_without_doubling_anything(bench: Workbench) -> None:
    bench.register(contract("filled"))
    bench.ingest("filled", BODY + "1,1,toolong\n2,2,abcd\n3,3,a\n4,x,a\n")
    correct(bench.platform, "filled", Chosen(codes=("TYPE_ERROR",)), {"seen": "'4'"}, ADA)
    again(bench, "filled", Chosen(codes=("TYPE_ERROR",)))
    stricter = contract("filled", version="2.0.0").replace("maxLength: 5", "maxLength: 7, minLength: 2")
    bench.register(stricter)
    objects = published_objects(bench.platform, "filled")
    asked = backfill(bench.platform, "filled", objects, ADA)
    assert asked is not None
    run = bench.walk(asked)
    assert outcomes(run) == {"rows_in": 54, "inserted": 1, "duplicates": 51, "quarantined": 2}
    assert silver(bench, "filled") == [(1, 1, "toolong", 1), (2, 2, "abcd", 0)]
    assert history(bench, "filled") == [(3, 3, "a", "withdrawn", None), (4, 4, "a", "withdrawn", None)]
    assert len(bench.rows(bench.platform.layout.bronze("filled"), "source_row")) == 54
    twice = backfill(bench.platform, "filled", objects, ADA)
    assert twice is not None
    assert outcomes(bench.walk(twice)) == {"rows_in": 52, "duplicates": 52}
    assert len(silver(bench, "filled")) == 2


def test_only_objects_of_the_time_are_named_when_a_range_is_asked_for(bench: Workbench) -> None:
    bench.register(contract("ranged"))
    runs = [bench.ingest("ranged", BODY), bench.ingest("ranged", BODY)]
    claims = {claim.run_id: claim for claim in bench.platform.control.claims("ranged")}
    since = claims[runs[1].run_id].arrived_at
    assert published_objects(bench.platform, "ranged", since, since + timedelta(minutes=1)) == list(runs[1].objects)


def test_column_is_found_below_its_member_when_a_later_contract_looks_deeper(bench: Workbench) -> None:
    def paths(version: str, *columns: tuple[str, str]) -> str:
        text = contract("deeper", "{property: format, value: jsonl}", version=version)
        return text + "".join(
            f'      - {{name: {name}, physicalName: "{path}", logicalType: string}}\n' for name, path in columns
        )

    bench.register(paths("1.0.0", ("city", "at.city")))
    bench.ingest(
        "deeper",
        '{"id": 1, "name": "a", "at": {"city": "Rome", "geo": [1.10, "x"]}, "more": {"deep": {"er": true}}}\n'
        '{"id": 2, "name": "b", "at": null}\n'
        '{"id": 3, "name": "c", "at": "{not JSON", "more": [1]}\n'
        '{"id": 4, "name": "toolong", "at": {"geo": [2.50]}}\n'
        + "".join(f'{{"id": {number}, "seen": 1}}\n' for number in range(100, 150)),
    )
    deeper = (("city", "at.city"), ("at", "at"), ("north", "at.geo[0]"), ("flag", "more.deep.er"))
    bench.register(paths("1.1.0", *deeper))
    correct(bench.platform, "deeper", Chosen(), {"name": "'d'"}, ADA)
    entry = again(bench, "deeper")
    asked = backfill(bench.platform, "deeper", published_objects(bench.platform, "deeper"), ADA)
    assert entry is not None
    assert asked is not None
    assert (outcomes(entry), bench.walk(asked).status) == ({"rows_in": 1, "inserted": 1}, RunStatus.PROMOTED)
    assert bench.rows(bench.platform.layout.silver("deeper"), 'id, city, north, flag, "at"', "id < 100") == [
        (1, "Rome", "1.10", "true", '{"city":"Rome","geo":[1.10,"x"]}'),
        (2, None, None, None, None),
        (3, None, None, None, "{not JSON"),
        (4, None, "2.50", None, '{"geo":[2.50]}'),
    ]
