"""A run is cancelled in the middle: what it wrote is taken back, and what still works for it may write no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from medallion.contracts.model import Frozen
from medallion.control.items import Cancellation, Run, RunStatus
from medallion.errors import LeaseLost, NotCancellable, RunCancelled
from medallion.layout import branch
from medallion.people import Person
from medallion.steps.cancel import cancel
from medallion.steps.gate import gate
from medallion.steps.platform import Platform
from medallion.steps.promote import promote
from medallion.steps.refine import PINS, refine
from medallion.steps.rerun import rerun
from medallion.steps.ticket import Ticket
from tests.integration.steps.test_loads import contract
from tests.integration.steps.test_replay import BODY, states
from tests.integration.steps.workbench import BEGIN, Workbench, outcomes, places_of
from verifier import verify

ADA = Person("Ada", "the wrong file", BEGIN)
BAD = "1,x,a\n"


def judged(bench: Workbench, source: str) -> tuple[Run, Ticket]:
    """A run that wrote everything, was judged, and is to be published next."""
    bench.register(contract(source))
    run = bench.arrive(source, bench.put(source, BODY + BAD))
    ticket = bench.leased(run)
    refine(bench.platform, ticket)
    gate(bench.platform, ticket)
    return run, ticket


def test_nothing_of_it_is_left_when_a_run_is_cancelled(bench: Workbench) -> None:
    run, ticket = judged(bench, "stopped")
    assert branch(run.run_id) in bench.branches("stopped")
    ended = cancel(bench.platform, run.run_id, ADA)
    assert (ended.status, ended.reason) == (RunStatus.FAILED, "cancelled by Ada: the wrong file")
    assert branch(run.run_id) not in bench.branches("stopped")
    assert states(bench, "stopped") == {51: "withdrawn"}
    assert bench.rows(bench.platform.layout.silver("stopped"), "id") == []
    with pytest.raises(LeaseLost):
        promote(bench.platform, ticket)
    assert cancel(bench.platform, run.run_id, ADA) == ended


@dataclass(frozen=True)
class Interrupted(Platform):
    """The platform of a Refine that is interrupted after it has begun, and before it commits anything."""

    interrupt: Callable[[], object] = field(kw_only=True)

    def write_document(self, run_id: str, attempt: int, name: str, document: Frozen) -> None:
        super().write_document(run_id, attempt, name, document)
        if name == PINS:
            self.interrupt()


def test_what_still_works_for_it_may_write_no_more_when_a_run_is_cancelled(bench: Workbench) -> None:
    bench.register(contract("unaware"))
    run = bench.arrive("unaware", bench.put("unaware", BODY + BAD))
    ticket, platform = bench.leased(run), bench.platform
    at_work = Interrupted(
        platform.layout,
        platform.session,
        platform.resources,
        platform.clock,
        interrupt=lambda: cancel(platform, run.run_id, ADA),
    )
    with pytest.raises(LeaseLost):
        refine(at_work, ticket)
    assert bench.rows(platform.layout.bronze("unaware"), "source_row") == []
    assert branch(run.run_id) not in bench.branches("unaware")
    assert platform.control.run(run.run_id).status is RunStatus.FAILED


def test_it_is_not_published_when_it_was_cancelled_and_has_its_lease_yet(bench: Workbench) -> None:
    run, ticket = judged(bench, "marked")
    said = Cancellation(by=ADA.by, reason=ADA.reason, at=ADA.at)
    assert bench.platform.control.cancel(bench.platform.control.run(run.run_id), said)
    with pytest.raises(RunCancelled):
        promote(bench.platform, ticket)
    assert cancel(bench.platform, run.run_id, ADA).status is RunStatus.FAILED


def test_it_is_left_to_be_published_when_that_has_begun(bench: Workbench) -> None:
    run, ticket = judged(bench, "publishing")
    promote(bench.platform, ticket)
    with pytest.raises(NotCancellable, match="being published"):
        cancel(bench.platform, run.run_id, ADA)
    assert len(bench.rows(bench.platform.layout.silver("publishing"), "id")) == 50


def test_every_record_is_taken_once_when_a_cancelled_run_is_done_again(bench: Workbench) -> None:
    run, _ = judged(bench, "resumed")
    cancel(bench.platform, run.run_id, ADA)
    rerun(bench.platform, run.run_id)
    again = bench.walk(bench.platform.control.run(run.run_id))
    assert (again.status, outcomes(again)) == (RunStatus.PROMOTED, {"rows_in": 51, "inserted": 50, "quarantined": 1})
    assert states(bench, "resumed") == {51: "open"}
    assert len(bench.rows(bench.platform.layout.bronze("resumed"), "source_row")) == 51
    assert verify(places_of(bench), only=["resumed"]).problems == []
