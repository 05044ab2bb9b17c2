"""Contract → plan.

Verdict, then resolution against each other and against what is held, then one selection for each table.
"""

from __future__ import annotations

from medallion.contracts.model import Contract, ErrorCode, Reference
from medallion.plan.model import RULES_PER_WORD, Plan, PlanColumn, PlanRule, Statements
from medallion.plan.quarantine import OPEN_FAILURES, Event
from medallion.plan.rules import Condition, conditions, referenced, references, text, value
from medallion.plan.sql import ENGINES, literal, quoted, transpile
from medallion.plan.tables import tables
from medallion.plan.types import cast_expression, iceberg_type


def compile_plan(contract: Contract, ruleset: str) -> Plan:
    """Compile `contract`; `ruleset` is the hash that names its rules.

    InvalidContract where a type or format is not supported.
    """
    found = conditions(contract)
    rules = tuple(
        PlanRule(position=position, column=one.column, rule=one.rule, code=one.code, message=one.message)
        for position, one in enumerate(found)
    )
    written = {
        "row_hash_raw": _ROW_HASH_RAW,
        "judged": _judged(contract, found),
        "resolved": _resolved(contract, rules),
        "bronze": _bronze(contract),
        "silver": _silver(contract),
        "quarantine": _quarantine(contract, rules),
        "duplicates": _DUPLICATES,
        "open_failures": OPEN_FAILURES,
    }
    spoken = {name: transpile(statement) for name, statement in written.items()}
    pair = [transpile(part) for part in _ROW_HASH_PAIR]
    return Plan(
        source=contract.source,
        contract_id=contract.id,
        contract_version=contract.version,
        ruleset=ruleset,
        dialect=contract.dialect,
        columns=tuple(
            PlanColumn(
                name=column.name,
                header=column.header,
                iceberg_type=iceberg_type(column.type),
                required_in_header=not column.optional_in_header,
            )
            for column in contract.columns
        ),
        key=contract.key,
        rules=rules,
        references=references(contract),
        tables=tables(contract),
        statements={
            engine: Statements(
                row_hash_pair=tuple(part[engine] for part in pair), **{name: spoken[name][engine] for name in spoken}
            )
            for engine in ENGINES
        },
    )


# --- identity: SHA-256 over the (name, value) pairs sorted by name, each length-prefixed in bytes, nulls omitted

_ROW_HASH_PAIR = (
    "CASE WHEN NOT __column__ IS NULL THEN __prefix__ END",
    "CAST(STRLEN(__column__) AS VARCHAR) || ':'",
    "__column__",
)
_ROW_HASH_RAW = "SHA256(raw)"


# --- verdict


