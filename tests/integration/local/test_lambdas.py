"""Lambda on the embedded AWS stays within bounds of concurrency, memory and time."""

from __future__ import annotations

import io
import json
import statistics
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from local import process
from local.settings import Settings
from tests.integration.local import pipeline
from tests.integration.local.conftest import Clients

SOURCE = {
    "busy.py": """
        import os, time
        import duckdb, pyarrow, pyiceberg.catalog
        def handler(event, context):
            time.sleep(event.get("seconds", 0))
            if event.get("exit"):
                os._exit(3)
            print("seen", event.get("n"))
            return {"pid": os.getpid(), "value": object() if event.get("odd") else 1}
        """,
    "calling.py": """
        import boto3, json, os
        def handler(event, context):
            answer = boto3.client("lambda").invoke(FunctionName="bounds-busy", Payload=b"{}")
            return json.load(answer["Payload"])
        """,
    "broken.py": "import nothing_of_that_name\n",
}


@pytest.fixture(scope="module")
def functions(aws: Clients, outputs: dict[str, str]) -> None:
    roles = aws("iam")
    role = roles.get_role(RoleName=outputs["PlainRole"])["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}
    roles.put_role_policy(
        RoleName=outputs["PlainRole"],
        PolicyName="nested",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    for name in ("busy", "calling", "broken"):
        aws("lambda").create_function(
            FunctionName=f"bounds-{name}",
            Runtime="python3.12",
            Role=role,
            Handler=f"{name}.handler",
            Code={"ZipFile": pipeline.archive(SOURCE)},
            Timeout=5,
        )
        aws("lambda").get_waiter("function_active_v2").wait(FunctionName=f"bounds-{name}", WaiterConfig={"Delay": 1})


def invoke(aws: Clients, name: str, **event: object) -> dict[str, object]:
    payload = json.dumps(event).encode()
    answer: dict[str, object] = json.load(aws("lambda").invoke(FunctionName=name, Payload=payload)["Payload"])
    return answer


def test_no_more_processes_than_slots_serve_when_many_invocations_come_at_once(
    aws: Clients, functions: None, settings: Settings
) -> None:
    with ThreadPoolExecutor(24) as callers:
        answers = list(callers.map(lambda n: invoke(aws, "bounds-busy", n=n, seconds=0.05), range(24)))
    assert all(answer["value"] == 1 for answer in answers)
    assert len({answer["pid"] for answer in answers}) <= settings.lambda_slots


def test_memory_stays_bounded_when_a_dozen_functions_are_warm(
    aws: Clients, functions: None, settings: Settings, outputs: dict[str, str]
) -> None:
    role = aws("iam").get_role(RoleName=outputs["PlainRole"])["Role"]["Arn"]
    for n in range(12):
        aws("lambda").create_function(
            FunctionName=f"warm-{n}",
            Runtime="python3.12",
            Role=role,
            Handler="busy.handler",
            Code={"ZipFile": pipeline.archive(SOURCE)},
            Timeout=30,
        )
        assert invoke(aws, f"warm-{n}")["value"] == 1
    used = process.memory_mb(process.require(settings.state_dir).pid)
    assert used is None or used < 1500


def test_answer_comes_within_50_ms_when_the_function_is_warm(aws: Clients, functions: None) -> None:
    invoke(aws, "bounds-busy")
    seconds = []
    for _ in range(20):
        started = time.perf_counter()
        invoke(aws, "bounds-busy")
        seconds.append(time.perf_counter() - started)
    assert statistics.median(seconds) < 0.05


def test_nested_invocation_runs_when_every_slot_waits_for_one(
    aws: Clients, functions: None, settings: Settings
) -> None:
    with ThreadPoolExecutor(settings.lambda_slots) as callers:
        answers = list(callers.map(lambda n: invoke(aws, "bounds-calling", n=n), range(settings.lambda_slots)))
    assert [answer["value"] for answer in answers] == [1] * settings.lambda_slots


@pytest.mark.parametrize(
    ("name", "event", "error"),
    [
        ("bounds-busy", {"seconds": 30}, "Sandbox.Timedout"),
        ("bounds-busy", {"exit": True}, "Runtime.ExitError"),
        ("bounds-busy", {"odd": True}, "Runtime.MarshalError"),
        ("bounds-broken", {}, "Runtime.ImportModuleError"),
    ],
)
def test_error_type_is_lambdas_when_no_exception_reaches_the_caller(
    aws: Clients, functions: None, name: str, event: dict[str, object], error: str
) -> None:
    assert invoke(aws, name, **event)["errorType"] == error
    assert invoke(aws, "bounds-busy")["value"] == 1


def test_layer_is_left_out_when_it_was_compiled_for_another_python(
    aws: Clients, functions: None, outputs: dict[str, str]
) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr("python/duckdb/__init__.py", "raise ImportError('this copy is for another Python')")
        zipped.writestr("python/duckdb/_native.cpython-399-x86_64-linux-gnu.so", b"")
    layer = aws("lambda").publish_layer_version(LayerName="compiled", Content={"ZipFile": buffer.getvalue()})
    aws("lambda").update_function_configuration(FunctionName="bounds-busy", Layers=[layer["LayerVersionArn"]])
    assert invoke(aws, "bounds-busy")["value"] == 1


def test_log_holds_what_was_printed_when_a_function_ends(aws: Clients, functions: None) -> None:
    invoke(aws, "bounds-busy", n=12345)
    events = aws("logs").filter_log_events(logGroupName="/aws/lambda/bounds-busy")["events"]
    assert any(event["message"] == "seen 12345" for event in events)
