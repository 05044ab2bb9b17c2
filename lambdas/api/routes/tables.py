"""Tables: which there are, and where each comes from and goes to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path, Response
from pydantic import BaseModel, ConfigDict, Field

from lambdas.api.caller import Decider, Viewer
from lambdas.api.operations import ASKED, OperationView, Wait, asked_for
from lambdas.api.pages import Cursor, Limit, Page, place_of
from lambdas.api.pages import cursor as cursor_to
from lambdas.api.routing import router
from medallion.control.items import Run, RunKind, RunStatus
from medallion.layout import Zone
from medallion.steps.asked import ExplainAsked
from medallion.steps.lineage import How, Lineage, MadeBy, Node, Tables, lineage_of, made_by
from medallion.steps.operations import OperationKind

routes = router("tables", "Tables: where each comes from and goes to.")
_LIST = "tables"

TableZone = Annotated[
    Literal[Zone.BRONZE, Zone.SILVER, Zone.GOLD, Zone.QUARANTINE], Path(description="Where it stands.")
]
Explained = Annotated[Literal[Zone.SILVER, Zone.GOLD], Path(description="Where it stands.")]
TableName = Annotated[str, Path(max_length=80, pattern=r"^[a-z][a-z0-9_]*$", description="The table.")]


class TableView(BaseModel):
    """A table."""

    zone: Zone
    name: str
    database: Annotated[str, Field(description="As queries name it.", examples=["prod_acme_silver"])]
    of: Annotated[str, Field(description="The source, or the model, that it belongs to.")]
    description: str


class NodeView(BaseModel):
    """A table of the graph."""

    table: Annotated[str, Field(description="Zone and name.", examples=["silver.transactions"])]
    of: str


class EdgeView(BaseModel):
    """That one table depends on another."""

    upstream: Annotated[str, Field(examples=["bronze.transactions"])]
    downstream: Annotated[str, Field(examples=["silver.transactions"])]
    how: Annotated[
        How,
        Field(
            description="verdict: its records in the place that the rules give them; replaced: what was held once; "
            "reprocessed: records that come back; reference: values that are looked up; model: SQL that reads it."
        ),
    ]


class ColumnView(BaseModel):
    """A column, and what its values are made of: zone.table.column. Null: the model's SQL does not tell."""

    column: str
    made_of: list[str] | None
    silver: Annotated[list[str] | None, Field(description="The columns of Silver behind it, through other models.")]


class PublishedView(BaseModel):
    """What readers see now."""

    run_id: str
    snapshot_id: Annotated[str, Field(description="Iceberg's; as text, since it has more digits than JSON's readers.")]
    completed_at: datetime
    rows: Annotated[int, Field(description="Rows that the run added, or of a Gold table.")]
    contract_version: str


class MadeByView(BaseModel):
    """A run of the table's source or model."""

    run_id: str
    kind: RunKind
    attempt: int
    status: RunStatus
    contract_version: str
    created_at: datetime
    ended_at: datetime | None
    object_count: int
    objects: Annotated[list[str], Field(description="Its objects, of a run of up to 50.")]
    snapshots: Annotated[dict[str, str], Field(description="The snapshots that it committed and read.")]
    receipt: Annotated[int | None, Field(description="The number of its receipt in the chain.")]


class LineageView(BaseModel):
    """A table, the tables before and behind it, its columns, and the runs of it."""

    table: TableView
    nodes: list[NodeView]
    edges: list[EdgeView]
    columns: list[ColumnView]
    published: Annotated[PublishedView | None, Field(description="Of Silver and Gold, once something is published.")]
    runs: Annotated[Page[MadeByView], Field(description="Newest first; a page may hold fewer than were asked for.")]


class RowRequest(BaseModel):
    """Which row: its columns' values, as text."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"key": {"transaction_id": "T-1"}, "limit": 20}]}
    )

    key: Annotated[
        dict[Annotated[str, Field(max_length=63)], Annotated[str, Field(max_length=1000)]],
        Field(min_length=1, max_length=20),
    ]
    limit: Annotated[int, Field(ge=1, le=200, description="So many of the records behind it at most.")] = 20


@routes.get("/tables", operation_id="list_tables")
def list_tables(
    caller: Viewer,
    limit: Limit = 50,
    cursor: Cursor = None,
    zone: Literal[Zone.BRONZE, Zone.SILVER, Zone.GOLD, Zone.QUARANTINE] | None = None,
) -> Page[TableView]:
    """List the tables of sources and models, by zone and name."""
    found = [node for node in Tables(caller.platform).nodes.values() if zone in (None, node.zone)]
    [after] = place_of(cursor, _LIST) or ("",)
    begin = next((number + 1 for number, node in enumerate(found) if node.table == after), 0)
    shown = found[begin : begin + limit]
    more = shown[-1].table if begin + limit < len(found) else ""
    return Page(items=[_table(caller, node) for node in shown], next=cursor_to(_LIST, more))


@routes.get("/tables/{zone}/{name}/lineage", operation_id="get_table_lineage")
def get_table_lineage(
    caller: Viewer, zone: TableZone, name: TableName, limit: Limit = 50, cursor: Cursor = None
) -> LineageView:
    """Show where a table comes from and goes to, what its columns are made of, and the runs that wrote it. `limit` and
    `cursor` are about the runs.
    """
    [before] = place_of(cursor, f"{zone}.{name}") or ("",)
    found = lineage_of(caller.platform, zone, name)
    runs = made_by(caller.platform, found.table, limit, before)
    return _lineage(caller, found, runs)


@routes.post("/tables/{zone}/{name}/rows/lineage", operation_id="explain_row", status_code=202, responses=ASKED)
def explain_row(
    caller: Decider, zone: Explained, name: TableName, asked: RowRequest, wait: Wait, response: Response
) -> OperationView:
    """Name the objects, records, rules, runs and people behind a row."""
    Tables(caller.platform).node(zone, name)
    said = ExplainAsked(zone=zone, name=name, key=asked.key, limit=asked.limit).model_dump(mode="json")
    return asked_for(caller, OperationKind.EXPLAIN, f"{zone}.{name}", said, "", wait, response)


def _table(caller: Viewer, node: Node) -> TableView:
    database = caller.platform.layout.database(node.zone)
    return TableView(zone=node.zone, name=node.name, database=database, of=node.of, description=node.description)


def _lineage(caller: Viewer, found: Lineage, made: MadeBy) -> LineageView:
    now = found.published
    return LineageView(
        table=_table(caller, found.table),
        nodes=[NodeView(table=node.table, of=node.of) for node in found.nodes],
        edges=[EdgeView(upstream=one.from_, downstream=one.to, how=one.how) for one in found.edges],
        columns=[ColumnView.model_validate(one.model_dump()) for one in found.columns],
        published=None
        if now is None
        else PublishedView(
            run_id=now.run_id,
            snapshot_id=str(now.snapshot_id),
            completed_at=now.completed_at,
            rows=now.rows,
            contract_version=now.contract_version,
        ),
        runs=Page(items=[_run(run) for run in made.runs], next=cursor_to(found.table.table, made.before)),
    )


def _run(run: Run) -> MadeByView:
    told = run.model_dump(include=set(MadeByView.model_fields) - {"receipt"})
    return MadeByView(**told, receipt=None if run.receipt is None else run.receipt.sequence)
