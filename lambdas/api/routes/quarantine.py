"""Quarantine: the records that failed; what they should read; trying them once more."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from lambdas.api.caller import Caller, Steward, Viewer
from lambdas.api.entries import (
    Choice,
    EntryView,
    Moment,
    Objects,
    RecordPlace,
    SourceName,
    WholeEntryView,
    Words,
    entry_view,
    place_of,
    utc,
    whole_view,
)
from lambdas.api.operations import ASKED, OperationView, Reason, Wait, asked_for
from lambdas.api.pages import Cursor, Limit, Page
from lambdas.api.pages import cursor as cursor_to
from lambdas.api.pages import place_of as place_in
from lambdas.api.routing import router
from medallion.errors import InvalidCorrection
from medallion.plan.quarantine import Chosen
from medallion.plan.sql import literal
from medallion.steps.asked import EntriesAsked, RecordTexts
from medallion.steps.operations import OperationKind
from medallion.steps.quarantine import Place, Standing, entries, history, whole_entry

routes = router(
    "quarantine", "Quarantine: records that failed, each with all its errors: look, correct, try once more."
)
_LIST = "quarantine"

EntryId = Annotated[str, Path(max_length=2100, pattern=r"^[0-9A-Za-z_-]+$", description="As the list tells it.")]
_Column = Annotated[str, Field(min_length=1, max_length=200)]
_Text = Annotated[str, Field(max_length=10_000)]


class RecordCorrection(RecordPlace):
    """What one record should read."""

    texts: Annotated[
        dict[_Column, _Text | None],
        Field(min_length=1, max_length=500, description="By column. One that is left out stays; null empties it."),
    ]


class Entries(BaseModel):
    """Which entries are meant, and why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"chosen": {"codes": ["CURRENCY_ERROR"]}, "reason": "mended"}]}
    )

    chosen: Choice = Choice()
    reason: Reason


class Reprocess(Entries):
    """Which open entries are tried once more, what they should read first, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "chosen": {"codes": ["CURRENCY_ERROR"]},
                    "expressions": {"currency": "UPPER(currency)"},
                    "reason": "the branch writes small letters",
                }
            ]
        },
    )

    constants: Annotated[
        dict[_Column, _Text], Field(max_length=500, description="This text for every chosen record, by column.")
    ] = {}
    expressions: Annotated[
        dict[_Column, _Text],
        Field(max_length=500, description="What SQL makes of the record's own texts, by column; `NULL` empties it."),
    ] = {}
    records: Annotated[
        list[RecordCorrection],
        Field(max_length=1000, description="What single records should read. Where there are any, only these change."),
    ] = []

    @property
    def corrects(self) -> bool:
        return bool(self.constants or self.expressions or self.records)


class Correction(Reprocess):
    """What open entries should read, and why. They are tried with it when they are reprocessed."""

    @model_validator(mode="after")
    def _says_something(self) -> Correction:
        if not self.corrects:
            raise ValueError("say what the records should read: constants, expressions or records")
        return self


@routes.get("/sources/{source}/quarantine", operation_id="list_quarantine")
def list_quarantine(
    caller: Viewer,
    source: SourceName,
    limit: Limit = 50,
    cursor: Cursor = None,
    code: Annotated[Words, Query(description="With this error code. Repeatable.")] = [],  # noqa: B006  # FastAPI copies it
    column: Annotated[Words, Query(description="With an error in this column. Repeatable.")] = [],  # noqa: B006  # as above
    objects: Objects = [],  # noqa: B006  # as above
    run: Annotated[Words, Query(description="That failed last in this run. Repeatable.")] = [],  # noqa: B006  # as above
    row: Annotated[
        list[int], Query(max_length=100, description="This record of the one `object`, from 1. Repeatable.")
    ] = [],  # noqa: B006  # as above
    since: Moment = None,
    until: Moment = None,
    state: Annotated[Standing, Query(description="Only those that stand so.")] = Standing.OPEN,
) -> Page[EntryView]:
    """List quarantined records. Where each came from, and which rules it fails; the newest run's first."""
    chosen = Chosen(
        codes=tuple(code),
        columns=tuple(column),
        objects=tuple(objects),
        runs=tuple(run),
        records=_records(objects, row),
        since=utc(since),
        until=utc(until),
    )
    platform, after = caller.platform, _after(cursor)
    name = platform.control.source(source).name
    found = entries(platform.session, platform.layout, name, chosen, state.state, limit=limit + 1, after=after)
    last = found[limit - 1].place if len(found) > limit else ()
    return Page(items=[entry_view(one) for one in found[:limit]], next=cursor_to(_LIST, *map(str, last)))


