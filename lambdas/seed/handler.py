"""Seed: the custom resource that registers a tenant's folder in the control table when its pipeline is deployed."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from aws_lambda_powertools.utilities.typing import LambdaContext
from crhelper import CfnResource

from lambdas.runtime import logger, platform, tracer
from medallion.steps.seed import seed

resource = CfnResource(json_logging=False, log_level="INFO", boto_level="CRITICAL", sleep_on_delete=0)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    resource(event, context)


@resource.create
@resource.update
def register(event: dict[str, Any], context: LambdaContext) -> str:
    """Register the folder that the deployment staged. What stays behind on deletion is the control table's own."""
    asset = event["ResourceProperties"]
    found = platform().s3.get_object(Bucket=asset["AssetBucket"], Key=asset["AssetKey"])["Body"].read()
    with TemporaryDirectory() as folder:
        ZipFile(BytesIO(found)).extractall(folder)
        kept_out = seed(platform(), Path(folder), approvals_by_another=asset.get("ApprovalsByAnother") == "true")
    logger.info("seeded")
    for said in kept_out:
        logger.warning("kept out", extra={"kept_out": said})
    return f"{platform().layout.prefix}-seed"


@resource.delete
def leave(event: dict[str, Any], context: LambdaContext) -> None:
    """Sources and runs are data: removing the stack does not remove them."""
