"""What a record is once more: its text as it stands, corrected where a person corrected it; its past; its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from medallion.contracts.model import Column, Format
from medallion.contracts.paths import record_path, spelled
from medallion.plan.model import Plan, PlanColumn
from medallion.plan.quarantine import FAILURES, Event, State, current_entries, standing_events
from medallion.plan.sql import literal, quoted

FOLLOWED = "followed"
"""The relation of JSON's `text`, a `path` from its record, and the text `found` there."""
_FAILED = ", ".join(f"'{event}'" for event in FAILURES)


def gathering(*, condemned: bool) -> list[str]:
    """The SQL, in DuckDB's dialect, that gathers what `chosen_entries` and `chosen_objects` name, for `staging`.

    Of objects, the records of quarantine that nothing has happened to since they failed under these rules are left
    alone, and those given up too unless `condemned`.
    """
    return [
        f"CREATE TABLE entry_now AS {current_entries('quarantine_log')}",
        f"""
        CREATE TABLE entry AS SELECT e.* FROM entry_now AS e JOIN chosen_entries AS c
            ON c.source_file_id = e.source_file_id AND c.source_row = e.source_row
                AND c.last_position = e.last_position
            WHERE e.state = '{State.OPEN}'
        """,
        _whole_objects(condemned=condemned),
        """
        CREATE TABLE objects AS
        SELECT CAST(ROW_NUMBER() OVER (ORDER BY source_file_id) - 1 AS INTEGER) AS object_number, source_file_id,
            MIN(ingestion_timestamp) AS arrived_at
        FROM (
            SELECT source_file_id, ingestion_timestamp FROM entry
            UNION ALL SELECT source_file_id, ingestion_timestamp FROM again
        ) GROUP BY source_file_id
        """,
        """
        CREATE TABLE own AS SELECT o.object_number, s.* EXCLUDE (source_file_id)
        FROM silver_rows AS s JOIN objects AS o USING (source_file_id) SEMI JOIN chosen_objects USING (source_file_id)
        """,
        _past("failed_before", "t.row_hash", f"t.event IN ({_FAILED})", "t.row_hash"),
        _past("tries", "COUNT(*) AS tries", f"t.event = '{Event.RETRIED}'", ""),
    ]


def members(plan: Plan, bronze: Collection[str]) -> str | None:
    """SQL: each `text` of JSON among what was gathered, with the `path` by which a column looks into it.

    None where no column does. `staging` asks the relation FOLLOWED for the text that stands there.
    """
    asked = [
        f"SELECT {whole} AS text, {literal(column.header)} AS path FROM {relation}"
        for column in plan.columns
        for relation, whole in (
            ("entry", _whole("record", plan, column)),
            ("again AS g", _whole_again(plan, bronze, column)),
        )
        if whole is not None
    ]
    return f"SELECT DISTINCT text, path FROM ({' UNION ALL '.join(asked)}) WHERE text IS NOT NULL" if asked else None


def staging(plan: Plan, bronze: Collection[str]) -> list[str]:
    """SQL: what was gathered, into `staged`.

    `bronze` are the columns that Bronze has. A column that a later contract names is looked for among the extra texts,
    or below its member.
    """
    return [_staged_entries(plan), _staged_again(plan, bronze)]


def _whole_objects(*, condemned: bool) -> str:
    """The records of the chosen objects, each with the entry that it may have."""
    given_up = "" if condemned else f"AND COALESCE(e.state, '') <> '{State.CONDEMNED}'"
    return f"""
        CREATE TABLE again AS SELECT b.*, e.state, e.attempt_count AS attempts, e.content_hash, e.record AS corrected
        FROM bronze_rows AS b SEMI JOIN chosen_objects AS c ON c.source_file_id = b.source_file_id
        CROSS JOIN run AS r
        LEFT JOIN entry_now AS e ON e.source_file_id = b.source_file_id AND e.source_row = b.source_row
        WHERE NOT (COALESCE(e.state, '') = '{State.OPEN}' AND e.ruleset = r.ruleset AND NOT e.corrected) {given_up}
    """


