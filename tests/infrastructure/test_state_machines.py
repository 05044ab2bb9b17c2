"""The state machines' files: whole, well-formed, and fitting what the stacks put into them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint

from medallion.layout import Machine
from stacks.constructs.machine import TASKS, InvalidStateMachine, definition, definition_file, whole
from stacks.settings import EnvironmentSettings
from tests.infrastructure.synthesis import Synthesis, flat

INVOKE = "arn:aws:states:::lambda:invoke"
ON_GLUE, ON_EMR = "arn:aws:states:::glue:startJobRun.sync", "arn:aws:states:::emr-serverless:startJobRun.sync"
BUSY = ("ClientError", "ConnectionClosedError", "S3UploadFailedError", "OSError", "CommitFailedException")
"""What a Lambda raises where a service was busy for longer than its client's own tries."""

States = dict[str, dict[str, Any]]


def asl(machine: Machine) -> dict[str, Any]:
    return whole(definition_file(machine))


def findings(document: dict[str, Any]) -> list[str]:
    """What cfn-lint's schema of the Amazon States Language says about a machine."""
    properties = {"RoleArn": "arn:aws:iam::123456789012:role/machine", "Definition": document}
    # Its check of substitutions is CloudFormation's; the stack substitutes, and another test sees to it.
    properties["DefinitionSubstitutions"] = dict.fromkeys(placeholders(json.dumps(document)), "value")
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    return [str(match) for match in lint(json.dumps({"Resources": {"Machine": machine}}))]


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\$\{(\w+)\}", text))


def targets(state: dict[str, Any]) -> Iterator[str]:
    """The states that a state leads to."""
    for holder in (state, *state.get("Choices", ()), *state.get("Catch", ())):
        if "Next" in holder:
            yield holder["Next"]
    if "Default" in state:
        yield state["Default"]


@pytest.mark.parametrize("machine", Machine)
def test_a_machine_is_valid_states_language(machine: Machine) -> None:
    assert findings(asl(machine)) == []


def test_a_broken_machine_is_found_when_it_is_checked() -> None:
    document = asl(Machine.INGEST)
    document["StartAt"] = "Nowhere"
    assert any("Nowhere" in finding for finding in findings(document))


