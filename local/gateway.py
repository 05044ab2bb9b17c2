"""API Gateway where an authorizer says by which key a request is counted (`usageIdentifierKey`).

The emulator reads the key from the header `x-api-key` alone, wherever an API says that its keys come from.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from local.seams import seam
from local.settings import Settings

_EXECUTE = seam("services.apigateway_v1", "_execute_in_scope", "request", "api_id", "stage_name")
_AUTHORIZE = seam("services.apigateway_v1", "_invoke_authorizer_lambda", "authorizer", "event")
_KEY_FROM_REQUEST = seam("services.apigateway_v1", "_api_key_from_request", "headers")
_APIS = seam("services.apigateway_v1", "_rest_apis")

_key: ContextVar[str | None] = ContextVar("usage_identifier_key", default=None)
_by_authorizer: ContextVar[bool] = ContextVar("key_by_authorizer", default=False)


def install(settings: Settings) -> None:
    """Take the key from the authorizer where the API says so. What an authorizer's cache holds has none."""
    _EXECUTE.replace(_knowing_the_api)
    _AUTHORIZE.replace(_noting_the_key)
    _KEY_FROM_REQUEST.replace(_chosen)


def _knowing_the_api(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def execute(request: dict[str, Any], api_id: str, stage_name: str, *rest: Any) -> Any:
        api = _APIS.get().get(api_id) or {}
        _by_authorizer.set(api.get("apiKeySource") == "AUTHORIZER")
        _key.set(None)
        return await original(request, api_id, stage_name, *rest)

    return execute


def _noting_the_key(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def authorize(authorizer: Any, event: Any, *rest: Any) -> Any:
        result = await original(authorizer, event, *rest)
        said = (result or {}).get("body")
        answer = json.loads(said) if isinstance(said, str | bytes) and said else said
        if isinstance(answer, dict):
            _key.set(answer.get("usageIdentifierKey"))
        return result

    return authorize


def _chosen(original: Callable[..., Any]) -> Callable[..., Any]:
    def key(headers: Any) -> Any:
        return _key.get() if _by_authorizer.get() else original(headers)

    return key
