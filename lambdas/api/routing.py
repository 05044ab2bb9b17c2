"""What every route has in common: what changes something is done once, and leaves a line in the audit trail."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from lambdas.api.caller import Caller, caller_of
from lambdas.api.problems import DOCUMENTED, answer, internal_problem, problem_of, request_id_of
from lambdas.api.runtime import logger
from medallion.control.audit import AuditEntry

IDEMPOTENCY_KEY = "Idempotency-Key"
_REPLAYED = "Idempotency-Replayed"
_KEPT_HEADERS = ("location", "content-type")
TOLD_ONCE = "no-store"
"""What a route's answer says in Cache-Control where it holds a secret: it is kept nowhere."""

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def router(name: str, about: str) -> APIRouter:
    """Routes about one kind of thing. `about` is what the documentation says of them."""
    made = _Router(tags=[name], route_class=RecordedRoute, responses=DOCUMENTED)
    TAGS.append({"name": name, "description": about})
    return made


TAGS: list[dict[str, str]] = []


def _idempotency_key(
    key: Annotated[
        str,
        Header(
            alias=IDEMPOTENCY_KEY,
            min_length=8,
            max_length=200,
            pattern=r"^[\x21-\x7e]+$",
            description="The sender's own word for this request, such as a UUID: sent again with it, it is done once.",
        ),
    ],
) -> str:
    return key


class _Router(APIRouter):
    def add_api_route(self, path: str, endpoint: Callable[..., Any], **how: Any) -> None:
        if "POST" in (how.get("methods") or ()):
            how["dependencies"] = [*(how.get("dependencies") or ()), Depends(_idempotency_key)]
        super().add_api_route(path, endpoint, **how)


class RecordedRoute(APIRoute):
    """A route whose POST is done once, and of which everything that may change something is recorded."""

    def get_route_handler(self) -> _Handler:
        original = super().get_route_handler()
        if set(self.methods or ()) <= {"GET", "HEAD"}:
            return original

        async def recorded(request: Request) -> Response:
            try:
                caller = await run_in_threadpool(caller_of, request)
            except Exception as error:  # noqa: BLE001  # what is no problem of the caller's is raised again
                return _told(request, error)
            response = await self._answered(original, request, caller)
            await run_in_threadpool(_record, self, request, caller, response.status_code)
            return response

        return recorded

    async def _answered(self, original: _Handler, request: Request, caller: Caller) -> Response:
        key = request.headers.get(IDEMPOTENCY_KEY)
        try:
            if key is None or "POST" not in (self.methods or ()):
                return await original(request)
            return await _once(original, request, caller, f"{caller.principal.owner}\n{caller.name}\n{key}")
        except Exception as error:  # noqa: BLE001  # as above
            return _told(request, error)


async def _once(original: _Handler, request: Request, caller: Caller, key: str) -> Response:
    requests = caller.platform.control.requests
    digest = _digest(request, await request.body())
    stands = await run_in_threadpool(requests.begin, key, digest, caller.platform.clock())
    if stands is not None:
        return Response(stands.body, stands.status, {**(stands.headers or {}), _REPLAYED: "true"})
    try:
        response = await original(request)
    except BaseException:
        await run_in_threadpool(requests.drop, key)
        raise
    if response.status_code >= 400:
        await run_in_threadpool(requests.drop, key)
        return response
    headers = {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS}
    secret = response.headers.get("cache-control") == TOLD_ONCE
    body = bytes(response.body).decode()
    await run_in_threadpool(lambda: requests.end(key, response.status_code, headers, body, secret=secret))
    return response


def _told(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if problem is None:
        logger.exception("failed")
        problem = internal_problem()
    return answer(request, problem)


def _record(route: RecordedRoute, request: Request, caller: Caller, status: int) -> None:
    entry = AuditEntry(
        at=caller.platform.clock(),
        request_id=request_id_of(request),
        by=caller.name,
        role=caller.role,
        action=str(route.operation_id),
        subject=dict(request.path_params),
        status=status,
    )
    caller.platform.control.audit.add(entry)


def _digest(request: Request, body: bytes) -> str:
    """What the request asks: method, path, query and body."""
    asked = f"{request.method}\n{request.url.path}\n{request.url.query}\n".encode()
    return hashlib.sha256(asked + body).hexdigest()
