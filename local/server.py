"""The server: the emulator's environment, this package's repairs, and the HTTP listener, in one process."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import uvicorn

from local import (
    athena,
    conditional_writes,
    deletions,
    delivery,
    gateway,
    iam,
    lambdas,
    leading_keys,
    properties,
    recorded,
    resources,
    stepfunctions,
    uploads,
)
from local.front_door import FrontDoor
from local.ports import check_port
from local.seams import seam
from local.settings import HOST, SIGNING, Settings
from local.spark import service as spark

_APPLICATION = seam("app", "app")


def environment(settings: Settings) -> dict[str, str]:
    """The variables that the emulator reads when it is imported."""
    return {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(settings.port),
        "MINISTACK_ACCOUNT_ID": settings.account,
        "MINISTACK_REGION": settings.region,
        "AWS_ENDPOINT_URL": settings.endpoint,
        "AWS_ACCESS_KEY_ID": settings.account,
        "AWS_SECRET_ACCESS_KEY": SIGNING,
        "AUTH": "true" if settings.enforce_iam else "false",
        "LAMBDA_EXECUTOR": "local",
        # What may wait; how many run at once is this package's bound. 1000 is a new account's quota.
        "LAMBDA_ACCOUNT_CONCURRENCY": "1000",
        # It would listen on every interface.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "1" if settings.persist else "0",
        "STATE_DIR": str(settings.state_dir / "state"),
        "S3_PERSIST": "1" if settings.persist else "0",
        "S3_DATA_DIR": str(settings.state_dir / "s3"),
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
    }


def prepare(settings: Settings) -> Any:
    """Import the emulator in its environment, put the repairs in place, and return its ASGI application."""
    os.environ.update(environment(settings))
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    application = _APPLICATION.get()
    judged = (iam, leading_keys, conditional_writes)
    for repaired in (
        *judged,
        resources,
        lambdas,
        stepfunctions,
        delivery,
        gateway,
        properties,
        deletions,
        athena,
        uploads,
        spark,
        recorded,
    ):
        repaired.install(settings)
    return FrontDoor(application) if settings.faults else application


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises PortInUse."""
    check_port(settings.port)
    application = prepare(settings)
    # uvicorn raises the signal that ended it once more: what is registered at exit must still run.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    uvicorn.run(
        application,
        host=HOST,
        port=settings.port,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
    )
