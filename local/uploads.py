"""Forms that upload an object: the checksum that a form is bound to is compared with the object.

The emulator checks the form's policy, signature and signer, and passes over `x-amz-checksum-sha256`.
"""

from __future__ import annotations

import base64
import contextvars
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from local.seams import seam
from local.settings import Settings

_POST = seam("services.s3", "_post_object", "bucket_name", "body", "headers")
_POLICY = seam("services.s3", "_enforce_signed_post_policy", "fields", "bucket_name", "region", "size", "sigv4")
_PARTS = seam("services.s3", "_parse_multipart_form", "content_type", "body")
_ERROR = seam("services.s3", "_error", "code", "message", "status")
_CHECKSUM = "x-amz-checksum-sha256"

_content: contextvars.ContextVar[bytes] = contextvars.ContextVar("content", default=b"")


def install(settings: Settings) -> None:
    """Compare the checksum once the policy lets the form through, before anything is stored."""
    _POST.replace(_noting_content)
    _POLICY.replace(_and_checksum)


def _noting_content(original: Callable[..., Any]) -> Callable[..., Any]:
    def post(bucket_name: str, body: bytes, headers: dict[str, Any]) -> Any:
        parts = _PARTS.get()(headers.get("content-type", ""), body)
        mark = _content.set(next((value for name, _, _, value in parts if name == "file"), b""))
        try:
            return original(bucket_name, body, headers)
        finally:
            _content.reset(mark)

    return post


def _and_checksum(original: Callable[..., Any]) -> Callable[..., Any]:
    def enforce(fields: dict[str, str], *about: Any) -> Any:
        if (refusal := original(fields, *about)) is not None:
            return refusal
        differs = refuse(fields.get(_CHECKSUM), _content.get())
        return _ERROR.get()("BadDigest", differs, 400) if differs else None

    return enforce


def refuse(told: str | None, content: bytes) -> str | None:
    """Why the content is not what the form tells of; None where it is, or the form tells of none."""
    if told is None or told.strip() == base64.b64encode(sha256(content).digest()).decode():
        return None
    return "The SHA256 you specified did not match the calculated checksum."
