"""What a record is once more: its text as it stands, corrected where a person corrected it; its past; its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from medallion.contracts.model import Column
from medallion.plan.model import Plan
from medallion.plan.quarantine import FAILURES, Event, State, current_entries, standing_events
from medallion.plan.sql import literal, quoted

_FAILED = ", ".join(f"'{event}'" for event in FAILURES)


def statements(plan: Plan, bronze: Collection[str], *, condemned: bool) -> list[str]:
    """The SQL, in DuckDB's dialect, that stages what `chosen_entries` and `chosen_objects` name.

    `bronze` are the columns that Bronze has; a column that a later contract names is looked for among the extra ones.
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
        _staged_entries(plan),
        _staged_again(plan, bronze),
        _past("failed_before", "t.row_hash", f"t.event IN ({_FAILED})", "t.row_hash"),
        _past("tries", "COUNT(*) AS tries", f"t.event = '{Event.RETRIED}'", ""),
    ]


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
    texts = [f"COALESCE(record[{literal(n)}], record[{literal(h)}])" for n, h in zip(names, headers, strict=True)]
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
        f"CASE WHEN {_CORRECTED} THEN COALESCE(g.corrected[{literal(n)}], g.corrected[{literal(h)}]) "
        f"ELSE {f'COALESCE(g.{quoted(n)}, g.extra[{literal(h)}])' if n in bronze else f'g.extra[{literal(h)}]'} END"
        for n, h in zip(names, headers, strict=True)
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
