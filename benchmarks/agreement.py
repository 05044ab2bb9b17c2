"""Did an arm give each record the verdict that it was made to get?"""

from __future__ import annotations

from benchmarks.arms import Disagreement, Work
from benchmarks.records import TRANSACTIONS, Records
from medallion.plan.model import Plan
from medallion.plan.sql import literal


def agree(work: Work, valid: str, bad: str, failed: str, record: str = "{}", of: Records = TRANSACTIONS) -> None:
    """Disagreement, with a few records, unless each record of the work got its verdict, and keeps its values.

    `valid` and `bad` are addresses of Parquet: of typed records, and of texts, each where `record` says for its header
    and its position in the file (from 1). `failed` is SQL (DuckDB's) for the list of the rules that a bad record fails.
    """
    texts = ", ".join(f"COALESCE({record.format(name, position)}, '')" for position, name in enumerate(of.headers, 1))
    shown = f"""
        SELECT {", ".join(of.texts)}, '' AS failed FROM read_parquet({literal(valid)})
        UNION ALL SELECT {texts}, array_to_string(list_sort({failed}), ' ') FROM read_parquet({literal(bad)})
    """
    with of.source(work.records) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE made AS {of.truth(work.records)}")
        connection.execute(f"CREATE TABLE found AS {shown}")
        for one, other in (("made", "found"), ("found", "made")):
            if wrong := connection.execute(f"FROM {one} EXCEPT ALL FROM {other} LIMIT 3").fetchall():
                raise Disagreement(f"of {work.records} records these were {one} and not {other}: {wrong}")


def failed_of(plan: Plan) -> str:
    """SQL for the names of the rules whose bits stand in `verdict_0`.

    A line that lacks its last field is malformed to the platform; the way it was made, and to others, that is a null.
    """
    last = f"{plan.columns[-1].name}.required"
    names = [last if one.column is None and one.position == 0 else f"{one.column}.{one.rule}" for one in plan.rules]
    cases = ", ".join(
        f"CASE WHEN (verdict_0 & {one.bit}) <> 0 THEN {literal(name)} END"
        for one, name in zip(plan.rules, names, strict=True)
    )
    return f"list_filter([{cases}], rule -> rule IS NOT NULL)"
