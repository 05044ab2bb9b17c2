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
from stacks.constructs.machine import TASKS, InvalidStateMachine, definition, definition_file
from tests.infrastructure.synthesis import Synthesis, flat

BUSY = ("ClientError", "ConnectionClosedError", "S3UploadFailedError", "OSError", "CommitFailedException")
"""What a Lambda raises where a service was busy for longer than its client's own tries."""

States = dict[str, dict[str, Any]]


def asl(machine: Machine) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(definition_file(machine).read_text(encoding="utf-8"))
    return loaded


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
def test_every_placeholder_is_filled_and_every_filling_used(dev: Synthesis, machine: Machine) -> None:
    name = f"medallion-dev-acme-{machine}"
    properties = dev.one("AWS::StepFunctions::StateMachine", "acme-pipeline", StateMachineName=name)
    filled = properties["DefinitionSubstitutions"]
    assert placeholders(definition_file(machine).read_text(encoding="utf-8")) == set(filled)
    for placeholder, arn in filled.items():
        task = placeholder.removesuffix("FunctionArn").lower()
        assert flat(arn) == f"arn:aws:lambda:<AWS::Region>:<AWS::AccountId>:function:medallion-dev-acme-{task}"


@pytest.mark.parametrize("machine", Machine)
def test_the_deployed_definition_is_the_file(dev: Synthesis, machine: Machine) -> None:
    name = f"medallion-dev-acme-{machine}"
    properties = dev.one("AWS::StepFunctions::StateMachine", "acme-pipeline", StateMachineName=name)
    assert json.loads(properties["DefinitionString"]) == asl(machine)


@pytest.mark.parametrize("machine", Machine)
def test_no_task_names_a_resource_of_its_own(machine: Machine) -> None:
    tasks = [state for state in asl(machine)["States"].values() if state["Type"] == "Task"]
    called = {state["Arguments"]["FunctionName"] for state in tasks}
    assert called == {f"${{{task.capitalize()}FunctionArn}}" for task in TASKS[machine]}
    assert {state["Resource"] for state in tasks} <= {
        "arn:aws:states:::lambda:invoke",
        "arn:aws:states:::lambda:invoke.waitForTaskToken",
    }


@pytest.mark.parametrize("machine", Machine)
def test_every_task_is_tried_again_when_its_function_broke_off_or_a_service_was_busy(machine: Machine) -> None:
    """Killed, out of memory, out of time; refused by a service. What a record or a contract causes fails at once."""
    for name, state in asl(machine)["States"].items():
        if state["Type"] == "Task":
            tried = {error for retry in state["Retry"] for error in retry["ErrorEquals"]}
            assert tried >= {"Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout", *BUSY}, name
            assert "Catch" in state or "States.ALL" in tried, f"{name} leads nowhere once its tries are spent"


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
