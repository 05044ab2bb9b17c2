"""Tables on a narrow terminal."""

from __future__ import annotations

import pytest
from rich.console import Console

from cli import output
from cli.documents.runs import RunSummary
from cli.runs import print_runs
from medallion.control.items import Run, RunKind, RunStatus
from tests.unit.api.calling import NOW

RUN_ID = "20260301t120000123456-0123456789ab"


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "console", lambda: Console(width=80, highlight=False))


@pytest.mark.usefixtures("narrow")
def test_ids_stay_whole_when_the_terminal_is_narrow(capsys: pytest.CaptureFixture[str]) -> None:
    reason = "7 of 60 records failed with REFERENCE_ERROR, which is more than the contract's guard lets through"
    run = Run(
        run_id=RUN_ID,
        kind=RunKind.INGEST,
        subject="reservations",
        status=RunStatus.HELD,
        reason=reason,
        totals={"rows_in": 1234567},
        created_at=NOW,
    )
    print_runs([RunSummary.of_run(run)])
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert RUN_ID in lines[1]
    assert "held" in lines[1]
    assert "".join("".join(lines).split()).count("REFERENCE_ERROR") <= 1
    assert "--json has all" in printed.err


@pytest.mark.usefixtures("narrow")
def test_all_columns_are_shown_when_there_is_room(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(("a", "b"), [("x" * 30, "y" * 30)], spare=("b",))
    printed = capsys.readouterr()
    assert "y" * 30 in printed.out
    assert printed.err == ""
