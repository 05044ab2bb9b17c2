"""How fast the API's function starts and answers, beside a function that does nothing: `python -m benchmarks.api`.

Both run on one embedded AWS, in turns, and are called as API Gateway calls them. Writes docs/benchmarks/api.md.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from statistics import median
from typing import Any

from benchmarks.meter import wait_until_idle
from local import process
from local.deploy import client, deploy
from local.ports import free_port
from local.settings import Settings
from medallion.layout import Api, Environment, EnvironmentLayout

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "benchmarks" / "api.md"
TENANT = "acme"
COLD, WARM = 5, 200
_EMPTY = "def handler(event, context):\n    return {'statusCode': 200, 'body': '{}'}\n"
_ABOUT = f"""\
# The API's function

Written by `python -m benchmarks.api`. The function behind the API and one that does nothing, on one embedded AWS,
called in turns as API Gateway calls them: {COLD} first calls of a new execution environment, {WARM} of a warm one.
The embedded AWS forks an environment from a process that has some packages loaded. So that a cold start is not told too
short, a process of its own that loads everything is measured as well, and added. Milliseconds: median (least-most).
"""
_MET = {True: "met", False: "missed"}
_PATHS = {"GET /me": "/me", "GET /runs": "/runs", "GET /sources": "/sources"}


@dataclass(frozen=True)
class Called:
    """A function, and what it is called with."""

    name: str
    event: dict[str, Any]


def event(path: str) -> dict[str, Any]:
    """A viewer's request as API Gateway hands it on."""
    return {
        "resource": path,
        "path": path,
        "httpMethod": "GET",
        "headers": {"Accept": "application/json"},
        "multiValueHeaders": {"Accept": ["application/json"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {
            "requestId": "benchmark",
            "authorizer": {"owner": TENANT, "role": "viewer", "key_id": "0123456789ab", "name": "benchmark"},
            "identity": {},
        },
    }


@contextmanager
def embedded() -> Iterator[Settings]:
    """An embedded AWS with the app and one tenant on it."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(state_dir=Path(folder) / "state", port=free_port())
        copytree(ROOT / "tenants" / TENANT, Path(folder) / "tenants" / TENANT)
        process.up(settings)
        try:
            deploy(settings, ROOT, output=Path(folder) / "assembly", context={"tenants": str(Path(folder) / "tenants")})
            yield settings
        finally:
            process.down(settings.state_dir)


def make_empty(functions: Any, layout: EnvironmentLayout) -> str:
    """A function that does nothing, with the same memory and role as the API's."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("empty.py", _EMPTY)
    name = layout.stack("empty")
    functions.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=layout.role_arn(Api.API),
        Handler="empty.handler",
        Code={"ZipFile": packed.getvalue()},
        MemorySize=1769,
    )
    return name


def seconds(functions: Any, called: Called) -> float:
    """How long the call takes; an answer other than 200 ends the measurement."""
    began = time.perf_counter()
    answer = functions.invoke(FunctionName=called.name, Payload=json.dumps(called.event).encode())
    spent = time.perf_counter() - began
    said = json.loads(answer["Payload"].read())
    if said.get("statusCode") != 200:
        raise SystemExit(f"{called.name} {called.event.get('path', '')}: {said}")
    return spent


def cold(functions: Any, called: Called, at: int) -> float:
    """The first call of a new execution environment: a changed configuration shares none with what ran before."""
    variables = functions.get_function_configuration(FunctionName=called.name).get("Environment", {})
    functions.update_function_configuration(
        FunctionName=called.name, Environment={"Variables": {**variables.get("Variables", {}), "START": str(at)}}
    )
    return seconds(functions, called)


def started() -> float:
    """A process of its own that has the app ready: the interpreter, every package, every route."""
    variables = {"MEDALLION_ENVIRONMENT": "dev", "MEDALLION_ACCOUNT": "0" * 12, "AWS_REGION": "eu-west-1"}
    keys = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    began = time.perf_counter()
    program = [sys.executable, "-c", "import lambdas.api.handler"]
    subprocess.run(program, check=True, cwd=ROOT, env={**os.environ, **variables, **keys})
    return time.perf_counter() - began


def measure(settings: Settings) -> dict[str, dict[str, list[float]]]:
    """The seconds of each way, cold and warm."""
    layout = EnvironmentLayout(Environment.DEV, settings.account, settings.region)
    functions = client(settings, "lambda")
    ways = {"nothing": Called(make_empty(functions, layout), {})}
    ways |= {said: Called(layout.function(Api.API), event(path)) for said, path in _PATHS.items()}
    starts = {said: [cold(functions, ways[said], at) for at in range(COLD)] for said in ("nothing", "GET /me")}
    starts["the process"] = [started() for _ in range(COLD)]
    for called in ways.values():
        seconds(functions, called)
    turns: dict[str, list[float]] = {said: [] for said in ways}
    for _ in range(WARM):
        for said, called in ways.items():
            turns[said].append(seconds(functions, called))
    return {"cold": starts, "warm": turns}


def write(found: dict[str, dict[str, list[float]]]) -> None:
    """The page."""
    starts, warm = found["cold"], found["warm"]
    start = median(starts["the process"]) + median(starts["GET /me"])
    asked = median(warm["GET /me"]) / median(warm["nothing"])
    ways = [
        (said, starts.get(said, []), spent, median(spent) / median(warm["nothing"])) for said, spent in warm.items()
    ]
    lines = [
        _ABOUT,
        "| | cold, ms | warm, ms | warm, over nothing |",
        "|---|---|---|---|",
        *(f"| {said} | {_of(first)} | {_of(spent)} | {ratio:.2f} |" for said, first, spent, ratio in ways),
        f"| a process of its own, until the app is ready | {_of(starts['the process'])} | | |",
        "",
        "| what | target | measured | |",
        "|---|---|---|---|",
        f"| a cold start: the process, and its first answer | < 2 s | {start:.2f} s | {_MET[start < 2]} |",
        f"| a warm answer over an empty handler's, p50 | ≤ 3 times | {asked:.2f} times | {_MET[asked <= 3]} |",
    ]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _of(spent: list[float]) -> str:
    if not spent:
        return ""
    return f"{median(spent) * 1000:.0f} ({min(spent) * 1000:.0f}-{max(spent) * 1000:.0f})"


if __name__ == "__main__":
    with embedded() as running:
        wait_until_idle()
        write(measure(running))
