"""Whether the API answers: nothing behind it is asked."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from lambdas.api.routing import router

routes = router("health", "Whether the API answers.")


class Health(BaseModel):
    """That the API answers."""

    status: Literal["ok"] = "ok"


@routes.get("/health", operation_id="get_health")
def get_health() -> Health:
    """Say that the API answers. No key is needed; nothing behind the API is asked."""
    return Health()