@routes.get("/sources/{source}/quarantine/{entry_id}", operation_id="get_quarantined_record")
def get_quarantined_record(caller: Viewer, source: SourceName, entry_id: EntryId) -> WholeEntryView:
    """Show a quarantined record. As it was received, as it reads now, every rule that it fails, and its history."""
    platform, (source_file_id, source_row) = caller.platform, place_of(entry_id)
    name = platform.control.source(source).name
    found = whole_entry(platform.session, platform.layout, name, source_file_id, source_row)
    return whole_view(found, history(platform.session, platform.layout, name, source_file_id, source_row))


@routes.post(
    "/sources/{source}/quarantine/corrections", operation_id="correct_records", status_code=202, responses=ASKED
)
def correct_records(
    caller: Steward, source: SourceName, asked: Correction, wait: Wait, response: Response
) -> OperationView:
    """Say what open records should read. They are tried with it when they are reprocessed; Bronze stays as it was.

    `result.entries` says how many changed. A record or column that is not known refuses all of it.
    """
    return _ask(caller, OperationKind.CORRECT, source, asked, wait, response)


@routes.post(
    "/sources/{source}/quarantine/corrections/dry-run",
    operation_id="foresee_correction",
    status_code=202,
    responses=ASKED,
)
def foresee_correction(
    caller: Steward, source: SourceName, asked: Correction, wait: Wait, response: Response
) -> OperationView:
    """Tell what a correction would change. Nothing is written.

    `result` says how many `entries` would change, and how many of them in each of the `columns`.
    """
    return _ask(caller, OperationKind.FORESEE_CORRECTION, source, asked, wait, response)


@routes.post(
    "/sources/{source}/quarantine/reprocess", operation_id="reprocess_records", status_code=202, responses=ASKED
)
def reprocess_records(
    caller: Steward, source: SourceName, asked: Reprocess, wait: Wait, response: Response
) -> OperationView:
    """Try open records once more, in a run of their own. They are corrected first, where the request says how. What
    passes is published with the run; what fails again, unchanged under the same rules, is condemned.

    `result.run_id` is the run; null where there was nothing to take up.
    """
    return _ask(caller, OperationKind.REPROCESS, source, asked, wait, response)


@routes.post(
    "/sources/{source}/quarantine/reprocess/dry-run", operation_id="foresee_reprocess", status_code=202, responses=ASKED
)
def foresee_reprocess(
    caller: Steward, source: SourceName, asked: Reprocess, wait: Wait, response: Response
) -> OperationView:
    """Tell what would become of open records, corrected so first. Nothing is written.

    `result` counts the `records` by outcome, and those that fail again `by_code`.
    """
    return _ask(caller, OperationKind.FORESEE_REPROCESS, source, asked, wait, response)


@routes.post("/sources/{source}/quarantine/release", operation_id="release_records", status_code=202, responses=ASKED)
def release_records(
    caller: Steward, source: SourceName, asked: Entries, wait: Wait, response: Response
) -> OperationView:
    """Bring condemned records back. They are open again, and their tries count anew. `result.entries` says how many."""
    return _ask(caller, OperationKind.RELEASE, source, asked, wait, response)


@routes.post(
    "/sources/{source}/quarantine/release/dry-run", operation_id="foresee_release", status_code=202, responses=ASKED
)
def foresee_release(
    caller: Steward, source: SourceName, asked: Entries, wait: Wait, response: Response
) -> OperationView:
    """Tell how many condemned records a release would bring back. Nothing is written."""
    return _ask(caller, OperationKind.FORESEE_RELEASE, source, asked, wait, response)


def _ask(
    caller: Caller, kind: OperationKind, source: str, asked: Entries, wait: int, response: Response
) -> OperationView:
    name = caller.platform.control.source(source).name
    said = _said(asked).model_dump(mode="json")
    return asked_for(caller, kind, name, said, asked.reason, wait, response)


def _said(asked: Entries) -> EntriesAsked:
    if not isinstance(asked, Reprocess):
        return EntriesAsked(chosen=asked.chosen.chosen)
    if twice := sorted(asked.constants.keys() & asked.expressions.keys()):
        raise InvalidCorrection(f"{', '.join(twice)}: a column is given a constant or an expression, not both")
    constants = {column: literal(text) for column, text in asked.constants.items()}
    records = tuple(RecordTexts.model_validate(one.model_dump()) for one in asked.records)
    return EntriesAsked(chosen=asked.chosen.chosen, expressions={**constants, **asked.expressions}, records=records)


def _records(objects: list[str], rows: list[int]) -> tuple[tuple[str, int], ...]:
    if rows and len(objects) != 1:
        raise InvalidCorrection("`row` counts the records of one object: name it with one `object`")
    return tuple((objects[0], row) for row in rows)


def _after(cursor: str | None) -> Place | None:
    match place_in(cursor, _LIST):
        case (run_id, source_file_id, row) if row.isdigit():
            return Place(run_id, source_file_id, int(row))
    return None
