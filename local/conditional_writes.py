"""`s3:if-none-match`, `s3:if-match` and `s3:ObjectCreationOperation`: the condition keys by which a bucket's policy
asks for conditional writes.

The emulator honours the headers and supplies none of the keys: a policy that refuses what lacks them would refuse
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local.seams import seam
from local.settings import Settings

_CONTEXT = seam("core.iam_actions", "s3_service_context", "iam_action", "query_params", "path", "headers")


def install(settings: Settings) -> None:
    """Supply the keys, where IAM is enforced."""
    if settings.enforce_iam:
        _CONTEXT.replace(_with_conditions)


def _with_conditions(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def context(
        iam_action: str,
        query_params: dict[str, Any] | None,
        path: str = "",
        headers: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        found = dict(original(iam_action, query_params, path, headers))
        if iam_action == "s3:PutObject":
            found |= write_conditions(query_params or {}, headers or {})
        return found

    return context


def write_conditions(query: Mapping[str, Any], headers: Mapping[str, Any]) -> dict[str, str]:
    """The keys of a request that writes. Beginning a multipart upload and sending a part create no object yet."""
    creates = "uploads" not in query and "partNumber" not in query
    keys = {"s3:ObjectCreationOperation": str(creates).lower()}
    given = {name.lower(): str(value) for name, value in headers.items()}
    return keys | {f"s3:{name}": given[name] for name in ("if-none-match", "if-match") if name in given}
