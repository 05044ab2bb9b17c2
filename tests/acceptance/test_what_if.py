"""A changed contract is tried before it is applied, and applying it gives exactly what was foretold."""

from __future__ import annotations

from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medallion.engines.duckdb.entries import choose
from medallion.plan.gold import parse_model
from medallion.plan.quarantine import Chosen, State
from medallion.steps.models import keep_model
from medallion.steps.replay import backfill, published_objects
from medallion.steps.what_if import try_contract
from tests.integration.steps.models import built, model_of
from tests.integration.steps.test_loads import contract
from tests.integration.steps.test_replay import ADA
from tests.integration.steps.workbench import Workbench, outcomes

NUMBERS = count()


def standing(bench: Workbench, source: str) -> tuple[set[tuple[object, ...]], set[tuple[object, ...]]]:
    """The places of the records in Silver, and of those open in quarantine."""
    silver = bench.rows(bench.platform.layout.silver(source), "source_file_id, source_row")
    log = bench.platform.layout.quarantine(source)
    waiting = choose(bench.platform.lake, log, Chosen(), State.OPEN, bench.platform.resources)
    return set(silver), {(one.source_file_id, one.source_row) for one in waiting}


RECORDS = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.one_of(st.integers(0, 5).map(str), st.just("x"), st.just("")),
        st.text("ab", min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=4, derandomize=True, suppress_health_check=list(HealthCheck))
@given(first=RECORDS, second=RECORDS, longest=st.integers(1, 8))
def test_what_was_foretold_happens_when_a_contract_is_applied(
    bench: Workbench, first: list[tuple[int, str, str]], second: list[tuple[int, str, str]], longest: int
) -> None:
    source = f"tried_{next(NUMBERS)}"
    bench.register(contract(source))
    name, text = model_of(source)
    keep_model(bench.platform, name, text)
    for records in (first, second):
        bench.ingest(source, "id,seen,name\n" + "".join(f"{one},{two},{three}\n" for one, two, three in records))
    model = parse_model(name, text, name)
    before, (silver, waiting) = built(bench, model, f"{source}a"), standing(bench, source)
    changed = contract(source, version="1.1.0").replace("maxLength: 5", f"maxLength: {longest}")
    foretold = try_contract(bench.platform, changed, "a changed contract")
    assert standing(bench, source) == (silver, waiting), "trying writes nothing"
    bench.register(changed)
    run = backfill(bench.platform, source, published_objects(bench.platform, source), ADA)
    assert run is not None
    ended = bench.walk(run)
    silver_after, waiting_after = standing(bench, source)
    after = built(bench, model, f"{source}b")
    assert foretold.recovered == len(waiting & silver_after)
    assert foretold.rejected == len(silver - silver_after)
    assert foretold.rejected == len(silver & waiting_after)
    assert foretold.changed == ended.total("updated")
    [moves] = foretold.gold
    assert moves.added == len(after.keys() - before.keys())
    assert moves.removed == len(before.keys() - after.keys())
    assert moves.changed == sum(before[key] != after[key] for key in before.keys() & after.keys())
    assert sum(outcomes(ended).values()) == 2 * ended.total("rows_in")
