"""Requests, counted: each that a tenant's caller made, whatever came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from lambdas.api.caller import Caller
from lambdas.api.runtime import logger


async def count(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """Answer the request, then count it. That it cannot be counted is no reason not to answer it."""
    response = await answer(request)
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is not None:
        await run_in_threadpool(_count, caller)
    return response


def _count(caller: Caller) -> None:
    try:
        caller.platform.control.usage.request(caller.platform.clock().date())
    except (BotoCoreError, ClientError):
        logger.warning("a request is not counted", exc_info=True)
