"""Contract → plan.

Verdict, then resolution against each other and against what is held, then one selection for each table.
"""

from __future__ import annotations

from medallion.contracts.model import Contract, Load, Reference
from medallion.plan import outputs
from medallion.plan.model import RULES_PER_WORD, Plan, PlanColumn, PlanRule, Statements
from medallion.plan.quarantine import OPEN_FAILURES
from medallion.plan.resolution import held_columns, relations, removed
from medallion.plan.rules import Condition, conditions, number, referenced, references, text, value
from medallion.plan.sql import ENGINES, literal, quoted, transpile
from medallion.plan.tables import tables
from medallion.plan.types import cast_expression, engine_cast, iceberg_type


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
        "removed": removed(contract),
        "bronze": outputs.bronze(contract),
        "silver": outputs.silver(contract),
        "kept": outputs.KEPT,
        "history": outputs.HISTORY,
        "quarantine": outputs.quarantine(contract, rules),
        "duplicates": outputs.DUPLICATES,
    }
    steps = {"open_failures": OPEN_FAILURES, "judged": _judged(contract, found), **relations(contract, rules)}
    spoken = {name: transpile(statement) for name, statement in {**written, **steps}.items()}
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
        held=held_columns(contract),
        replaces=contract.load is not Load.APPEND,
        snapshots=contract.load is Load.SNAPSHOT,
        max_attempts=contract.max_attempts,
        rules=rules,
        references=references(contract),
        tables=tables(contract),
        statements={
            engine: Statements(
                row_hash_pair=tuple(part[engine] for part in pair),
                relations={name: spoken[name][engine] for name in steps},
                **{name: spoken[name][engine] for name in written},
            )
            for engine in ENGINES
        },
    )


# --- identity: SHA-256 over the (name, value) pairs sorted by name, each length-prefixed in bytes, nulls omitted

_ROW_HASH_PAIR = ("__prefix__ || CAST(STRLEN(__column__) AS VARCHAR) || ':'", "__column__")
_ROW_HASH_RAW = "SHA256(raw)"


# --- verdict

_CARRIED = ("object_number", "source_row", "row_hash", "attempt_count", "entered")
"""What a staged record carries beside its text: `entered` says that its entry stands open in quarantine."""


def _judged(contract: Contract, found: list[Condition]) -> str:
    """Each staged record with its typed values and its verdict; a malformed record is judged by that alone."""
    tokens = ", ".join(literal(token) for token in contract.dialect.null_values)
    values = [
        f"CASE WHEN {text(c.name)} IN ({tokens}) THEN NULL ELSE {text(c.name)} END AS {value(c.name)}"
        if tokens
        else f"{text(c.name)} AS {value(c.name)}"
        for c in contract.columns
    ]
    casts = {c.name: cast for c in contract.columns if (cast := engine_cast(c.type, value(c.name)))}
    numbers = "".join(f", {cast} AS {number(name)}" for name, cast in casts.items())
    typed = [
        f"{cast_expression(c.type, value(c.name), number(c.name) if c.name in casts else None)} AS {quoted(c.name)}"
        for c in contract.columns
    ]
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
    kept = [*_CARRIED, *(f"typed.{quoted(c.name)}" for c in contract.columns)]
    return (
        f"WITH valued AS (SELECT *, {', '.join(values)} FROM staged), "
        f"numbered AS (SELECT *{numbers} FROM valued), "
        f"typed AS (SELECT *, {', '.join(typed)} FROM numbered) "
        f"SELECT {', '.join(kept + words)} FROM typed {' '.join(joins)}"
    )


def _mask(found: list[Condition], word: int) -> str:
    mine = [
        f"CASE WHEN {one.fails} THEN {1 << (position % RULES_PER_WORD)} ELSE 0 END"
        for position, one in enumerate(found)
        if position // RULES_PER_WORD == word and position > 0
    ]
    return " + ".join(f"CAST({one} AS BIGINT)" for one in mine) or "CAST(0 AS BIGINT)"
