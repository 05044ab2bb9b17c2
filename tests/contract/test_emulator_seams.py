"""The pinned emulator's private parts are where `local` expects them. A failure here names the one that moved."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from importlib.metadata import version

import pytest

import local
from local.errors import EmulatorMoved
from local.seams import PINNED, SEAMS, Seam
from local.server import environment
from local.settings import Settings, default_state_dir

for module in pkgutil.iter_modules(local.__path__):
    if module.name not in ("__main__", "worker"):
        importlib.import_module(f"local.{module.name}")


def test_emulator_is_the_pinned_one() -> None:
    assert version("ministack") == PINNED


@pytest.mark.parametrize("seam", SEAMS, ids=str)
def test_seam_is_in_place(seam: Seam) -> None:
    seam.get()


def test_moved_seam_is_named_when_it_is_asked_for() -> None:
    with pytest.raises(EmulatorMoved, match=r"ministack\.services\.s3\.gone: not found .* ministack=="):
        Seam("services.s3", "gone").get()


def test_moved_seam_is_named_when_its_parameters_changed() -> None:
    with pytest.raises(EmulatorMoved, match=r"_get_object_data: takes \('bucket_name', 'key'\)"):
        Seam("services.s3", "_get_object_data", ("bucket", "name")).get()


def test_environment_is_read_by_the_emulator() -> None:
    """Each variable that the server sets is one that the emulator's own source names."""
    modules = ("app", "core.lambda_runtime", "core.persistence", "core.responses", "services.lambda_svc")
    source = "".join(inspect.getsource(importlib.import_module(f"ministack.{name}")) for name in modules)
    unread = [name for name in environment(Settings(state_dir=default_state_dir())) if name not in source]
    assert unread == []


@pytest.mark.parametrize(
    ("function", "text"),
    [
        # The caller relies on a name that it looks up at each call: replacing the module's attribute is enough.
        ("services.lambda_svc._execute_function_dispatch", "_execute_function_warm(func, event, request_id)"),
        ("services.stepfunctions._execute_task", "_invoke_with_callback("),
        ("services.stepfunctions._execute_task", "_invoke_resource(resource, effective)"),
        ("services.stepfunctions._invoke_with_callback", "_call_lambda(func_ref, lambda_payload)"),
        ("services.stepfunctions._invoke_with_callback", 'state_def.get("TimeoutSeconds"'),
        ("services.eventbridge._dispatch_event", "_invoke_target(target, event, rule, view)"),
        ("services.eventbridge._invoke_target", "_dispatch_to_lambda(arn, event_payload)"),
        ("services.scheduler._tick_schedules", "_eb._invoke_target(target, event, sched)"),
        ("services.scheduler._ticker_loop", "time.sleep(_SCHEDULE_TICK_INTERVAL)"),
        ("services.s3._fire_s3_event", "_eb._dispatch_event(eb_event)"),
        ("services.lambda_svc.invoke_async_with_retry", "_route_async_failure("),
        ("services.cloudformation.custom_resource.invoke_custom_resource", "_execute_function_with_config_scope("),
        ("services.cloudformation.provisioners._s3_apply_configurations", "_S3_BUCKET_CONFIGURATIONS"),
        ("app._dispatch_service_request", "from ministack.core.iam_evaluator import AuthError, enforce"),
        ("app._dispatch_service_request", "else s3_service_context(iam_action, query_params, path,"),
        ("services.s3._put_object", "_check_put_preconditions("),
        ("services.athena._start_query_execution", "_execute_query(query_id, query, db, ddl, catalog)"),
        ("services.athena._start_query_execution", "{output_location}{query_id}.csv"),
        ("services.athena.handle_request", '"StartQueryExecution": _start_query_execution'),
    ],
)
def test_caller_looks_its_seam_up_when_it_calls(function: str, text: str) -> None:
    module, _, name = function.rpartition(".")
    source = inspect.getsource(getattr(importlib.import_module(f"ministack.{module}"), name))
    assert text in source, f"ministack.{function} no longer has {text!r}"
