"""Breakers: what stops a source when too many of its records fail alike."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from lambdas.api.caller import Steward, Viewer
from lambdas.api.entries import SourceName
from lambdas.api.operations import Reason
from lambdas.api.routing import router
from medallion.control.items import Breaker, ClosedBreaker
from medallion.control.plane import ControlPlane
from medallion.steps.breaker import close

routes = router("breakers", "Breakers: a source whose records fail alike is stopped until a person closes it.")
_CLOSINGS = 20


class OpeningView(BaseModel):
    """A time that the breaker was open: `failures` of `rows` records failed with `code`."""

    run_id: Annotated[str, Field(description="The run that opened it.")]
    opened_at: datetime
    code: str
    failures: int
    rows: int
    closed_at: datetime | None
    closed_by: str
    reason: Annotated[str, Field(description="Why it was closed.")]


class BreakerView(BaseModel):
    """A source's breaker."""

    source: str
    open: Annotated[bool, Field(description="Open, the source's runs wait.")]
    last: Annotated[OpeningView | None, Field(description="The last time that it opened; null: it never did.")]
    closings: Annotated[list[OpeningView], Field(description=f"The last {_CLOSINGS} closings, newest first.")]


class ClosingRequest(BaseModel):
    """Why the breaker is closed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "the sender mended it"}]})

    reason: Reason


@routes.get("/sources/{source}/breaker", operation_id="get_breaker")
def get_breaker(caller: Viewer, source: SourceName) -> BreakerView:
    """Say whether the source's breaker is open, why it opened, and who closed it before."""
    return _view(caller.platform.control, caller.platform.control.source(source).name)


@routes.post("/sources/{source}/breaker/closing", operation_id="close_breaker")
def close_breaker(caller: Steward, source: SourceName, asked: ClosingRequest) -> BreakerView:
    """Close the source's breaker. The runs that wait go on, one after the other."""
    close(caller.platform, source, by=caller.name, reason=asked.reason)
    return _view(caller.platform.control, source)


def _view(control: ControlPlane, source: str) -> BreakerView:
    found = control.breakers.of(source)
    closings = [_opening(one) for one in control.breakers.closings(source, _CLOSINGS)]
    last = None if found is None else _opening(found)
    return BreakerView(source=source, open=found is not None and found.open, last=last, closings=closings)


def _opening(breaker: Breaker | ClosedBreaker) -> OpeningView:
    told: dict[str, Any] = breaker.model_dump(include=set(OpeningView.model_fields))
    return OpeningView(**told)
