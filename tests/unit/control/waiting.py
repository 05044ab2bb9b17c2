"""A tenant's control plane in memory, and Step Functions as far as leases need it: tasks that wait with a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import boto3

from medallion.contracts.model import Frozen
from medallion.control.items import Run, RunKind
from medallion.control.plane import ControlPlane
from medallion.engines.resources import Resources
from medallion.events import EventType
from medallion.layout import Environment, EnvironmentLayout, Task, TenantLayout
from medallion.steps.platform import Platform
from medallion.steps.ticket import Ticket
from tests.unit.control.memory import MemoryTable

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LAYOUT = TenantLayout.of(EnvironmentLayout(Environment.DEV, "000000000000", "eu-west-1"), "trial")


class Clock:
    """A clock that a test sets."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


class TaskGone(Exception):
    """A task that does not wait, or does not any more."""


class NoExecution(Exception):
    """An execution that never was."""


class NameTaken(Exception):
    """An execution of that name was started before."""


@dataclass
class States:
    """Tasks by their token, with what they were answered; executions by their ARN, with their status."""

    tasks: dict[str, str | None] = field(default_factory=dict)
    executions: dict[str, str] = field(default_factory=dict)
    exceptions: Any = field(
        default_factory=lambda: SimpleNamespace(
            TaskTimedOut=TaskGone,
            TaskDoesNotExist=TaskGone,
            InvalidToken=TaskGone,
            ExecutionDoesNotExist=NoExecution,
            ExecutionAlreadyExists=NameTaken,
        )
    )

    def send_task_success(self, *, taskToken: str, output: str) -> None:  # noqa: N803  # as the service spells it
        if self.tasks.get(taskToken, "gone") is not None:
            raise TaskGone(taskToken)
        self.tasks[taskToken] = output

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> None:  # noqa: A002, N803
        """As the service spells it: an execution's name is taken for ever."""
        arn = f"{stateMachineArn.replace('stateMachine', 'execution')}:{name}"
        if arn in self.executions:
            raise NameTaken(arn)
        self.executions[arn] = "RUNNING"

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803  # as the service spells it
        if executionArn not in self.executions:
            raise NoExecution(executionArn)
        return {"status": self.executions[executionArn]}


@dataclass(frozen=True)
class InMemory(Platform):
    """A platform without AWS. Its clock is set by the test."""

    table: MemoryTable = field(default_factory=MemoryTable)
    waiting: States = field(default_factory=States)
    documents: dict[str, Frozen] = field(default_factory=dict)
    invoked: list[tuple[Task, dict[str, Any]]] = field(default_factory=list)
    told: list[tuple[EventType, dict[str, Any]]] = field(default_factory=list)

    def write_document(self, run_id: str, attempt: int, name: str, document: Frozen) -> None:
        self.table.before()
        self.documents[f"{run_id}/{attempt}/{name}"] = document

    def invoke(self, task: Task, event: dict[str, Any]) -> None:
        self.invoked.append((task, event))

    def emit(self, kind: EventType, **detail: Any) -> None:
        self.told.append((kind, detail))

    @cached_property
    def control(self) -> ControlPlane:
        return ControlPlane(self.table, self.layout)

    @cached_property
    def states(self) -> Any:
        return self.waiting

    @classmethod
    def at(cls, clock: Any = lambda: NOW) -> InMemory:
        return cls(LAYOUT, boto3.Session(region_name=LAYOUT.region), Resources(region=LAYOUT.region), clock)

    def running(self, run_id: str, subject: str = "orders") -> Ticket:
        """A new run whose execution goes on."""
        arn = f"arn:{run_id}"
        run = Run(run_id=run_id, kind=RunKind.INGEST, subject=subject, created_at=NOW, execution_arn=arn, lane="lambda")
        self.control.create_run(run)
        self.waiting.executions[arn] = "RUNNING"
        return Ticket.of(run)

    def task(self, token: str) -> str:
        """A task that waits now."""
        self.waiting.tasks[token] = None
        return token
