"""Athena: queries on the Iceberg tables that the Glue catalog names, run by DuckDB, under the workgroup's settings.

The emulator keeps the API: workgroups, executions, result pages. What a query means, what it may scan and where its
result
goes is decided here.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb
from sqlglot import exp
from sqlglot.errors import ParseError

from local import tables, trino
from local.results import athena_type, quoted, text
from local.seams import seam
from local.settings import Settings

logger = logging.getLogger("local.athena")

_START = seam("services.athena", "_start_query_execution", "data")
_EXECUTE = seam("services.athena", "_execute_query", "query_id", "query", "database", "ddl", "catalog")
_RESULTS = seam("services.athena", "_get_query_results", "data")
_RUN_DDL = seam("services.athena", "_run_ddl", "ddl", "database")
_EXECUTIONS = seam("services.athena", "_executions")
_WORKGROUPS = seam("services.athena", "_workgroups")
_PUT_OBJECT = seam("services.s3", "_put_object", "bucket_name", "key", "body", "headers")
_ERROR_RESPONSE = seam("core.responses", "error_response_json", "code", "message", "status")


_PAGE = 1000


class ScanLimitExceeded(Exception):
    """The query would read more than its workgroup allows."""


@dataclass(frozen=True)
class Result:
    """A query's answer, as the Athena API gives it: text, and nulls."""

    columns: list[str]
    types: list[str]
    rows: list[list[str | None]]
    scanned_bytes: int


def install(settings: Settings) -> None:
    """Take over the start and the execution of queries."""
    _START.replace(_under_workgroup)
    _EXECUTE.replace(lambda original: _execute)
    _RESULTS.replace(_counting_names)


def workgroup_of(query_id: str) -> str | None:
    """The workgroup that the query was started in; None if there is no such query."""
    execution = _EXECUTIONS.get().get(query_id)
    return None if execution is None else str(execution["WorkGroup"])


def run(sql: str, database: str, limit_bytes: int | None = None) -> Result:
    """Run one query. Raises what `reason` puts into words."""
    tree = trino.parse(sql)
    with duckdb.connect() as connection, duckdb.connect() as shapes:
        for each in (connection, shapes):
            _prepare(each)
        sources = _replace_tables(tree, database, connection)
        scanned = sum(source.planned_bytes() for source in sources.values())
        if limit_bytes is not None and scanned > limit_bytes:
            raise ScanLimitExceeded(
                f"Bytes scanned limit was exceeded: the query would read {scanned:,} bytes, its workgroup allows "
                f"{limit_bytes:,}"
            )
        for name, source in sources.items():
            shapes.register("shape", source.empty())
            shapes.execute(f'CREATE TABLE "{name}" AS FROM shape')
            shapes.unregister("shape")
        translated = trino.translate(tree, shapes)
        for name, source in sources.items():
            connection.register(name, source.read())
        cursor = connection.execute(translated)
        described = cursor.description or []
        answer = cursor.to_arrow_table()
    columns = [column.to_pylist(maps_as_pydicts="lossy") for column in answer.columns]
    rows = [[text(value) for value in row] for row in zip(*columns, strict=True)]
    return Result(
        [name for name, *_ in described], [athena_type(str(kind)) for _, kind, *_ in described], rows, scanned
    )


def _prepare(connection: duckdb.DuckDBPyConnection) -> None:
    for statement in ("SET TimeZone = 'UTC'", "SET ieee_floating_point_ops = true", *trino.MACROS):
        connection.execute(statement)


def _replace_tables(tree: exp.Query, database: str, connection: duckdb.DuckDBPyConnection) -> dict[str, tables.Source]:
    """Find every table that the query names, and put a relation's name in its place. Returns the relations' sources."""
    defined = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    wanted = _columns(tree)
    sources: dict[str, tables.Source] = {}
    for table in list(tree.find_all(exp.Table)):
        if not table.db and table.name.lower() in defined:
            continue
        if not isinstance(table.this, exp.Identifier):
            continue
        version = _version(table, connection)
        name = f"table_{len(sources)}"
        sources[name] = tables.find(table.db or database, table.name, version, wanted)
        replacement = exp.to_table(name)
        alias = table.args.get("alias")
        given = alias.copy() if alias else exp.TableAlias(this=exp.to_identifier(table.name, quoted=True))
        replacement.set("alias", given)
        for kept in ("joins", "laterals", "sample", "pivots"):
            if table.args.get(kept):
                replacement.set(kept, [part.copy() for part in table.args[kept]])
        _drop_qualifiers(tree, table)
        table.replace(replacement)
    return sources


def _columns(tree: exp.Query) -> frozenset[str] | None:
    """The names of every column that the query mentions anywhere; None where it takes all."""
    stars = [star for star in tree.find_all(exp.Star) if not isinstance(star.parent, exp.Count)]
    if stars or any(column.is_star for column in tree.find_all(exp.Column)):
        return None
    using = {name.name for join in tree.find_all(exp.Join) for name in join.args.get("using") or []}
    return frozenset(name.lower() for name in {column.name for column in tree.find_all(exp.Column)} | using)


def _drop_qualifiers(tree: exp.Query, table: exp.Table) -> None:
    """`database.table.column` becomes `table.column`: the relation has no database."""
    if not table.db:
        return
    for column in tree.find_all(exp.Column):
        if column.db.lower() == table.db.lower() and column.table.lower() == table.name.lower():
            column.set("db", None)
            column.set("catalog", None)


