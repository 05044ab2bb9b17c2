"""The statements that the embedded AWS cannot judge, each with the reason and the narrowest that it can say."""

from __future__ import annotations

from collections.abc import Callable

from medallion.layout import Machine, Task
from tests.least_privilege.behind_athena import BEHIND_ATHENA
from tests.least_privilege.saying import Unjudged, key_by_way_of
from tests.least_privilege.statements import LAYOUT
from tests.least_privilege.unstarted import UNSTARTED

TRACES = "segments go to a daemon beside the function: the embedded AWS has none"
LOGS = "the embedded AWS writes a function's log itself, without the role"
DELIVERY = "executions log to nowhere on the embedded AWS"
STOPPED = "the embedded AWS takes an answer for a task whose execution was stopped: nobody is asked after"
PASSING = "iam:PassRole is asked of nobody on the embedded AWS"


def _all(key_arn: str) -> str:
    """The services know no resource for these actions."""
    return "*"


def _log_of(task: Task) -> Callable[[str], str]:
    arn = f"arn:aws:logs:{LAYOUT.region}:{LAYOUT.account}:log-group:/medallion/dev/trial/{task}:*"
    return lambda key_arn: arn


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
        (task, "UseKey"): key_by_way_of("s3")
        for task in (Task.REFINE, Task.GATE, Task.PROMOTE, Task.SETTLE, Task.FAIL, Task.BUILD)
    },
    **{
        (task, "UseKey"): key_by_way_of("s3", "sqs")
        for task in (Task.SEED, Task.TRIGGER, Task.SWEEP, Task.HOUSEKEEP, Task.OPERATE)
    },
    **{
        (task, "DescribeExecutions"): Unjudged(STOPPED, ("states:DescribeExecution",), _executions)
        for task in (Task.ACQUIRE, Task.HOLD, Task.SETTLE, Task.FAIL, Task.HOUSEKEEP)
    },
    (Task.COALESCE, "UseKey"): key_by_way_of("sqs"),
    **{
        (task, "PassScheduleRole"): Unjudged(
            PASSING,
            ("iam:PassRole",),
            lambda key_arn: f"arn:aws:iam::{LAYOUT.account}:role/medallion-dev-trial-schedule-{LAYOUT.region}",
            {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
        )
        for task in (Task.SEED, Task.OPERATE)
    },
    **BEHIND_ATHENA,
    **UNSTARTED,
}
