"""Sources: what they are, how they stand, and having one wait."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from lambdas.api.caller import Caller, Engineer, Viewer
from lambdas.api.entries import SourceName
from lambdas.api.operations import ASKED, OperationView, Reason, Wait, asked_for
from lambdas.api.pages import Cursor, Limit, Page, place_of
from lambdas.api.pages import cursor as cursor_to
from lambdas.api.routing import router
from medallion.contracts.model import Lane, Trigger
from medallion.control.items import RunKind, RunStatus, Source
from medallion.steps import sources
from medallion.steps.operations import OperationKind

routes = router("sources", "Sources: what arrives, under which contract, and how it goes on.")
_LIST = "sources"


class ReasonRequest(BaseModel):
    """Why it is to be done."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "agreed with the harbour"}]})

    reason: Reason


class PauseView(BaseModel):
    """Since when a source waits, and at whose word."""

    by: str
    reason: str
    at: datetime


class LastRun(BaseModel):
    """The newest run of a source or of a model."""

    run_id: str
    kind: RunKind
    status: RunStatus
    reason: Annotated[str, Field(description="Why it is held, or ended as it did; empty if it went well.")]
    created_at: datetime
    ended_at: datetime | None


class SourceView(BaseModel):
    """A source as it stands."""

    name: str
    description: Annotated[str, Field(description="What the contract says that it is.")]
    owner: Annotated[str, Field(description="Whose it is: the contract's team, or the member who owns it.")]
    contract_version: Annotated[str, Field(description="The version that is active.", examples=["1.2.0"])]
    trigger: Annotated[Trigger, Field(description="Whether objects start runs as they arrive, or its schedule does.")]
    lane: Annotated[Lane, Field(description="The engine that its contract asks for; auto: by what a run has to read.")]
    approval: Annotated[str, Field(description="Whether runs are published by themselves or by a person's word.")]
    load: Annotated[str, Field(description="What an object says of Silver: append, upsert or snapshot.")]
    pause: Annotated[PauseView | None, Field(description="Since when no run is started for it; null: it goes on.")]
    breaker: Annotated[str, Field(description="Why its breaker stopped it; empty while it is not stopped.")]
    waiting: Annotated[int, Field(description=f"Objects without a run: {sources.COUNTED} stands for that or more.")]
    last_run: LastRun | None


@routes.get("/sources", operation_id="list_sources")
def list_sources(caller: Viewer, limit: Limit = 50, cursor: Cursor = None) -> Page[SourceView]:
    """List the tenant's sources by name, each as it stands."""
    [after] = place_of(cursor, _LIST) or ("",)
    found = caller.platform.control.page_of_sources(limit + 1, after)
    beyond = found[limit - 1].name if len(found) > limit else ""
    return Page(items=[_view(caller, one) for one in found[:limit]], next=cursor_to(_LIST, beyond))


@routes.get("/sources/{source}", operation_id="get_source")
def get_source(caller: Viewer, source: SourceName) -> SourceView:
    """Show a source as it stands."""
    return _view(caller, caller.platform.control.source(source))


@routes.post("/sources/{source}/pause", operation_id="pause_source")
def pause_source(caller: Engineer, source: SourceName, body: ReasonRequest) -> SourceView:
    """Have a source wait. Its objects are claimed as they come, and no run is started for them.

    Runs that there are go on, and what a person asks for is done.
    """
    return _view(caller, sources.pause(caller.platform, source, caller.person(body.reason)))


@routes.post("/sources/{source}/resumption", operation_id="resume_source", status_code=202, responses=ASKED)
def resume_source(
    caller: Engineer, source: SourceName, body: ReasonRequest, wait: Wait, response: Response
) -> OperationView:
    """Have a source go on. The operation starts runs of what waited, and its result names them."""
    sources.resume(caller.platform, source)
    return asked_for(caller, OperationKind.RESUME_SOURCE, source, {}, body.reason, wait, response)


def _view(caller: Caller, source: Source) -> SourceView:
    state = sources.state_of(caller.platform, source.name)
    told = source.model_dump(include=set(SourceView.model_fields))
    newest = None if state.last_run is None else LastRun.model_validate(state.last_run.model_dump())
    return SourceView(**told, breaker=state.stopped, waiting=state.waiting, last_run=newest)
