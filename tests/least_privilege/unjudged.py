"""The statements that the embedded AWS cannot judge, each with the reason and the narrowest that it can say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from medallion.layout import Machine, Task
from tests.least_privilege.statements import LAYOUT

Conditions = Mapping[str, Mapping[str, str | list[str]]]

TRACES = "segments go to a daemon beside the function: the embedded AWS has none"
LOGS = "the embedded AWS writes a function's log itself, without the role"
DELIVERY = "executions log to nowhere on the embedded AWS"
KEY = "encryption at rest is a label on the embedded AWS: no bytes are encrypted, so no key is asked for"
STOPPED = "the embedded AWS takes an answer for a task whose execution was stopped: nobody is asked after"
PASSING = "iam:PassRole is asked of nobody on the embedded AWS"


@dataclass(frozen=True)
class Unjudged:
    """What a statement must say, to the letter, since nothing but its text can be checked."""

    reason: str
    actions: tuple[str, ...]
    resource: Callable[[str], str | list[str]]
    """By the ARN of the tenant's key."""
    conditions: Conditions = field(default_factory=dict)

    def statement(self, sid: str, key_arn: str) -> dict[str, Any]:
        action = list(self.actions) if len(self.actions) > 1 else self.actions[0]
        said: dict[str, Any] = {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": self.resource(key_arn)}
        return {**said, "Condition": self.conditions} if self.conditions else said


def _all(key_arn: str) -> str:
    """The services know no resource for these actions."""
    return "*"


def _log_of(task: Task) -> Callable[[str], str]:
    arn = f"arn:aws:logs:{LAYOUT.region}:{LAYOUT.account}:log-group:/medallion/dev/trial/{task}:*"
    return lambda key_arn: arn


def _key(*services: str) -> Unjudged:
    via = [f"{service}.{LAYOUT.region}.amazonaws.com" for service in services]
    return Unjudged(
        KEY,
        ("kms:Decrypt", "kms:GenerateDataKey"),
        lambda key_arn: key_arn,
        {"StringEquals": {"kms:ViaService": via}},
    )


def _executions(key_arn: str) -> list[str]:
    return [LAYOUT.arn("states", f"execution:{LAYOUT.machine(machine)}:*") for machine in Machine]


UNJUDGED: dict[tuple[str, str], Unjudged] = {
    **{
        (task, "WriteLog"): Unjudged(LOGS, ("logs:CreateLogStream", "logs:PutLogEvents"), _log_of(task))
        for task in Task
    },
    **{
        (of, "SendTraces"): Unjudged(TRACES, ("xray:PutTraceSegments", "xray:PutTelemetryRecords"), _all)
        for of in (*Task, *Machine)
    },
    **{
        (machine, "SampleTraces"): Unjudged(TRACES, ("xray:GetSamplingRules", "xray:GetSamplingTargets"), _all)
        for machine in Machine
    },
    **{
        (machine, "DeliverLogs"): Unjudged(
            DELIVERY,
            (
                "logs:CreateLogDelivery",
                "logs:GetLogDelivery",
                "logs:UpdateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:DescribeResourcePolicies",
                "logs:DescribeLogGroups",
            ),
            _all,
        )
        for machine in Machine
    },
    **{
        (task, "UseKey"): _key("s3")
        for task in (Task.REFINE, Task.GATE, Task.PROMOTE, Task.SETTLE, Task.FAIL, Task.BUILD)
    },
    **{(task, "UseKey"): _key("s3", "sqs") for task in (Task.SEED, Task.TRIGGER, Task.SWEEP, Task.HOUSEKEEP)},
    **{
        (task, "DescribeExecutions"): Unjudged(STOPPED, ("states:DescribeExecution",), _executions)
        for task in (Task.ACQUIRE, Task.HOLD, Task.SETTLE, Task.FAIL, Task.HOUSEKEEP)
    },
    (Task.COALESCE, "UseKey"): _key("sqs"),
    (Task.SEED, "PassScheduleRole"): Unjudged(
        PASSING,
        ("iam:PassRole",),
        lambda key_arn: f"arn:aws:iam::{LAYOUT.account}:role/medallion-dev-trial-schedule-{LAYOUT.region}",
        {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
    ),
}
