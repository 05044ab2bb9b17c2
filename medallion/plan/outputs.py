"""What goes to each table, in the table's order of columns."""

from __future__ import annotations

from medallion.contracts.model import Contract, ErrorCode
from medallion.plan.model import PlanRule
from medallion.plan.quarantine import Event
from medallion.plan.rules import text
from medallion.plan.sql import literal, quoted
from medallion.plan.tables import ENDING

_RUN = "JOIN objects AS o USING (object_number) CROSS JOIN run AS r"
_IDENTITY = "row_hash, o.source_file_id, source_row"
_ARRIVAL = "o.arrived_at AS ingestion_timestamp, r.run_id, r.contract_version"
_IN_ORDER = "ORDER BY object_number, source_row"

_SPENT = {
    ErrorCode.DUPLICATE_FAILURE: "the record failed unchanged under these rules before",
    ErrorCode.MAX_ATTEMPTS: "the record was tried as often as the contract allows",
}
"""Why a record is condemned."""


def bronze(contract: Contract) -> str:
    """Every record as its object held it."""
    columns = ", ".join(f"{text(c.name)} AS {quoted(c.name)}" for c in contract.columns)
    return f"""
        SELECT {columns}, extra, CASE WHEN malformed IS NOT NULL THEN raw END AS raw, malformed,
            {_IDENTITY}, attempt_count, {_ARRIVAL}
        FROM staged {_RUN}
    """


def silver(contract: Contract) -> str:
    """The records that are new, and those that take another's place."""
    columns = ", ".join(quoted(c.name) for c in contract.columns)
    return f"""
        SELECT {columns}, {_IDENTITY}, attempt_count, {_ARRIVAL}
        FROM judged AS j ANTI JOIN (
            SELECT object_number, source_row FROM resolved WHERE outcome NOT IN ('inserted', 'updated')
        ) AS d ON d.object_number = j.object_number AND d.source_row = j.source_row {_RUN}
    """


KEPT = """
    SELECT s.* FROM silver_touched AS s WHERE NOT EXISTS (
        SELECT 1 FROM removed AS x WHERE x.source_file_id = s.source_file_id AND x.source_row = s.source_row
    )
"""
"""The rows of a file that is written anew which stay as they are."""

HISTORY = f"""
    SELECT s.*, r.run_id AS {ENDING[0].name}, r.attempt AS {ENDING[1].name}, r.started_at AS {ENDING[2].name},
        x.reason, x.replaced_by_file_id, x.replaced_by_row
    FROM silver_touched AS s
    JOIN removed AS x ON x.source_file_id = s.source_file_id AND x.source_row = s.source_row
    CROSS JOIN run AS r
"""
"""The rows that Silver holds no more."""

DUPLICATES = f"""
    SELECT {_IDENTITY}, {_ARRIVAL}, r.attempt, held_by
    FROM resolved AS d JOIN exceptional AS j USING (object_number, source_row) {_RUN}
    WHERE outcome = 'duplicate' {_IN_ORDER}
"""


def quarantine(contract: Contract, rules: tuple[PlanRule, ...]) -> str:
    """What the log says of this run: records that failed, with all their errors; those seen again; those resolved."""
    names = ", ".join(literal(c.name) for c in contract.columns)
    values = ", ".join(text(c.name) for c in contract.columns)
    named = f"MAP([{names}], [{values}])"
    # Joining maps is slow, and few records have more than the contract names.
    texts = f"CASE WHEN CARDINALITY(extra) = 0 THEN {named} ELSE MAP_CONCAT(extra, {named}) END"
    record = f"CASE WHEN s.malformed IS NULL THEN {texts} END"
    spent = ", ".join(_spent(code, message) for code, message in _SPENT.items())
    errors = f"LIST_FILTER([{', '.join(_error(rule) for rule in rules)}, {spent}], x -> x IS NOT NULL)"
    failed = "outcome IN ('quarantined', 'condemned')"
    return f"""
        WITH told AS (SELECT * FROM resolved WHERE {failed} OR held_by = 'quarantine' OR entered)
        SELECT CASE
                WHEN outcome = 'condemned' THEN '{Event.CONDEMNED}'
                WHEN outcome = 'quarantined' AND j.entered THEN '{Event.RETRIED}'
                WHEN outcome = 'quarantined' THEN '{Event.QUARANTINED}'
                WHEN held_by = 'quarantine' THEN '{Event.SEEN_AGAIN}'
                ELSE '{Event.RESOLVED}'
            END AS event,
            r.started_at AS event_time, 'pipeline' AS actor, r.run_id, r.attempt,
            o.source_file_id, source_row, j.row_hash,
            CASE WHEN {failed} THEN raw END AS raw,
            CASE WHEN {failed} THEN {record} END AS record,
            CASE WHEN {failed} THEN {errors} END AS errors,
            j.attempt_count, o.arrived_at AS ingestion_timestamp, r.contract_version, r.ruleset,
            CAST(NULL AS VARCHAR) AS reason, r.log_position
        FROM told AS d JOIN exceptional AS j USING (object_number, source_row)
        JOIN (SELECT s.* FROM staged AS s SEMI JOIN told AS t USING (object_number, source_row)) AS s
            USING (object_number, source_row) {_RUN}
        {_IN_ORDER}
    """


def _error(rule: PlanRule) -> str:
    fails = "key_conflict" if rule.code == ErrorCode.DUPLICATE_KEY else f"(verdict_{rule.word} & {rule.bit}) <> 0"
    column = "CAST(NULL AS VARCHAR)" if rule.column is None else literal(rule.column)
    return _said(fails, column, rule.rule, rule.code, rule.message)


def _spent(code: str, message: str) -> str:
    return _said(f"spent = {literal(code)}", "CAST(NULL AS VARCHAR)", "attempts", code, message)


def _said(fails: str, column: str, rule: str, code: str, message: str) -> str:
    said = f"'rule': {literal(rule)}, 'code': {literal(code)}, 'message': {literal(message)}"
    return f"CASE WHEN {fails} THEN {{'column': {column}, {said}}} END"
