"""One state machine of a tenant, from its file in state_machines/ and the states that machines share."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from aws_cdk import aws_kms as kms
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from medallion.errors import MedallionError
from medallion.layout import Job, Machine, Task, TenantLayout
from stacks.constructs.large_lanes import LargeLanes
from stacks.constructs.log_group import EncryptedLogGroup
from stacks.constructs.role import ServiceRole
from stacks.permissions import DELIVER_LOGS, SAMPLE_TRACES, TRACE, Capabilities
from stacks.settings import ROOT, EnvironmentSettings

TASKS: dict[Machine, tuple[Task, ...]] = {
    Machine.INGEST: (
        Task.ACQUIRE,
        Task.REFINE,
        Task.GATE,
        Task.HOLD,
        Task.PROMOTE,
        Task.SETTLE,
        Task.FAIL,
    ),
    Machine.MODEL: (Task.ACQUIRE, Task.BUILD, Task.GATE, Task.PROMOTE, Task.SETTLE, Task.FAIL),
}
"""The functions that each machine calls."""

JOBS = {Machine.INGEST: Job.REFINE, Machine.MODEL: Job.MODEL}
"""The job that each machine runs where its work outgrows a function."""

LARGE_LANES = ROOT / "state_machines" / "large_lanes.json"
"""The states that choose a lane and run its job."""

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


class InvalidStateMachine(MedallionError):
    """A state machine's file does not fit what the stack substitutes in it."""


class TaskMachine(Construct):
    """A Standard state machine over the tenant's functions, and its job in the large lanes.

    Own role, X-Ray, every event logged without payloads.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        machine: Machine,
        layout: TenantLayout,
        settings: EnvironmentSettings,
        can: Capabilities,
        key: kms.IKey,
        lanes: LargeLanes,
    ) -> None:
        super().__init__(scope, construct_id)
        substitutions = {f"{task.capitalize()}FunctionArn": layout.function_arn(task) for task in TASKS[machine]}
        substitutions |= lanes.substitutions(JOBS[machine])
        body = definition(definition_file(machine), set(substitutions), lanes.absent)
        role = ServiceRole(
            self,
            "Role",
            name=layout.role(machine),
            service="states.amazonaws.com",
            permissions=(
                *can.invoke(*TASKS[machine]),
                *lanes.permissions(JOBS[machine]),
                TRACE,
                SAMPLE_TRACES,
                DELIVER_LOGS,
            ),
            trust_conditions={
                "StringEquals": {"aws:SourceAccount": layout.account},
                "ArnEquals": {"aws:SourceArn": layout.machine_arn(machine)},
            },
        )
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_name=layout.machine(machine),
            state_machine_type=sfn.StateMachineType.STANDARD,
            definition_body=sfn.DefinitionBody.from_string(body),
            definition_substitutions=substitutions,
            role=role.role,
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=EncryptedLogGroup(
                    self, "Log", name=layout.machine_log_group(machine), key=key, settings=settings
                ).log_group,
                level=sfn.LogLevel.ALL,
                include_execution_data=False,
            ),
        )


def definition_file(machine: Machine) -> Path:
    return ROOT / "state_machines" / f"{machine}.asl.json"


def definition(file: Path, substitutions: set[str], absent: Collection[str] = ()) -> str:
    """The machine's definition on one line, with the states of the large lanes that it leads to but for those that are
    `absent`, and without the choices that lead to these.

    InvalidStateMachine where it is no JSON, has no such state, or its placeholders are not `substitutions`.
    """
    document = whole(file)
    for state in absent:
        _leave_out(file, document, state)
    compact = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    if differing := set(_PLACEHOLDER.findall(compact)) ^ substitutions:
        raise InvalidStateMachine(
            f"{file}: placeholders and the machine's functions and lanes differ in {', '.join(sorted(differing))}; "
            "change the file, TASKS in stacks/constructs/machine.py, or stacks/constructs/large_lanes.py"
        )
    return compact


def whole(file: Path) -> dict[str, Any]:
    """The file's states, and those of the large lanes where one of them leads there."""
    document, shared = _read(file), _read(LARGE_LANES)["States"]
    states = document.get("States", {})
    if any(state.get("Next") in shared for state in states.values()):
        states.update(shared)
    return document


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise InvalidStateMachine(f"{file}: there is no such file; a machine's definition stands there")
    try:
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidStateMachine(f"{file}: not JSON ({error}); correct the file") from error
    return document


def _leave_out(file: Path, document: dict[str, Any], state: str) -> None:
    """What chose the state takes its default instead."""
    if document["States"].pop(state, None) is None:
        raise InvalidStateMachine(f"{file}: there is no state {state} to leave out; name its states as they are")
    for other in document["States"].values():
        if "Choices" in other:
            other["Choices"] = [choice for choice in other["Choices"] if choice["Next"] != state]
