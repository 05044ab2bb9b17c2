"""The relation `staged` in SQL: each record once, its text under the contract's names, its hash, its past."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from medallion.plan.model import Plan
from medallion.plan.rules import text
from medallion.plan.sql import WRITTEN_IN, literal


def columns(plan: Plan) -> dict[str, str]:
    """What a staged record has, and its types."""
    return {
        "object_number": "INTEGER",
        "source_row": "BIGINT",
        "row_hash": "VARCHAR",
        "raw": "BLOB",
        "malformed": "VARCHAR",
        "extra": "MAP(VARCHAR, VARCHAR)",
        **{text(column.name): "VARCHAR" for column in plan.columns},
        "attempt_count": "INTEGER",
        "entered": "BOOLEAN",
    }


def select(
    plan: Plan,
    number: int,
    values: Mapping[str, str],
    readings: Collection[str] = (),
    *,
    origin: str,
    place: str = "source_row",
    attempts: int = 0,
    entered: bool = False,
) -> str:
    """The records of `origin` as staged: those of the run's object `number`, each at its `place` in it.

    `origin` has `raw`, `malformed`, and for each of the object's names the value that `values` says; `readings` are
    those names that are only a reading of another's value.
    """
    texts = [values.get(column.header, "CAST(NULL AS VARCHAR)") for column in plan.columns]
    declared = {column.header for column in plan.columns}
    extra = [name for name in values if name not in declared]
    names, kept = ", ".join(literal(name) for name in extra), ", ".join(values[name] for name in extra)
    own = {name: value for name, value in values.items() if name not in readings}
    said = (
        str(number),
        place,
        _row_hash(plan, own),
        "raw",
        "malformed",
        f"MAP([{names}]::VARCHAR[], [{kept}]::VARCHAR[])",
        *texts,
        str(attempts),
        str(entered),
    )
    typed = zip(said, columns(plan).items(), strict=True)
    return f"SELECT {', '.join(f'CAST({value} AS {kind}) AS {name}' for value, (name, kind) in typed)} FROM {origin}"


def _row_hash(plan: Plan, values: Mapping[str, str]) -> str:
    """A record's hash: of its (name, value) pairs by name; of its bytes where it is malformed and has none.

    A reading of a member is no pair: the member is.
    """
    statements = plan.statements[WRITTEN_IN]
    parts = ", ".join(
        part.replace("__prefix__", literal(f"{len(name.encode())}:{name}")).replace("__column__", values[name])
        for name in sorted(values)
        for part in statements.row_hash_pair
    )
    # A JSON object without members has no pair.
    parts = parts or "''"
    return f"CASE WHEN malformed IS NULL THEN sha256(concat({parts})) ELSE {statements.row_hash_raw} END"
