"""Which scenario needs a grant. One that is not named here is tried by its role's own scenario."""

from __future__ import annotations

from medallion.layout import Machine, Task
from tests.least_privilege import api, operations, scenarios
from tests.least_privilege.scenarios import Scenario
from tests.least_privilege.statements import Grant
from tests.least_privilege.unjudged import UNJUDGED

BY_ROLE: dict[str, Scenario] = {
    Task.SEED: scenarios.SOURCE_SEEDED,
    Task.TRIGGER: scenarios.RUN_PROMOTED,
    Task.SWEEP: scenarios.LOOKED_AFTER,
    Task.ACQUIRE: scenarios.RUN_PROMOTED,
    Task.REFINE: scenarios.RUN_PROMOTED,
    Task.GATE: scenarios.RUN_PROMOTED,
    Task.HOLD: scenarios.RUN_REJECTED,
    Task.PROMOTE: scenarios.RUN_PROMOTED,
    Task.SETTLE: scenarios.RUN_PROMOTED,
    Task.FAIL: scenarios.RUN_REJECTED,
    Task.COALESCE: scenarios.MODEL_BUILT,
    Task.BUILD: scenarios.MODEL_BUILT,
    Machine.INGEST: scenarios.RUN_PROMOTED,
    Machine.MODEL: scenarios.MODEL_BUILT,
    "schedule": scenarios.SCHEDULE_FIRED,
    Task.HOUSEKEEP: scenarios.TABLES_KEPT,
    Task.OPERATE: operations.ROLLED_BACK,
    "api": api.KEYS_KEPT,
}

BY_STATEMENT: dict[tuple[str, str], Scenario] = {
    (Task.TRIGGER, "ListLandingVersions"): scenarios.SWEPT,
    (Task.TRIGGER, "ControlQuery"): scenarios.SWEPT,
    (Task.TRIGGER, "ControlBatchGetItem"): scenarios.SWEPT,
    (Task.TRIGGER, "DescribeIngest"): scenarios.TOLD_AGAIN,
    (Task.TRIGGER, "PutEvents"): scenarios.OBJECT_REFUSED,
    (Task.GATE, "PutEvents"): scenarios.BREAKER_TRIPPED,
    ("schedule", "InvokeSweep"): scenarios.SWEEP_FIRED,
    (Task.PROMOTE, "GetRuns"): scenarios.MODEL_BUILT,
    (Task.SETTLE, "DescribeGoldTables"): scenarios.MODEL_BUILT,
    (Task.SETTLE, "GetGold"): scenarios.MODEL_BUILT,
    (Task.FAIL, "ListArtifacts"): scenarios.NEXT_WOKEN[Task.FAIL],
    (Task.COALESCE, "DescribeModel"): scenarios.ASKED_AGAIN,
    (Task.COALESCE, "ControlDeleteItem"): scenarios.ASKED_AFTER_FAILURE,
    (Machine.INGEST, "InvokeHold"): scenarios.RUN_REJECTED,
    (Machine.INGEST, "InvokeFail"): scenarios.RUN_REJECTED,
    (Machine.MODEL, "InvokeFail"): scenarios.BUILD_FAILED,
    (Task.HOUSEKEEP, "AnswerTasks"): scenarios.WOKEN_AFTER_HOUSEKEEPING,
    (Task.HOUSEKEEP, "ControlDeleteItem"): scenarios.WOKEN_AFTER_HOUSEKEEPING,
    (Task.SWEEP, "InvokeOperate"): operations.TAKEN_UP,
    (Task.SWEEP, "InvokeTrigger"): operations.CAUGHT_UP,
    (Task.OPERATE, "GetVersionLanding"): operations.FORESEEN,
    (Task.OPERATE, "ListLedgerVersions"): operations.VERIFIED,
    (Task.OPERATE, "PutRuns"): operations.DONE_AGAIN,
    (Task.OPERATE, "StartExecutions"): operations.DONE_AGAIN,
    (Task.OPERATE, "DescribeExecutions"): operations.DONE_AGAIN,
    **{(Task.OPERATE, sid): operations.CANCELLED for sid in ("StopExecutions", "AnswerTasks", "GetRuns")},
    (Task.OPERATE, "ListArtifacts"): operations.CANCELLED_UNBEGUN,
    **{(Task.OPERATE, sid): operations.MADE_LIVE for sid in ("CreateTables", "ManageSchedules")},
    **{("api", sid): api.UPLOADED for sid in ("ControlBatchGetItem", "PutLanding", "ListLandingVersions")},
    **{("api", sid): api.TRACED for sid in ("GetSilver", "GetGold", "ListFiles")},
    **{("api", sid): api.RECEIPTS_READ for sid in ("GetReceipts", "ListLedger")},
    ("api", "AskAthena"): api.QUERIED,
    ("api", "LookIntoExecutions"): api.LOOKED_INTO,
    ("api", "AnswerTasks"): api.DECIDED,
    ("api", "InvokeOperate"): api.ASKED_FOR,
    ("schedule", "InvokeHousekeep"): scenarios.HOUSEKEEPING_FIRED,
    **{(task, "AnswerTasks"): scenario for task, scenario in scenarios.NEXT_WOKEN.items()},
    **{(task, "SendDeadLetter"): scenario for task, scenario in scenarios.DEAD_LETTER_KEPT.items()},
    **{
        (task, sid): scenario
        for task, scenario in ((Task.PROMOTE, scenarios.MODEL_BUILT), (Task.FAIL, scenarios.BUILD_FAILED))
        for sid in ("DescribeGoldTables", "GetGold", "ListGold", "CommitGoldTables", "PutGold")
    },
}

SCENARIOS = tuple({each.name: each for each in (*BY_ROLE.values(), *BY_STATEMENT.values())}.values())
"""Every scenario that a grant is tried by."""


def scenario_of(grant: Grant) -> Scenario:
    return BY_STATEMENT.get((grant.of, grant.sid)) or BY_ROLE[grant.of]


def judged(grants: tuple[Grant, ...]) -> list[Grant]:
    """The grants whose absence the embedded AWS refuses."""
    return [grant for grant in grants if (grant.of, grant.sid) not in UNJUDGED]
