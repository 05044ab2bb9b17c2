"""One scenario's stage: its source, the objects that it put in, and what an operator may do. Waits are bounded."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from medallion.control.items import Lease, Run, RunKind, RunStatus
from medallion.control.plane import ControlPlane
from medallion.control.table import ControlTable
from medallion.control.upkeep import Upkeep
from medallion.errors import SubjectBusy
from medallion.layout import Task, Zone
from medallion.people import Person
from medallion.plan.quarantine import Chosen
from medallion.steps.entries import correct, release
from medallion.steps.hold import decide
from medallion.steps.replay import reprocess
from medallion.steps.rerun import rerun
from medallion.steps.rollback import rollback
from tests.chaos.counting import Given, body
from tests.chaos.points import Point
from tests.chaos.reader import PAUSE
from tests.chaos.switchboard import Switchboard
from tests.integration.pipeline.deployed import Deployed

T = TypeVar("T")
PATIENCE = 300.0
"""Seconds: a machine that does other work too is no fault of the platform."""

APPROVALS = 3
"""How often a run may be approved before it must stand."""


class Stuck(AssertionError):
    """Something did not come to its end in bounded time."""


@dataclass
class Stage:
    """What a scenario's steps work with."""

    deployed: Deployed
    faults: Switchboard
    source: str
    given: dict[str, Given] = field(default_factory=dict)
    reruns: dict[str, int] = field(default_factory=dict)
    replays: list[str] = field(default_factory=list)
    swept: int = 0
    notes: list[str] = field(default_factory=list)
    _next_id: int = 1
    _runs: dict[str, str] = field(default_factory=dict)
    """Each object's run, once it has one: that never changes."""

    def __post_init__(self) -> None:
        layout = self.deployed.layout
        self.control: ControlPlane = self.deployed.control
        self.table = ControlTable.named(layout.shared.control_table, layout.region, self.deployed.session)
        self.queues = self.deployed.client("sqs")
        self.states = self.deployed.client("stepfunctions")

    # --- what happens to the source

    def put(self, name: str, good: int = 30, bad: int = 0, key: str | None = None) -> None:
        """Put an object with fresh ids in; with another object's `key` it is a new version of that one."""
        data = body(self._next_id, good, bad)
        self._next_id += good + bad
        self.put_bytes(name, data, key)

    def again(self, name: str, of: str) -> None:
        """The same bytes once more, under the same key: a new version."""
        self.put_bytes(name, self.given[of].body, self._key(of))

    def put_bytes(self, name: str, data: bytes, key: str | None = None) -> None:
        identity = self.deployed.put(self.source, data, key or f"{name}.csv")
        self.given[name] = Given(name, identity, data)

    def tell(self, name: str, times: int = 1) -> None:
        """The object's event comes again, that many times at once."""
        identity = self.given[name].identity
        key = self.deployed.layout.landing_key(self.source, self._key(name))
        told = {"key": key, "version-id": identity.rpartition("=")[2], "size": 1, "etag": "e"}
        bucket = {"name": self.deployed.layout.bucket(Zone.LANDING)}
        event: dict[str, object] = {"time": datetime.now(UTC).isoformat(), "detail": {"bucket": bucket, "object": told}}
        with ThreadPoolExecutor(max(1, times)) as callers:
            list(callers.map(lambda _: self._invoke_unheeding(event), range(times)))

    def sweep(self) -> None:
        """Look for objects whose event never came, as the schedule does."""
        self.swept += 1
        self._invoke_unheeding({"source": self.source, "scheduled": True})

    def keep(self) -> None:
        """Have the source's tables kept, and wait until they are; a call that is killed AWS makes again."""
        subject, functions = f"{Zone.SILVER}#{self.source}", self.deployed.client("lambda")
        before = self._kept(subject)
        functions.invoke(
            FunctionName=self.deployed.layout.function(Task.HOUSEKEEP),
            InvocationType="Event",
            Payload=json.dumps({"only": [subject]}).encode(),
        )
        self.wait(lambda: self._kept(subject) not in (None, before), "housekeeping has not come to its end")

    def _kept(self, subject: str) -> Upkeep | None:
        return next((one for one in self.control.upkeeps.all() if one.subject == subject), None)

    def strike(self, point: Point) -> None:
        """Arm a point from here on."""
        self.faults.set(point.rule(self.source))

    # --- what a person does

    def decide(self, name: str, *, approved: bool) -> None:
        """Approve or reject a held run; one whose outcomes changed meanwhile is held again, and approved again."""
        run, decisions = self.settled(name), 0
        while run.status is RunStatus.HELD and decisions < APPROVALS:
            decide(self.deployed.platform, run.run_id, approved=approved, by="Ada", reason="looked at it")
            self.wait(lambda: self._run(name).status is not RunStatus.HELD or self._run(name).approval is None)
            run, decisions = self.settled(name), decisions + 1
        if not decisions:
            raise Stuck(f"{name}: its run is {run.status}, not held: {run.reason}")

    def rerun(self, name: str) -> None:
        """Do the object's run again, as `medallion rerun` does; counted, for recovery may need one."""
        run = self._run(name)
        self.reruns[run.run_id] = self.reruns.get(run.run_id, 0) + 1
        rerun(self.deployed.platform, run.run_id)

    def correct(self, expressions: dict[str, str]) -> None:
        correct(self.deployed.platform, self.source, Chosen(), expressions, self._person())

    def release(self) -> None:
        release(self.deployed.platform, self.source, Chosen(), self._person())

    def reprocess(self) -> None:
        """Ask for the open entries to be taken up; the run that does, done again once where it failed."""
        asked = reprocess(self.deployed.platform, self.source, Chosen(), self._person())
        if asked is None:
            self.notes.append("there was nothing to take up")
            return
        self.replays.append(asked.run_id)

        def look() -> Run | None:
            run = self.control.run(asked.run_id)
            return run if self._rests(run) else None

        run = self.wait(look, "no end of the replay")
        if run.status is RunStatus.HELD:
            # A small replay that fails again is half bad: a person looks at it, and lets it stand.
            decide(self.deployed.platform, run.run_id, approved=True, by="Ada", reason="looked at it")
            self.wait(lambda: self.control.run(run.run_id).status.ended)
        elif run.status is not RunStatus.PROMOTED:
            self.reruns[run.run_id] = self.reruns.get(run.run_id, 0) + 1
            rerun(self.deployed.platform, run.run_id)
            self.wait(look, "no end of the replay's second try")

    def _person(self) -> Person:
        return Person("Ada", "looked at it", datetime.now(UTC))

    def roll_back(self, name: str) -> None:
        """Make readers see what they saw after the object's run, as `medallion rollback` does."""
        run = self.settled(name)

        def ask() -> None:
            platform = self.deployed.platform
            rollback(platform, Zone.SILVER, self.source, run.run_id, by="Ada", reason="taken back")

        try:
            ask()
        except (SubjectBusy, ClientError, BotoCoreError) as broken:
            self.notes.append(f"rollback broke off: {broken}"[:200])
            self.wait(self._free, "the lease is not given back")
            ask()

    def _free(self) -> bool:
        lease = self.lease()
        return lease is None or lease.owner is None or lease.owner.startswith("rollback-")

    # --- waiting

    def settled(self, name: str) -> Run:
        """The object's run, once it has ended, waits for a person, or its execution broke off."""

        def look() -> Run | None:
            run = self._found(name)
            return run if run is not None and self._rests(run) else None

        return self.wait(look, f"{name}: no end of its run")

    def recovered(self) -> None:
        """Every object's run rests; one that failed is done again, once, and an object without a run is swept in."""
        self.wait(lambda: all(self._found(name) is not None or self._given_up(name) for name in self.given))
        if any(self._found(name) is None for name in self.given):
            self.sweep()
        for name in self.given:
            run = self.settled(name)
            if run.status is RunStatus.FAILED or (not run.status.ended and run.status is not RunStatus.HELD):
                if self.reruns.get(run.run_id, 0) == 0:
                    self.notes.append(f"{name}: {run.reason or run.status}")
                    self.rerun(name)
                self.settled(name)
        self.wait(self._quiet, "the source's lease is not given back")

    def built(self, stale: Callable[[], list[str]]) -> None:
        """The builds of the source's model come to their end, one that failed is done again, once, and the model is not
        `stale` any more: what asks for the last build may be on its way.
        """

        def look() -> list[Run] | None:
            builds = [run for run in self.control.runs() if run.subject == f"sum_of_{self.source}"]
            return builds if builds and all(self._rests(run) for run in builds) else None

        for run in self.wait(look, "no end of the model's builds"):
            if run.status in (RunStatus.FAILED, RunStatus.PENDING, RunStatus.RUNNING):
                self.notes.append(f"build {run.run_id}: {run.reason or run.status}")
                self.reruns[run.run_id] = self.reruns.get(run.run_id, 0) + 1
                rerun(self.deployed.platform, run.run_id)
        self.wait(lambda: not stale() and look(), "the model does not become what Silver comes to")

    def wait(self, ask: Callable[[], T | None], otherwise: str = "") -> T:
        """The first answer that is true; Stuck after five minutes."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if answer := ask():
                return answer
            time.sleep(PAUSE)
        raise Stuck(f"{otherwise or 'nothing'} within {PATIENCE:.0f} s")

    def runs(self) -> list[Run]:
        """Every run of the source, whatever its kind, but for models and refusals."""
        return [run for run in self.control.runs() if run.subject == self.source and run.kind is not RunKind.MODEL]

    def lease(self) -> Lease | None:
        return self.table.get(Lease, Lease.key_of(self.deployed.layout.tenant, f"silver#{self.source}"))

    # --- looking

    def _key(self, name: str) -> str:
        return self.given[name].identity.partition(f"/{self.source}/")[2].rpartition("?")[0]

    def _found(self, name: str) -> Run | None:
        if name not in self._runs:
            claim = self.control.claim_of(self.source, self.given[name].identity)
            if claim is None or claim.run_id is None:
                return None
            self._runs[name] = claim.run_id
        return self.control.run(self._runs[name])

    def _given_up(self, name: str) -> bool:
        """Whether every try to deliver the object's event has failed: it lies with the dead letters."""
        queue = self.queues.get_queue_url(QueueName=self.deployed.layout.dead_letters(Task.TRIGGER))["QueueUrl"]
        letters = self.queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
        key = self.deployed.layout.landing_key(self.source, self._key(name))
        return any(json.dumps(key) in letter["Body"] for letter in letters.get("Messages", []))

    def _run(self, name: str) -> Run:
        found = self._found(name)
        if found is None:
            raise Stuck(f"{name}: the object has no run")
        return found

    def _rests(self, run: Run) -> bool:
        if run.status.ended or run.status is RunStatus.HELD:
            return True
        if not run.execution_arn:
            return False
        try:
            status = self.states.describe_execution(executionArn=run.execution_arn)["status"]
        except self.states.exceptions.ExecutionDoesNotExist:
            return False
        ended_meanwhile = self.control.run(run.run_id).status.ended
        return status != "RUNNING" and not ended_meanwhile

    def _quiet(self) -> bool:
        lease = self.lease()
        return (lease is None or lease.owner is None) and not self.control.leases.waiters(f"silver#{self.source}")

    def _invoke_unheeding(self, event: dict[str, object]) -> None:
        """What a delivery does: whatever becomes of the function, the service only counts it as failed."""
        try:
            self.deployed.invoke(Task.TRIGGER, event)
        except AssertionError as failed:
            self.notes.append(f"delivery failed: {failed}"[:200])
