"""The trial tenant, driven step by step: what fails is seen at its first refusal, and nothing runs on by itself."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from local.settings import Settings
from medallion.control.items import Key, ObjectClaim, Run, RunStatus
from medallion.engines.resources import Resources
from medallion.errors import UnknownRun
from medallion.layout import Machine, Task, Zone, execution
from medallion.steps.hold import decide
from medallion.steps.platform import Platform
from tests.integration.pipeline.deployed import Deployed, eventually
from tests.least_privilege.policies import Policies

_REFUSED = re.compile(r"access.?denied|not authorized|\b403\b", re.IGNORECASE)
PATIENCE = 60.0
CLEANING = 6.0
"""How long what a broken run left may take to end by itself, in seconds: a failed FailRun is tried again after 2."""


class Broken(AssertionError):
    """What a scenario expects does not hold. The message is what was seen."""

    @property
    def refused(self) -> bool:
        """Whether what was seen is AWS's refusal."""
        return _REFUSED.search(str(self)) is not None


def expect(condition: object, otherwise: str) -> None:
    if not condition:
        raise Broken(otherwise)


@dataclass(frozen=True)
class Trial:
    """The tenant with its rules switched off: the trigger and coalesce are called where their events would arrive."""

    deployed: Deployed
    settings: Settings
    policies: Policies
    folder: str
    """The ARN of the object that holds the tenant's folder."""
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def platform(self) -> Platform:
        """The platform as the account's administrator works with it."""
        return Platform(self.deployed.layout, self.deployed.session, Resources(region=self.deployed.layout.region))

    def forget(self, task: Task) -> None:
        """Let the task's function start anew: a warm one keeps what it has read of tables, and need not read it."""
        functions, name = self.deployed.client("lambda"), self.deployed.layout.function(task)
        variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        anew = {**variables, "STARTED_ANEW": str(next(self.numbers))}
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": anew})

    # --- what happens

    def call(self, task: Task, event: dict[str, Any]) -> Any:
        """The function's answer."""
        try:
            return self.deployed.invoke(task, event)
        except AssertionError as failed:
            raise Broken(str(failed)) from failed

    def arrive(self, source: str, body: str) -> str:
        """Put an object into Landing, and tell the trigger of it. The run's id."""
        identity = self.deployed.put(source, body, f"{next(self.numbers)}.csv")
        location, _, version = identity.partition("?version=")
        key = location.removeprefix("s3://").partition("/")[2]
        return self.tell(key, version, len(body), datetime.now(UTC))

    def tell(self, key: str, version: str, size: int, at: datetime) -> str:
        """Tell the trigger of an object, as S3 does by an event."""
        about = {"key": key, "version-id": version, "size": size, "etag": "e"}
        [run_id] = self.call(Task.TRIGGER, {"time": at.isoformat(), "detail": {"object": about}})
        return str(run_id)

    def published(self, source: str) -> list[str]:
        """Tell coalesce of a source's new Silver. The builds that it asked for."""
        return list(self.call(Task.COALESCE, {"detail": {"source": source}}))

    def watch(
        self, run_id: str, status: RunStatus, failing: frozenset[str] = frozenset(), beside: Sequence[str] = ()
    ) -> Run:
        """The run, once it has that status and each of its states did at the first try what it should; Broken where one
        did not. `failing` are the states that should fail, `beside` other runs that it depends on.
        """
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            run = self.deployed.control.run(run_id)
            failed, ended = self._states(run)
            for other in beside:
                failed |= self._states(self.deployed.control.run(other))[0]
            for state in set(failed) - failing:
                raise Broken(f"{state}: {failed[state]}")
            # What the last step did, it did before the execution ended: the run that was read before that may be older.
            run = self.deployed.control.run(run_id) if ended else run
            if ended or run.status is status is RunStatus.HELD:
                expect(run.status is status, f"the run is {run.status}, not {status}: {run.reason}")
                expect(set(failed) == failing, f"{failing - set(failed)} did not fail")
                return run
            time.sleep(0.1)
        raise Broken(f"the run is still not {status} after {PATIENCE} s")

    def alerted(self, run_id: str) -> None:
        """People are told of the run."""
        sqs = self.deployed.client("sqs")
        queue = sqs.get_queue_url(QueueName=self.deployed.layout.alerts_queue)["QueueUrl"]
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            told = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
            if any(run_id in each["Body"] for each in told):
                return
            run = self.deployed.control.run(run_id)
            if run.status is RunStatus.HELD:
                for state, why in self._states(run)[0].items():
                    raise Broken(f"{state}: {why}")
            time.sleep(0.1)
        raise Broken("no alert names the run")

    def reject(self, run_id: str) -> None:
        decide(self.platform, run_id, approved=False, by="Ada", reason="not wanted")

    def tell_again(self, claim: ObjectClaim) -> str:
        """Tell of an object whose run was started by a trigger that ended before it could note so."""
        tenant, run = self.deployed.layout.tenant, self.deployed.control.run(claim.run_id or "")
        self._set_status(Run.key_of(tenant, run.run_id), "pending")
        try:
            return self.tell(claim.key, claim.version, claim.size, claim.arrived_at)
        finally:
            self._set_status(Run.key_of(tenant, run.run_id), run.status)

    def execution_ended(self, run: Run) -> None:
        """Wait for the execution's end: to start one that goes on is no error, and nothing would be looked up."""
        states = self.platform.states
        eventually(lambda: states.describe_execution(executionArn=run.execution_arn)["status"] != "RUNNING" or None)

    def _set_status(self, key: Key, status: str) -> None:
        table = self.deployed.session.resource("dynamodb").Table(self.deployed.layout.shared.control_table)
        table.update_item(
            Key=key._asdict(),
            UpdateExpression="SET #s = :s",
            ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={":s": status},
        )

    # --- what is left

    def clean(self) -> None:
        """Nothing runs, waits, is held, holds a lease or is gathered; no build is asked for; no alert is kept."""
        self._end_executions()
        self._free_leases()
        self._end_runs()
        self._end_batches()
        for model in self.deployed.control.models():
            if model.pending_run_id:
                self.deployed.control.begin_build(model.name, model.pending_run_id)
        sqs = self.deployed.client("sqs")
        sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=self.deployed.layout.alerts_queue)["QueueUrl"])

    def _end_executions(self) -> None:
        states, deadline = self.platform.states, time.monotonic() + CLEANING
        while running := self._running():
            for run in running:
                if run.status is RunStatus.HELD and run.task_token and run.approval is None:
                    with suppress(UnknownRun, states.exceptions.TaskDoesNotExist, states.exceptions.TaskTimedOut):
                        self.reject(run.run_id)
                if time.monotonic() > deadline:
                    self._abandon(run)
            time.sleep(0.1)

    def _free_leases(self) -> None:
        """Empty the queues first: the embedded AWS takes an answer for a run that was stopped, which would then keep
        the lease.
        """
        control = self.deployed.control
        subjects = [f"{Zone.SILVER}#{one.name}" for one in control.sources()]
        subjects += [f"{Zone.GOLD}#{one.name}" for one in control.models()]
        for subject in subjects:
            for waiter in control.leases.waiters(subject):
                control.leases.leave(subject, waiter.run_id)
            held = control.leases.held(subject)
            if held is not None and held.owner is not None:
                control.leases.release(subject, held.owner)

    def _end_runs(self) -> None:
        """What was stopped or never started has ended: an unfinished run would keep what housekeeping lets go."""
        for run in self.deployed.control.unfinished_runs():
            arn = run.execution_arn if self.platform.execution_status(run.execution_arn) else ""
            self.deployed.control.end(run.run_id, RunStatus.FAILED, datetime.now(UTC), reason="left", execution_arn=arn)

    def _end_batches(self) -> None:
        """A batch that was left would be gathered in the place of the next case's."""
        for source in self.deployed.control.sources():
            batch = self.deployed.control.batches.gathering(source.name)
            if batch is not None:
                self.deployed.control.batches.close(batch, None)

    def _running(self) -> list[Run]:
        """The runs whose executions have not ended."""
        found = []
        for machine in Machine:
            listed = self.platform.states.list_executions(
                stateMachineArn=self.deployed.layout.machine_arn(machine), statusFilter="RUNNING"
            )
            found += [each["name"].rpartition("-")[0] for each in listed["executions"]]
        return [self.deployed.control.run(run_id) for run_id in found]

    def stop(self, run_id: str) -> None:
        """Stop the run's execution, as an operator may."""
        self.platform.states.stop_execution(executionArn=self._execution(self.deployed.control.run(run_id)))

    def _abandon(self, run: Run) -> None:
        """Stop what waits for an answer that will not come."""
        self.stop(run.run_id)
        self.deployed.control.end(run.run_id, RunStatus.FAILED, datetime.now(UTC), reason="stopped")

    def _execution(self, run: Run) -> str:
        machine = Machine.INGEST if run.kind.of_source else Machine.MODEL
        return self.deployed.layout.execution_arn(machine, execution(run.run_id, run.attempt))

    def _states(self, run: Run) -> tuple[dict[str, str], bool]:
        """The states of the run's execution that have failed, were it once, and why; and whether it has ended."""
        state, failed = "", {}
        history = self.platform.states.get_execution_history(executionArn=self._execution(run), maxResults=1000)
        kinds = [str(event["type"]) for event in history["events"]]
        for kind, event in zip(kinds, history["events"], strict=True):
            if kind.endswith("StateEntered"):
                state = event["stateEnteredEventDetails"]["name"]
            elif kind.endswith("Failed") and kind != "ExecutionFailed":
                failed[state] = " ".join(str(said) for name, said in event.items() if name.endswith("EventDetails"))
        return failed, any(kind.startswith("Execution") for kind in kinds[1:])