def _judged(contract: Contract, found: list[Condition]) -> str:
    """Each staged record with its typed values and its verdict; a malformed record is judged by that alone."""
    tokens = ", ".join(literal(token) for token in contract.dialect.null_values)
    values = [
        f"CASE WHEN {text(c.name)} IN ({tokens}) THEN NULL ELSE {text(c.name)} END AS {value(c.name)}"
        if tokens
        else f"{text(c.name)} AS {value(c.name)}"
        for c in contract.columns
    ]
    typed = [f"{cast_expression(c.type, value(c.name))} AS {quoted(c.name)}" for c in contract.columns]
    relations = {(one.source, one.column): one.relation for one in references(contract)}
    joins = [
        f"LEFT JOIN {relations[rule.source, rule.column]} AS {referenced(column, rule)} "
        f"ON {referenced(column, rule)}.value = typed.{quoted(column.name)}"
        for column in contract.columns
        for rule in column.rules
        if isinstance(rule, Reference)
    ]
    words = [
        f"CASE WHEN malformed IS NOT NULL THEN {int(word == 0)} ELSE {_mask(found, word)} END AS verdict_{word}"
        for word in range(-(-len(found) // RULES_PER_WORD))
    ]
    kept = ["object_number", "source_row", "row_hash", *(f"typed.{quoted(c.name)}" for c in contract.columns)]
    return (
        f"WITH valued AS (SELECT *, {', '.join(values)} FROM staged), "
        f"typed AS (SELECT *, {', '.join(typed)} FROM valued) "
        f"SELECT {', '.join(kept + words)} FROM typed {' '.join(joins)}"
    )


def _mask(found: list[Condition], word: int) -> str:
    mine = [
        f"CASE WHEN {one.fails} THEN {1 << (position % RULES_PER_WORD)} ELSE 0 END"
        for position, one in enumerate(found)
        if position // RULES_PER_WORD == word and position > 0
    ]
    return " + ".join(f"CAST({one} AS BIGINT)" for one in mine) or "CAST(0 AS BIGINT)"


# --- resolution


def _resolved(contract: Contract, rules: tuple[PlanRule, ...]) -> str:
    """Each record's outcome. Valid records are resolved by key, failing ones by content; ties go to the first record.

    What Silver, this run or an open quarantine entry holds already is a duplicate. A key that is held with other
    content is a failure.
    """
    words = -(-len(rules) // RULES_PER_WORD)
    valid = " AND ".join(f"verdict_{word} = 0" for word in range(words))
    keys = "".join(f", {quoted(name)}" for name in contract.key)
    return f"""
        WITH assessed AS (SELECT object_number, source_row, row_hash{keys}, {valid} AS valid FROM judged),
        {_fates(contract)},
        failing AS (
            SELECT object_number, source_row, row_hash, TRUE AS key_conflict FROM fates WHERE fate = 'conflict'
            UNION ALL SELECT object_number, source_row, row_hash, FALSE FROM assessed WHERE NOT valid
        ),
        opened AS (
            SELECT f.*, o.row_hash IS NOT NULL OR ROW_NUMBER() OVER (
                PARTITION BY f.row_hash ORDER BY f.object_number, f.source_row
            ) > 1 AS seen
            FROM failing AS f LEFT JOIN open_failures AS o ON o.row_hash = f.row_hash
        )
        SELECT object_number, source_row, CASE WHEN fate = 'new' THEN 'inserted' ELSE 'duplicate' END AS outcome,
            CASE WHEN fate <> 'new' THEN fate END AS held_by, FALSE AS key_conflict
        FROM fates WHERE fate <> 'conflict'
        UNION ALL
        SELECT object_number, source_row, CASE WHEN seen THEN 'duplicate' ELSE 'quarantined' END,
            CASE WHEN seen THEN 'quarantine' END, key_conflict
        FROM opened
    """


def _fates(contract: Contract) -> str:
    """What becomes of each valid record: new, held by silver, held by this run, or in conflict with a held key."""
    if not contract.key and contract.duplicates == "keep":
        return "fates AS (SELECT object_number, source_row, row_hash, 'new' AS fate FROM assessed WHERE valid)"
    identity = [quoted(name) for name in contract.key] or ["row_hash"]
    window = f"OVER (PARTITION BY {', '.join(identity)} ORDER BY object_number, source_row)"
    same = " AND ".join(f"s.{one} = a.{one}" for one in identity)
    return f"""
        ranked AS (
            SELECT *, FIRST_VALUE(row_hash) {window} AS first_hash, ROW_NUMBER() {window} AS nth
            FROM assessed WHERE valid
        ),
        held AS (
            SELECT a.object_number, a.source_row, MAX(CASE WHEN s.row_hash = a.row_hash THEN 2 ELSE 1 END) AS held
            FROM ranked AS a JOIN silver_held AS s ON {same} GROUP BY a.object_number, a.source_row
        ),
        fates AS (
            SELECT a.object_number, a.source_row, a.row_hash, CASE
                WHEN h.held = 2 THEN 'silver'
                WHEN h.held = 1 THEN 'conflict'
                WHEN nth = 1 THEN 'new'
                WHEN first_hash = a.row_hash THEN 'run'
                ELSE 'conflict'
            END AS fate
            FROM ranked AS a LEFT JOIN held AS h ON h.object_number = a.object_number AND h.source_row = a.source_row
        )
    """


# --- what goes to each table, in the table's order of columns

_FROM_OUTCOME = "FROM judged AS j JOIN resolved AS d USING (object_number, source_row)"
_RUN = "JOIN objects AS o USING (object_number) CROSS JOIN run AS r"
_IDENTITY = "row_hash, o.source_file_id, source_row"
_ARRIVAL = "o.arrived_at AS ingestion_timestamp, r.run_id, r.contract_version"
_IN_ORDER = "ORDER BY object_number, source_row"


def _bronze(contract: Contract) -> str:
    columns = ", ".join(f"{text(c.name)} AS {quoted(c.name)}" for c in contract.columns)
    return f"""
        SELECT {columns}, extra, CASE WHEN malformed IS NOT NULL THEN raw END AS raw, malformed,
            {_IDENTITY}, 0 AS attempt_count, {_ARRIVAL}
        FROM staged {_RUN}
    """


def _silver(contract: Contract) -> str:
    columns = ", ".join(quoted(c.name) for c in contract.columns)
    return f"""
        SELECT {columns}, {_IDENTITY}, 0 AS attempt_count, {_ARRIVAL}
        {_FROM_OUTCOME} {_RUN} WHERE outcome = 'inserted'
    """


def _quarantine(contract: Contract, rules: tuple[PlanRule, ...]) -> str:
    """The failed records with all their errors, and a note for each record that is in quarantine already."""
    names = ", ".join(literal(c.name) for c in contract.columns)
    values = ", ".join(text(c.name) for c in contract.columns)
    record = f"CASE WHEN malformed IS NULL THEN MAP_CONCAT(MAP([{names}], [{values}]), extra) END"
    errors = f"LIST_FILTER([{', '.join(_error(rule) for rule in rules)}], x -> x IS NOT NULL)"
    failed = "outcome = 'quarantined'"
    return f"""
        SELECT CASE WHEN {failed} THEN '{Event.QUARANTINED}' ELSE '{Event.SEEN_AGAIN}' END AS event,
            r.started_at AS event_time, 'pipeline' AS actor, r.run_id, r.attempt,
            o.source_file_id, source_row, j.row_hash,
            CASE WHEN {failed} THEN raw END AS raw,
            CASE WHEN {failed} THEN {record} END AS record,
            CASE WHEN {failed} THEN {errors} END AS errors,
            0 AS attempt_count, o.arrived_at AS ingestion_timestamp, r.contract_version, r.ruleset
        {_FROM_OUTCOME} JOIN staged AS s USING (object_number, source_row) {_RUN}
        WHERE {failed} OR held_by = 'quarantine' {_IN_ORDER}
    """


def _error(rule: PlanRule) -> str:
    fails = "key_conflict" if rule.code == ErrorCode.DUPLICATE_KEY else f"(verdict_{rule.word} & {rule.bit}) <> 0"
    column = "CAST(NULL AS VARCHAR)" if rule.column is None else literal(rule.column)
    said = f"'rule': {literal(rule.rule)}, 'code': {literal(rule.code)}, 'message': {literal(rule.message)}"
    return f"CASE WHEN {fails} THEN {{'column': {column}, {said}}} END"


_DUPLICATES = f"""
    SELECT {_IDENTITY}, {_ARRIVAL}, r.attempt, held_by
    {_FROM_OUTCOME} {_RUN} WHERE outcome = 'duplicate' {_IN_ORDER}
"""