def _staged_entries(plan: Plan) -> str:
    names = [column.name for column in plan.columns]
    headers = [column.header for column in plan.columns]
    texts = [_of_record("record", plan, column) for column in plan.columns]
    return f"""
        INSERT INTO staged SELECT o.object_number, source_row, content_hash, raw,
            CASE WHEN record IS NULL THEN 'the record is not well formed' END,
            {_extra("COALESCE(record, MAP {})", [*names, *headers])}, {", ".join(texts)}, attempt_count + 1, TRUE
        FROM entry JOIN objects AS o USING (source_file_id)
    """


def _staged_again(plan: Plan, bronze: Collection[str]) -> str:
    names = [column.name for column in plan.columns]
    headers = [column.header for column in plan.columns]
    texts = [
        f"CASE WHEN {_CORRECTED} THEN {_of_record('g.corrected', plan, column)} "
        f"ELSE {_of_bronze(plan, bronze, column)} END"
        for column in plan.columns
    ]
    extra = _extra(f"CASE WHEN {_CORRECTED} THEN g.corrected ELSE g.extra END", [*names, *headers])
    entered = f"COALESCE(g.state, '') = '{State.OPEN}'"
    return f"""
        INSERT INTO staged SELECT o.object_number, g.source_row, COALESCE(g.content_hash, g.row_hash),
            CASE WHEN NOT {_CORRECTED} THEN g.raw END, CASE WHEN NOT {_CORRECTED} THEN g.malformed END,
            {extra}, {", ".join(texts)},
            CASE WHEN {entered} THEN g.attempts + 1 ELSE COALESCE(w.attempt_count, g.attempts, 0) END, {entered}
        FROM again AS g JOIN objects AS o ON o.source_file_id = g.source_file_id
        LEFT JOIN own AS w ON w.object_number = o.object_number AND w.source_row = g.source_row
    """


_CORRECTED = "(g.corrected IS NOT NULL AND g.content_hash IS DISTINCT FROM g.row_hash)"


def _of_record(record: str, plan: Plan, column: PlanColumn) -> str:
    """A column's text in a map of a record's texts: under its name if the contract that made the map had it, else under
    its header or below its member. What a person made null stays so.
    """
    name = literal(column.name)
    under = _first([f"{record}[{literal(column.header)}]", *_below(_whole(record, plan, column), column)])
    return f"CASE WHEN LIST_CONTAINS(MAP_KEYS({record}), {name}) THEN {record}[{name}] ELSE {under} END"


def _of_bronze(plan: Plan, bronze: Collection[str], column: PlanColumn) -> str:
    """A column's text in Bronze: in its column, among the extra texts, or below its member."""
    below = _below(_whole_in_bronze(plan, bronze, column), column)
    return _first([*_bronze_column(bronze, column.name), f"g.extra[{literal(column.header)}]", *below])


def _below(whole: str | None, column: PlanColumn) -> list[str]:
    path = literal(column.header)
    return [] if whole is None else [f"(SELECT found FROM {FOLLOWED} AS f WHERE f.text = {whole} AND f.path = {path})"]


def _whole_again(plan: Plan, bronze: Collection[str], column: PlanColumn) -> str | None:
    told, kept = _whole("g.corrected", plan, column), _whole_in_bronze(plan, bronze, column)
    return None if kept is None else f"CASE WHEN {_CORRECTED} THEN {told} ELSE {kept} END"


def _whole(record: str, plan: Plan, column: PlanColumn) -> str | None:
    names = _members(plan, column)
    return _first([f"{record}[{literal(name)}]" for name in names]) if names else None


def _whole_in_bronze(plan: Plan, bronze: Collection[str], column: PlanColumn) -> str | None:
    names = _members(plan, column)
    texts = [text for name in names for text in (*_bronze_column(bronze, name), f"g.extra[{literal(name)}]")]
    return _first(texts) if names else None


