"""Acme's own contract and month-end model: every record that was wrong is put right, and the balances are exact."""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path

from cli.quarantine.corrections import read_records
from demo.transactions import Transaction, expected, intended, transactions
from medallion.control.items import RunStatus
from medallion.engines.commits import Commit
from medallion.engines.duckdb.build import execute, prepare
from medallion.engines.duckdb.session import open_session
from medallion.engines.model import Attempt
from medallion.plan.gold import parse_model
from medallion.plan.quarantine import Chosen, State
from medallion.steps.entries import correct
from medallion.steps.forecast import foresee_reprocess
from medallion.steps.replay import backfill, published_objects
from tests.integration.steps.test_replay import ADA, again, states
from tests.integration.steps.workbench import BEGIN, Workbench, outcomes

ACME = Path(__file__).parents[2] / "tenants" / "acme"
SOURCE, MODEL = "transactions", "month_end_balance"
RECORDS, SEED = 2_000, 11
Row = tuple[str, str, date, int, Decimal, Decimal]


def test_every_record_is_in_silver_once_and_balances_are_exact_when_all_were_corrected(
    bench: Workbench, tmp_path: Path
) -> None:
    bench.register((ACME / "contracts" / "transactions.odcs.yaml").read_text(encoding="utf-8"))
    first = bench.ingest(SOURCE, b"".join(transactions(RECORDS, SEED)))
    plan = expected(RECORDS)
    sums = {"rows_in": RECORDS, "inserted": plan.inserted, "duplicates": plan.duplicates}
    assert outcomes(first) == sums | {"quarantined": plan.quarantined}

    meant = list(intended(RECORDS, SEED))
    wrong = {row: good for row, (good, kind) in enumerate(meant, 1) if kind and kind.outcome == "quarantined"}
    file = write_corrections(tmp_path / "corrections.jsonl", first.objects[0], wrong)
    corrections = read_records(file)
    foreseen = foresee_reprocess(bench.platform, SOURCE, Chosen(), {}, corrections)
    assert correct(bench.platform, SOURCE, Chosen(), {}, ADA, corrections) == len(wrong) == plan.quarantined
    run = again(bench, SOURCE)
    assert run is not None
    assert (run.status, outcomes(run)) == (
        RunStatus.PROMOTED,
        {"rows_in": plan.quarantined, "inserted": plan.quarantined},
    )
    assert (foreseen.inserted, foreseen.records) == (plan.quarantined, plan.quarantined)
    assert set(states(bench, SOURCE).values()) == {State.RESOLVED}

    kept = [good for good, kind in meant if kind is None or kind.outcome == "quarantined"]
    assert silver(bench) == sorted(good.id for good in kept)
    balances = month_ends(bench, "first")
    assert balances == reckoned(kept)

    assert again(bench, SOURCE) is None, "there is nothing left to take up"
    whole = backfill(bench.platform, SOURCE, published_objects(bench.platform, SOURCE), ADA)
    assert whole is not None
    assert outcomes(bench.walk(whole)) == {"rows_in": RECORDS, "duplicates": RECORDS}
    assert silver(bench) == sorted(good.id for good in kept)
    assert month_ends(bench, "second") == balances


def write_corrections(file: Path, source_file_id: str, wrong: dict[int, Transaction]) -> Path:
    """What a person hands in: each record's place, and what it was to say."""
    lines = (
        {
            "source_file_id": source_file_id,
            "source_row": row,
            "transaction_id": good.id,
            "customer_id": good.customer,
            "amount": good.amount,
            "currency": good.currency,
            "transaction_time": good.time,
        }
        for row, good in wrong.items()
    )
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file


def silver(bench: Workbench) -> list[str]:
    return [str(one) for (one,) in bench.rows(bench.platform.layout.silver(SOURCE), "transaction_id")]


def month_ends(bench: Workbench, run_id: str) -> list[Row]:
    """What Acme's model makes of Silver as it is published now."""
    platform = bench.platform
    model = parse_model(MODEL, (ACME / "gold" / f"{MODEL}.sql").read_text(encoding="utf-8"), f"{MODEL}.sql")
    tables = {one.relation: platform.layout.table(one.zone, one.name) for one in model.inputs}
    target, branch = platform.layout.gold(MODEL), f"run_{run_id}"
    attempt = Attempt(Commit(run_id, 1, "build"), branch, BEGIN)
    prepared = prepare(platform.lake, model, tables, target, attempt, platform.resources)
    built = execute(platform.lake, prepared, platform.resources)
    assert (built.null_keys, built.repeated_keys) == (0, 0)
    with open_session(platform.resources) as session:
        session.read("built", platform.lake.plan(target, snapshot_id=built.snapshot))
        return session.connection.execute(
            "SELECT customer_id, currency, month_end, movements, net_movement, balance FROM built ORDER BY ALL"
        ).fetchall()


def reckoned(movements: Iterable[Transaction]) -> list[Row]:
    """The same balances, reckoned movement by movement."""
    accounts: dict[tuple[str, str], list[tuple[int, Decimal]]] = {}
    for one in movements:
        year, month = int(one.time[:4]), int(one.time[5:7])
        accounts.setdefault((one.customer, one.currency), []).append((year * 12 + month - 1, Decimal(one.amount)))
    last = max(month for moved in accounts.values() for month, _ in moved)
    rows = []
    for (customer, currency), moved in accounts.items():
        for month in range(max(last - 11, min(m for m, _ in moved)), last + 1):
            year, index = divmod(month, 12)
            end = date(year, index + 1, monthrange(year, index + 1)[1])
            within = [amount for m, amount in moved if m == month]
            balance = sum((amount for m, amount in moved if m <= month), Decimal("0.00"))
            rows.append((customer, currency, end, len(within), sum(within, Decimal("0.00")), balance))
    return sorted(rows)