@pytest.mark.parametrize("machine", Machine)
def test_every_state_is_reached_and_every_way_leads_somewhere(machine: Machine) -> None:
    document = asl(machine)
    states: States = document["States"]
    reached, waiting = set[str](), [document["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += targets(states[name])
    assert reached == set(states)
    for state in states.values():
        assert set(targets(state)) or state.get("End") or state["Type"] in ("Succeed", "Fail")


@pytest.mark.parametrize("machine", Machine)
def test_every_placeholder_is_filled_and_every_filling_used(prod: Synthesis, machine: Machine) -> None:
    name = f"medallion-prod-acme-{machine}"
    properties = prod.one("AWS::StepFunctions::StateMachine", "acme-pipeline", StateMachineName=name)
    filled = properties["DefinitionSubstitutions"]
    assert placeholders(json.dumps(asl(machine))) == set(filled)
    for placeholder, arn in filled.items():
        if placeholder.endswith("FunctionArn"):
            task = placeholder.removesuffix("FunctionArn").lower()
            assert flat(arn).endswith(f":function:medallion-prod-acme-{task}")


@pytest.mark.parametrize("machine", Machine)
def test_the_deployed_definition_is_the_file_where_every_lane_is_deployed(prod: Synthesis, machine: Machine) -> None:
    name = f"medallion-prod-acme-{machine}"
    properties = prod.one("AWS::StepFunctions::StateMachine", "acme-pipeline", StateMachineName=name)
    assert json.loads(properties["DefinitionString"]) == asl(machine)


@pytest.mark.parametrize("machine", Machine)
def test_no_task_names_a_resource_of_its_own(machine: Machine) -> None:
    tasks = [state for state in asl(machine)["States"].values() if state["Type"] == "Task"]
    functions = [state for state in tasks if state["Resource"] in (INVOKE, f"{INVOKE}.waitForTaskToken")]
    called = {state["Arguments"]["FunctionName"] for state in functions}
    assert called == {f"${{{task.capitalize()}FunctionArn}}" for task in TASKS[machine]}
    for state in (state for state in tasks if state not in functions):
        assert state["Resource"] in (ON_GLUE, ON_EMR)
        named = [state["Arguments"].get(each) for each in ("JobName", "ApplicationId", "ExecutionRoleArn")]
        assert all(each.startswith("${") for each in named if each)


@pytest.mark.parametrize("machine", Machine)
def test_every_task_is_tried_again_when_its_function_broke_off_or_a_service_was_busy(machine: Machine) -> None:
    """Killed, out of memory, out of time; refused by a service. What a record or a contract causes fails at once."""
    for name, state in asl(machine)["States"].items():
        if state["Type"] == "Task" and state["Resource"].startswith(INVOKE):
            tried = {error for retry in state["Retry"] for error in retry["ErrorEquals"]}
            assert tried >= {"Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout", *BUSY}, name
            assert "Catch" in state or "States.ALL" in tried, f"{name} leads nowhere once its tries are spent"


# --- the large lanes


WORKS = {Machine.INGEST: "RefineRun", Machine.MODEL: "BuildModel"}


@pytest.mark.parametrize("machine", Machine)
def test_the_gate_follows_where_the_function_did_the_work_and_a_job_where_it_wrote_an_order(machine: Machine) -> None:
    states: States = asl(machine)["States"]
    work = states[WORKS[machine]]
    assert work["Assign"] == {"handover": "{% $states.result.Payload %}"}
    assert work["Next"] == "ChooseLane"
    chosen = {choice["Condition"]: choice["Next"] for choice in states["ChooseLane"]["Choices"]}
    assert chosen == {
        "{% $handover.lane = 'lambda' %}": "JudgeRun",
        "{% $handover.lane = 'glue' %}": "RunOnGlue",
        "{% $handover.lane = 'emr' %}": "RunOnEmr",
    }
    assert states["ChooseLane"]["Default"] == "RefuseLane"
    assert states["RefuseLane"]["Next"] == "FailRun"
    assert "LaneNotAvailable" in states["RefuseLane"]["Assign"]["failure"]


@pytest.mark.parametrize("machine", Machine)
@pytest.mark.parametrize("name", ["RunOnGlue", "RunOnEmr"])
def test_a_job_gets_the_orders_address_and_leads_to_the_gate_or_to_fail(machine: Machine, name: str) -> None:
    state = asl(machine)["States"][name]
    if name == "RunOnGlue":
        assert state["Arguments"] == {"JobName": "${JobName}", "Arguments": {"--job": "{% $handover.job %}"}}
    else:
        submit = state["Arguments"]["JobDriver"]["SparkSubmit"]
        assert submit["EntryPointArguments"] == ["--job", "{% $handover.job %}"]
        assert state["Arguments"]["Name"] == "{% $run.run_id & '-' & $string($run.attempt) %}"
    assert state["Next"] == "JudgeRun"
    assert state["Catch"] == asl(machine)["States"][WORKS[machine]]["Catch"]
    longest = EnvironmentSettings.model_json_schema()["properties"]["job_minutes"]["maximum"]
    assert state["TimeoutSeconds"] > longest * 60, "the service ends a job that takes too long, and says so"


def _tries(state: dict[str, Any], error: str) -> int:
    """How often a state is tried again when a task fails so: the first that names the error counts."""
    for retry in state["Retry"]:
        if error in retry["ErrorEquals"] or "States.TaskFailed" in retry["ErrorEquals"]:
            return int(retry["MaxAttempts"])
    return 0


@pytest.mark.parametrize(
    ("name", "waits", "ends"),
    [
        (
            "RunOnGlue",
            ("Glue.ConcurrentRunsExceededException", "Glue.ThrottlingException"),
            ("Glue.EntityNotFoundException", "Glue.InvalidInputException", "Glue.InternalServiceException"),
        ),
        (
            "RunOnEmr",
            ("EMRServerless.ThrottlingException", "EMRServerless.ServiceQuotaExceededException"),
            ("EMRServerless.ResourceNotFoundException", "EMRServerless.InternalServerException"),
        ),
    ],
)
def test_a_job_waits_its_turn_for_hours_is_tried_once_more_and_never_started_twice(
    name: str, waits: tuple[str, ...], ends: tuple[str, ...]
) -> None:
    state = asl(Machine.INGEST)["States"][name]
    assert all(_tries(state, error) >= 20 for error in waits)
    assert [_tries(state, error) for error in ends] == [0] * len(ends)
    assert _tries(state, "States.TaskFailed") == 1
    patient = state["Retry"][0]
    assert patient["MaxAttempts"] * patient["MaxDelaySeconds"] >= 6 * 3600


@pytest.mark.parametrize("machine", Machine)
def test_a_lane_that_is_not_deployed_has_no_state_and_ends_in_a_refusal(dev: Synthesis, machine: Machine) -> None:
    name = f"medallion-dev-acme-{machine}"
    properties = dev.one("AWS::StepFunctions::StateMachine", "acme-pipeline", StateMachineName=name)
    deployed = json.loads(properties["DefinitionString"])
    assert set(asl(machine)["States"]) - set(deployed["States"]) == {"RunOnEmr"}
    assert findings(deployed) == []
    leads = {choice["Next"] for choice in deployed["States"]["ChooseLane"]["Choices"]}
    assert leads == {"JudgeRun", "RunOnGlue"}
    assert deployed["States"]["ChooseLane"]["Default"] == "RefuseLane"
    assert set(properties["DefinitionSubstitutions"]) == placeholders(json.dumps(deployed))


def test_a_state_that_is_not_there_is_not_left_out_in_silence(tmp_path: Path) -> None:
    file = tmp_path / "ingest.asl.json"
    file.write_text('{"States": {}}')
    with pytest.raises(InvalidStateMachine, match="no state RefineOnMoon to leave out"):
        definition(file, set(), ("RefineOnMoon",))


# --- files that are not right


def test_a_placeholder_without_a_function_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ingest.asl.json"
    file.write_text('{"Comment": "${AcquireFunctionArn} ${OtherFunctionArn}"}')
    with pytest.raises(InvalidStateMachine, match="differ in GateFunctionArn, OtherFunctionArn"):
        definition(file, {"AcquireFunctionArn", "GateFunctionArn"})


@pytest.mark.parametrize(("text", "said"), [("{", "not JSON"), (None, "no such file")])
def test_a_file_that_is_no_definition_is_refused(tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "ingest.asl.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InvalidStateMachine, match=said):
        definition(file, set())
