"""A fault in the API's code does not reach another tenant: the credentials that it works with cannot."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from local.settings import Settings
from medallion.control.items import Run, RunKind, RunStatus, Tenant
from medallion.control.keys import Role
from medallion.control.plane import ControlPlane
from medallion.layout import Api, TenantLayout
from tests.integration.pipeline.calling import Caller, holder, operator
from tests.integration.pipeline.deployed import PROJECT, Deployed

MARK = "only-the-other-tenant-knows"
RUN = "20260101T000000-0123456789abcdef"
RIGHT = 'return found["Expiration"], Platform(layout, session'
WRONG = "return found[\"Expiration\"], Platform(TenantLayout.of(self._layout, 'other'), session"


def code(*, altered: bool) -> bytes:
    """The API function's code as it is deployed; `altered`, every route works on another tenant's names."""
    packed, changed = io.BytesIO(), 0
    with zipfile.ZipFile(packed, "w") as archive:
        for folder in ("medallion", "lambdas", "verifier"):
            for file in sorted((PROJECT / folder).rglob("*.*")):
                if "__pycache__" in file.parts or not file.is_file():
                    continue
                text = file.read_text(encoding="utf-8")
                changed += text.count(RIGHT)
                archive.writestr(str(file.relative_to(PROJECT)), text.replace(RIGHT, WRONG) if altered else text)
    assert changed == 1, "the place that this test alters has moved"
    return packed.getvalue()


@contextmanager
def running(deployed: Deployed, *, altered: bool) -> Iterator[None]:
    name, functions = deployed.layout.shared.function(Api.API), deployed.client("lambda")
    functions.update_function_code(FunctionName=name, ZipFile=code(altered=altered))
    try:
        yield
    finally:
        functions.update_function_code(FunctionName=name, ZipFile=code(altered=False))


@pytest.fixture(scope="module")
def other(trial: Deployed) -> ControlPlane:
    """Another tenant's items, in the same table."""
    plane = ControlPlane.of(TenantLayout.of(trial.layout.shared, "other"), trial.session)
    plane.save_tenant(Tenant(id="other", name=MARK))
    run = Run(
        run_id=RUN,
        kind=RunKind.INGEST,
        subject="orders",
        status=RunStatus.PROMOTED,
        reason=MARK,
        created_at=trial.platform.clock(),
    )
    plane.create_run(run)
    return plane


def paths() -> list[str]:
    """Every path that can be read, its parameters such that the other tenant has the thing."""
    told = json.loads((PROJECT / "docs" / "openapi.json").read_text(encoding="utf-8"))["paths"]
    names = {"{run_id}": RUN, "{source}": "orders", "{key_id}": "0123456789ab", "{zone}": "silver", "{name}": "orders"}
    found = []
    for path in (path for path, methods in told.items() if "get" in methods):
        filled = path
        for name, value in names.items():
            filled = filled.replace(name, value)
        found.append(filled if "{" not in filled else filled.partition("{")[0] + "unknown")
    return found


def told_of(caller: Caller) -> dict[str, int]:
    """How each path is answered. What only the other tenant knows is in no answer."""
    statuses = {}
    for path in paths():
        answer = caller.get(path)
        assert MARK not in answer.text, path
        statuses[path] = answer.status_code
    return statuses


def test_a_fault_in_a_route_is_refused_when_it_names_another_tenant(
    trial: Deployed, embedded: Settings, other: ControlPlane
) -> None:
    steward = holder(trial, embedded, Role.STEWARD)
    assert told_of(steward)["/tenant"] == 200
    with running(trial, altered=True):
        statuses = told_of(steward)
        # What asks for nothing of a tenant's is answered; the rest is refused by IAM, and told as a fault.
        assert {path for path, status in statuses.items() if status == 200} <= {"/health", "/me"}
        assert statuses["/tenant"] == statuses["/audit"] == 500
    assert steward.get("/tenant").json()["id"] == "trial"


def test_a_fault_in_a_route_changes_nothing_when_it_names_another_tenant(
    trial: Deployed, embedded: Settings, other: ControlPlane
) -> None:
    ada = operator(trial, embedded)
    with running(trial, altered=True):
        assert ada.post("/keys", {"name": "stray", "role": "engineer"}).status_code == 500
    assert other.keys.page(10).keys == []
    assert other.audit.page(10).entries == []