def _version(table: exp.Table, connection: duckdb.DuckDBPyConnection) -> tables.Version:
    clause = table.args.get("version")
    if clause is None:
        return tables.Current()
    value = clause.expression
    if str(clause.this).upper() == "TIMESTAMP":
        moment = connection.execute(f"SELECT epoch_ms(({value.sql(dialect='duckdb')})::TIMESTAMPTZ)").fetchone()
        if moment is None or moment[0] is None:
            raise tables.TableError("INVALID_ARGUMENTS: FOR TIMESTAMP AS OF needs a time")
        return tables.AsOf(datetime.fromtimestamp(moment[0] / 1000, UTC))
    return tables.Named(int(value.name) if value.is_int else value.name)


def reason(error: Exception) -> str:
    """Why a query failed, in one or two lines."""
    if isinstance(error, ParseError):
        found = error.errors[0] if error.errors else {}
        return f"SYNTAX_ERROR: line {found.get('line')}:{found.get('col')}: {found.get('description')}"
    if isinstance(error, trino.NotSupported):
        return f"NOT_SUPPORTED: {error}"
    if isinstance(error, duckdb.BinderException):
        missing = re.search(r'column "([^"]+)" not found', str(error))
        if missing:
            return f"COLUMN_NOT_FOUND: Column '{missing[1]}' cannot be resolved or requester is not authorized"
        return f"SYNTAX_ERROR: {error}"
    return re.sub(r"^(Invalid Input|Conversion|Out of Range) Error: ", "", str(error))


# --- the API


def _under_workgroup(original: Callable[..., Any]) -> Callable[..., Any]:
    """Apply what the workgroup enforces to a request before the emulator takes it."""

    def start(data: dict[str, Any]) -> Any:
        name = data.get("WorkGroup", "primary")
        workgroup = _WORKGROUPS.get().get(name)
        if workgroup is None:
            return _ERROR_RESPONSE.get()("InvalidRequestException", f"WorkGroup {name} is not found.", 400)
        if workgroup.get("State") == "DISABLED":
            return _ERROR_RESPONSE.get()("InvalidRequestException", f"WorkGroup {name} is disabled.", 400)
        return original({**data, "ResultConfiguration": _result_configuration(data, workgroup)})

    return start


def _counting_names(original: Callable[..., Any]) -> Callable[..., Any]:
    """Athena counts the row of the columns' names, which a query's first page begins with, among those asked for."""

    def results(data: dict[str, Any]) -> Any:
        execution = _EXECUTIONS.get().get(data.get("QueryExecutionId"))
        if execution is None or execution.get("StatementType") != "DML" or data.get("NextToken"):
            return original(data)
        return original({**data, "MaxResults": max(1, data.get("MaxResults", _PAGE) - 1)})

    return results


def _result_configuration(data: dict[str, Any], workgroup: dict[str, Any]) -> dict[str, Any]:
    configuration = workgroup.get("Configuration") or {}
    enforced = configuration.get("EnforceWorkGroupConfiguration", False)
    ours = configuration.get("ResultConfiguration") or {}
    asked = data.get("ResultConfiguration") or {}
    chosen = dict(ours if enforced or not asked.get("OutputLocation") else asked)
    if location := chosen.get("OutputLocation"):
        chosen["OutputLocation"] = location.rstrip("/") + "/"
    return chosen


async def _execute(query_id: str, query: str, database: str, ddl: Any, catalog: str | None = None) -> None:
    """Run a query that the emulator has accepted, and record what came of it."""
    execution = _EXECUTIONS.get().get(query_id)
    if execution is None:
        return
    execution["Status"]["State"] = "RUNNING"
    started = time.monotonic()
    try:
        if ddl is not None:
            made = _RUN_DDL.get()(ddl, database)
            result = Result(made["columns"], made.get("column_types", []), made["rows"], 0)
        else:
            context = contextvars.copy_context()
            result = await asyncio.to_thread(context.run, run, query, database, _limit(execution["WorkGroup"]))
        _save(execution, result)
        state, why = "SUCCEEDED", ""
    except ScanLimitExceeded as error:
        state, why = "CANCELLED", str(error)
    except Exception as error:
        # Whatever goes wrong is the query's outcome, not the server's.
        logger.info("query %s failed", query_id, exc_info=True)
        state, why = "FAILED", reason(error)
    else:
        execution["_results"] = {"columns": result.columns, "rows": result.rows}
        execution["_column_types"] = result.types
        execution["Statistics"]["DataScannedInBytes"] = result.scanned_bytes
    elapsed = int((time.monotonic() - started) * 1000)
    execution["Statistics"].update(EngineExecutionTimeInMillis=elapsed, TotalExecutionTimeInMillis=elapsed)
    status = execution["Status"]
    if status["State"] != "CANCELLED":
        status.update(State=state, StateChangeReason=why[:2000], CompletionDateTime=int(time.time()))


def _limit(workgroup: str) -> int | None:
    configuration = _WORKGROUPS.get()[workgroup].get("Configuration") or {}
    limit = configuration.get("BytesScannedCutoffPerQuery")
    return int(limit) if limit else None


def _save(execution: dict[str, Any], result: Result) -> None:
    """Write the result as Athena does: every value quoted, a null as nothing between two commas."""
    bucket, _, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    table: list[list[str | None]] = [[*result.columns], *result.rows]
    lines = [",".join("" if value is None else quoted(value) for value in row) for row in table]
    body = ("\n".join(lines) + "\n").encode()
    answer = _PUT_OBJECT.get()(bucket, key, body, {"content-type": "text/csv", "content-length": str(len(body))})
    if answer[0] >= 300:
        raise tables.TableError(f"Unable to write the result to s3://{bucket}/{key}: {bytes(answer[2])[:300]!r}")