def _members(plan: Plan, column: PlanColumn) -> list[str]:
    """Under which names the member stands that the column's path looks into: the column's that it is, or its own."""
    steps = record_path(column.header) if plan.dialect.format in (Format.JSON, Format.JSONL) else ()
    if len(steps) < 2:
        return []
    member = spelled(steps[:1])
    return [*(other.name for other in plan.columns if other.header == member), member]


def _bronze_column(bronze: Collection[str], name: str) -> list[str]:
    return [f"g.{quoted(name)}"] if name in bronze else []


def _first(texts: Sequence[str]) -> str:
    return f"COALESCE({', '.join(texts)})"


def _extra(record: str, known: list[str]) -> str:
    """What of a record the contract does not name."""
    named = ", ".join(literal(one) for one in dict.fromkeys(known))
    return f"MAP_FROM_ENTRIES(LIST_FILTER(MAP_ENTRIES({record}), x -> x.key NOT IN ({named})))"


def _past(relation: str, columns: str, which: str, group: str) -> str:
    """How the records fared under the run's rules, since a person released them last."""
    grouped = ", ".join(filter(None, ["o.object_number", "t.source_row", group]))
    return f"""
        CREATE TABLE {relation} AS SELECT o.object_number, t.source_row, {columns}
        FROM ({standing_events("quarantine_log")}) AS t JOIN objects AS o USING (source_file_id)
        JOIN entry_now AS e ON e.source_file_id = t.source_file_id AND e.source_row = t.source_row
        CROSS JOIN run AS r
        WHERE t.standing = '{Event.PROMOTED}' AND {which} AND t.ruleset = r.ruleset
            AND (e.released_position IS NULL OR t.log_position > e.released_position)
        GROUP BY {grouped}
    """


_NO_TEXTS = "MAP([]::VARCHAR[], []::VARCHAR[])"


def corrected_records(columns: Sequence[Column], expressions: Mapping[str, str]) -> str:
    """SQL: the entries of `chosen` with `corrected_record`, and `corrected_hash`, the hash that the record has then.

    An expression reads the texts as they stand; a malformed record has none. What `given` says of one record (`texts`,
    by column) goes before what the expressions make of it.
    """
    texts = ", ".join(f"e.record[{literal(c.name)}] AS {quoted(c.name)}" for c in columns)
    names = ", ".join(literal(name) for name in expressions)
    values = ", ".join(f"CAST({expression} AS VARCHAR)" for expression in expressions.values())
    headers = " ".join(f"WHEN {literal(c.name)} THEN {literal(c.header)}" for c in columns)
    pairs = (
        f"LIST_TRANSFORM(MAP_ENTRIES(corrected_record), x -> {{'name': CASE x.key {headers} ELSE x.key END, "
        "'value': x.value})"
    )
    part = "STRLEN(x.name) || ':' || x.name || STRLEN(x.value) || ':' || x.value"
    hashed = f"LIST_TRANSFORM(LIST_SORT(LIST_FILTER({pairs}, x -> x.value IS NOT NULL)), x -> {part})"
    return f"""
        SELECT e.*, corrected_record, SHA256(ARRAY_TO_STRING({hashed}, '')) AS corrected_hash
        FROM chosen AS e JOIN (
            SELECT entry_number, MAP_CONCAT(
                before, MAP([{names}]::VARCHAR[], [{values}]::VARCHAR[]), COALESCE(g.texts, {_NO_TEXTS})
            ) AS corrected_record
            FROM (
                SELECT e.rowid AS entry_number, e.source_file_id, e.source_row,
                    COALESCE(e.record, {_NO_TEXTS}) AS before, {texts}
                FROM chosen AS e
            ) AS t LEFT JOIN given AS g ON g.source_file_id = t.source_file_id AND g.source_row = t.source_row
        ) ON entry_number = e.rowid
    """
