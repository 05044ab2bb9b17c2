"""Runs queue, work, crash and are stopped in every order: one holder at a time, and nobody waits for ever."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from medallion.control.items import Lease, RunStatus
from medallion.errors import LeaseLost
from medallion.steps.lease import acquire, confirm, hand_over, wake_next
from medallion.steps.ticket import Ticket
from tests.unit.control.waiting import LAYOUT, NOW, InMemory

SUBJECT = "silver#orders"
OPERATIONS = st.integers(0, 12)
"""After how many reads and writes a process dies; most end before the last ones."""
CLOCKS = st.sampled_from([-60, 0, 0, 0, 60])
"""By how many minutes a process's clock is off."""


class Killed(Exception):
    """The process ended here."""


@dataclass
class Worker:
    """A run's execution: it waits with a task token, or works under a lease, or is over."""

    ticket: Ticket
    task_token: str = ""
    finishing: bool = False
    ended: bool = False
    stopped: bool = False


class Leasing(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.minutes = self.skew = 0
        self.left: int | None = None
        self.platform = InMemory.at(lambda: NOW + timedelta(minutes=self.minutes + self.skew))
        self.platform.table.before = self._tick
        self.workers: list[Worker] = []
        self.told: dict[int, str] = {}
        self.highest = 0
        self.tasks = 0

    # --- what happens

    @rule(dies=st.none() | OPERATIONS, skew=CLOCKS)
    def arrive(self, dies: int | None, skew: int) -> None:
        worker = Worker(self.platform.running(f"r{len(self.workers):03}"))
        self.workers.append(worker)
        self._queue(worker, dies, skew)

    @precondition(lambda self: self._waiting())
    @rule(data=st.data(), dies=st.none() | OPERATIONS, skew=CLOCKS)
    def wait_again(self, data: st.DataObject, dies: int | None, skew: int) -> None:
        """The task failed or timed out: Step Functions tries it again, with a new token."""
        self._queue(data.draw(st.sampled_from(self._waiting())), dies, skew)

    @precondition(lambda self: self._publishing())
    @rule(data=st.data(), skew=CLOCKS)
    def publish(self, data: st.DataObject, skew: int) -> None:
        worker = data.draw(st.sampled_from(self._publishing()))
        self.skew = skew
        try:
            confirm(self.platform, worker.ticket)
        except LeaseLost:
            assert worker.stopped, "a run that works lost its lease"
            worker.ended = True

    @precondition(lambda self: self._working())
    @rule(data=st.data(), dies=st.none() | OPERATIONS, skew=CLOCKS)
    def finish(self, data: st.DataObject, dies: int | None, skew: int) -> None:
        self._finish(data.draw(st.sampled_from(self._working())), dies, skew)

    @precondition(lambda self: any(not one.stopped for one in self.workers))
    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        """An execution is stopped from outside. Its function works on and knows nothing of it."""
        worker = data.draw(st.sampled_from([one for one in self.workers if not one.stopped]))
        worker.stopped = True
        self.platform.waiting.executions[f"arn:{worker.ticket.run_id}"] = "ABORTED"
        self.platform.waiting.tasks.pop(worker.task_token, None)

    @rule(dies=st.none() | OPERATIONS, skew=CLOCKS)
    def move_queue(self, dies: int | None, skew: int) -> None:
        self._perform(lambda: wake_next(self.platform, SUBJECT), dies, skew)

    @rule(minutes=st.sampled_from([1, 20, 40]))
    def pass_time(self, minutes: int) -> None:
        self.minutes += minutes

    # --- what holds

    @invariant()
    def every_token_is_one_holders(self) -> None:
        for worker in self.workers:
            answer = self.platform.waiting.tasks.get(worker.task_token)
            if answer and not worker.stopped:
                token = json.loads(answer)["lease"]
                assert self.told.setdefault(token, worker.ticket.run_id) == worker.ticket.run_id
                worker.ticket = worker.ticket.model_copy(update={"lease": token})
                worker.task_token = ""

    @invariant()
    def tokens_grow(self) -> None:
        stored = self.platform.table.items.get(Lease.key_of(LAYOUT.tenant, SUBJECT))
        token = 0 if stored is None else stored["token"]
        assert token >= self.highest
        self.highest = token

    def teardown(self) -> None:
        """Nothing else happens than that runs do their work, and that the queue is moved now and then."""
        if not hasattr(self, "workers"):
            return
        for _ in range(3 * len(self.workers) + 3):
            for worker in self._waiting():
                if worker.task_token not in self.platform.waiting.tasks:
                    self._queue(worker, None, 0)
            self.every_token_is_one_holders()
            for worker in self._working():
                self._finish(worker, None, 0)
            self.minutes += 60
            self._perform(lambda: wake_next(self.platform, SUBJECT), None, 0)
            self.every_token_is_one_holders()
        lost = [one.ticket.run_id for one in self.workers if not one.ended and not one.stopped]
        assert not lost, f"{lost} wait for ever"

    # ---

    def _waiting(self) -> list[Worker]:
        return [one for one in self.workers if one.ticket.lease is None and not one.ended and not one.stopped]

    def _working(self) -> list[Worker]:
        return [one for one in self.workers if one.ticket.lease is not None and not one.ended]

    def _queue(self, worker: Worker, dies: int | None, skew: int) -> None:
        self.platform.waiting.tasks.pop(worker.task_token, None)
        self.tasks += 1
        worker.task_token = self.platform.task(f"t{self.tasks}")
        died = self._perform(lambda: acquire(self.platform, worker.ticket, worker.task_token), dies, skew)
        if died and not self.platform.waiting.tasks[worker.task_token]:
            del self.platform.waiting.tasks[worker.task_token]  # the task fails with its function

    def _finish(self, worker: Worker, dies: int | None, skew: int) -> None:
        def end() -> None:
            worker.finishing = True
            if not worker.stopped:
                self.platform.control.end(worker.ticket.run_id, RunStatus.PROMOTED, NOW)
            hand_over(self.platform, worker.ticket)
            worker.ended = True
            self.platform.waiting.executions[f"arn:{worker.ticket.run_id}"] = "SUCCEEDED"

        self._perform(end, dies, skew)

    def _publishing(self) -> list[Worker]:
        return [one for one in self._working() if not one.finishing]

    def _perform(self, operation: Callable[[], None], dies: int | None, skew: int) -> bool:
        """Whether the process died of it."""
        self.skew, self.left = skew, dies
        try:
            operation()
        except Killed:
            return True
        finally:
            self.skew, self.left = 0, None
        return False

    def _tick(self) -> None:
        if self.left is not None:
            if self.left == 0:
                raise Killed
            self.left -= 1


Leasing.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestLeasing = Leasing.TestCase
