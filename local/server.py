"""The server: the emulator's environment, this package's repairs, and the HTTP listener, in one process."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from typing import Any

from local.errors import PortInUse
from local.settings import HOST, Settings


def environment(settings: Settings) -> dict[str, str]:
    """The variables that the emulator reads when it is imported."""
    return {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(settings.port),
        "MINISTACK_ACCOUNT_ID": settings.account,
        "MINISTACK_REGION": settings.region,
        "AWS_ENDPOINT_URL": settings.endpoint,
        "AWS_ACCESS_KEY_ID": settings.account,
        "AWS_SECRET_ACCESS_KEY": "local",
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


def check_port(port: int) -> None:
    """Raise PortInUse where something listens on the port already."""
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise PortInUse(
                f"Port {port} on {HOST} is in use, most likely by another embedded AWS or LocalStack. Stop that one "
                f"(`medallion local down` in its project), or choose another port: `medallion local up --port {port + 1}`"
            )


def prepare(settings: Settings) -> Any:
    """Import the emulator in its environment, put the repairs in place, and return its ASGI application."""
    os.environ.update(environment(settings))
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    from ministack import app

    from local import athena, delivery, iam, lambdas, properties, recorded, stepfunctions

    iam.install(settings)
    lambdas.install(settings)
    stepfunctions.install(settings)
    delivery.install(settings)
    properties.install(settings)
    athena.install(settings)
    recorded.install(settings)
    return app.app


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises PortInUse."""
    check_port(settings.port)
    application = prepare(settings)
    asyncio.run(_listen(application, settings))


async def _listen(application: Any, settings: Settings) -> None:
    from hypercorn.asyncio import serve as listen
    from hypercorn.config import Config

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    config = Config()
    config.bind = [f"{HOST}:{settings.port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 3
    await listen(application, config, shutdown_trigger=stop.wait)
