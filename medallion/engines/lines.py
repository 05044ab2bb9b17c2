"""Plain objects that a job reads itself, line by line: what is left to it, and the SQL that makes of them what the
parser would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from medallion.contracts.model import Frozen
from medallion.engines.model import SourceObject
from medallion.plan import staged
from medallion.plan.model import Plan
from medallion.plan.sql import literal, transpile
from medallion.records import plain
from medallion.records.grammar import wrong_field_count
from medallion.records.limits import MIB

BLOCK = 32 * MIB
"""The bytes of an object that one task reads."""
LEAST = 4 * MIB
"""A smaller object is parsed sooner than a job has planned to read it."""
_MOST = 32
"""Each object is a part of the job's plan, which is made anew with every statement."""
_FOUND = "\0"

Leave = Callable[[int, SourceObject], "plain.Plain | None"]
"""Whether the run's object of that number is left to a job, and what is known of it."""


def leave_none(_number: int, _one: SourceObject) -> None:
    """Leave no object to a job."""


class Lines(Frozen):
    """A plain object for a job: a copy of it, how it is to be read, and what `staged` has of its lines.

    It is read in blocks of `block` bytes; `before` says how many lines stand before each. `select` is Spark's SQL over
    `lines`, which has each line as `line`, and as `source_row` its number from 0, the header's.
    """

    address: str
    block: int
    before: tuple[int, ...]
    select: str


@dataclass
class Leaving:
    """Leaves the plain objects of a run to its job, each as a copy in `folder`: an address names a key, and not which
    version of it.
    """

    plan: Plan
    folder: str
    block: int = BLOCK
    left: list[Lines] = field(default_factory=list)

    def leave(self, number: int, one: SourceObject) -> plain.Plain | None:
        """What is known of the object, if it is left; else it is for the parser."""
        if one.copy is None or one.bytes < LEAST or len(self.left) == _MOST:
            return None
        with one.open() as stream:
            found = plain.survey(stream, self.plan.dialect, self.block)
        if found is None:
            return None
        # By a name of ours: Spark would unpack what an ending calls compressed.
        address = f"{self.folder}/object-{number:05d}.txt"
        one.copy(address)
        self.left.append(
            Lines(
                address=address,
                block=self.block,
                before=found.before,
                select=lines_as_staged(self.plan, number, found.header, carriage=found.carriage),
            )
        )
        return found


def lines_as_staged(plan: Plan, number: int, header: tuple[str, ...], *, carriage: bool) -> str:
    """Spark's SQL: the lines of `lines`, but for the header, as `staged` has the records of the run's object `number`.
    `carriage` says that a line still has the CR of its end.
    """
    width = len(header)
    before, after = (_spark_literal(part) for part in wrong_field_count(width, _FOUND).split(_FOUND))
    count = f"CONCAT({before}, CARDINALITY(parts), {after})"
    line = "TRIM(TRAILING '\\r' FROM line)" if carriage else "line"
    # No delimiter is a letter or a digit, so that with a backslash it is itself.
    pattern = _spark_literal("\\" + plan.dialect.delimiter)
    # Spark would take an element for so cheap to look up that it looks once for each time that it is named.
    elements = ", ".join(f"ELEMENT_AT(fields, {at + 1}) AS field_{at}" for at in range(width))
    values = ", ".join(f"NULLIF(field_{at}, '') AS value_{at}" for at in range(width))
    named = {name: f"value_{at}" for at, name in enumerate(header)}
    return (
        f"WITH whole AS (SELECT source_row, {line} AS line FROM lines WHERE source_row > 0), "
        f"parted AS (SELECT source_row, line, SPLIT(line, {pattern}, -1) AS parts FROM whole), "
        f"counted AS (SELECT *, CASE WHEN CARDINALITY(parts) = {width} THEN parts END AS fields FROM parted), "
        f"told AS (SELECT source_row, line, CASE WHEN fields IS NULL THEN {count} END AS malformed, {elements} "
        "FROM counted), "
        f"valued AS (SELECT source_row, CAST(line AS BINARY) AS raw, malformed, {values} FROM told) "
        + transpile(staged.select(plan, number, named, origin="valued"))["spark"]
    )


def _spark_literal(text: str) -> str:
    return transpile(literal(text))["spark"]
