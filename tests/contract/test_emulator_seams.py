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

RUN_BY_PATH = ("worker", "boot", "guard", "lesson", "__main__")
for module in pkgutil.walk_packages(local.__path__, "local."):
    if module.name.rpartition(".")[2] not in RUN_BY_PATH:
        importlib.import_module(module.name)


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
        ("services.stepfunctions._execute_task", "_invoke_resource_with_timeout("),
        # What tells a task that its time is up is read in the thread that runs it.
        ("services.stepfunctions._invoke_resource_with_timeout", "contextvars.copy_context().run, _invoke_resource"),
        ("services.cloudformation.provisioners._delete_resource", "_RESOURCE_HANDLERS.get(resource_type)"),
        ("services.stepfunctions._stop_execution", 'execution["status"] = "ABORTED"'),
        ("services.stepfunctions._invoke_resource", "return handler(resource, input_data)"),
        ("services.glue._handle_request_sync", '"StartJobRun": _start_job_run'),
        ("services.glue._handle_request_sync", '"BatchStopJobRun": _batch_stop_job_run'),
        ("services.glue._handle_request_sync", '"CreateJob": _create_job'),
        ("services.glue._handle_request_sync", '"UpdateJob": _update_job'),
        # A run is answered as it is recorded.
        ("services.glue._get_job_run", 'json_response({"JobRun": run})'),
        ("services.cloudformation.provisioners._glue_job_create", "_glue_job_fields(props)"),
        ("services.cloudformation.provisioners._glue_job_create", "_glue._create_job"),
        ("services.cloudformation.provisioners._glue_job_update", "_glue_job_fields(new_props)"),
        # A service that the emulator lacks is routed and judged by its signature's name.
        ("core.router.detect_service", "if _is_aws_service_name(svc_name):"),
        ("app._dispatch_service_request", "SERVICE_HANDLERS.get(service)"),
        ("core.iam_actions.extract_iam_action", "SERVICE_TO_IAM_NAMESPACE.get(service)"),
        ("core.iam_actions._get_routes_for_service", "_BOTOCORE_SERVICE_MAP.get(service"),
        ("app._reset_all_state", "mod.reset()"),
        ("services.athena._start_query_execution", "_execute_query(query_id, query, db, ddl, catalog)"),
        ("services.athena._start_query_execution", "{output_location}{query_id}.csv"),
        ("services.athena.handle_request", '"StartQueryExecution": _start_query_execution'),
    ],
)
def test_caller_looks_its_seam_up_when_it_calls(function: str, text: str) -> None:
    module, _, name = function.rpartition(".")
    source = inspect.getsource(getattr(importlib.import_module(f"ministack.{module}"), name))
    assert text in source, f"ministack.{function} no longer has {text!r}"
