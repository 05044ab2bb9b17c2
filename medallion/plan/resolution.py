"""What becomes of each judged record, against the others of its run and against what Silver and quarantine hold."""

from __future__ import annotations

from collections.abc import Sequence

from medallion.contracts.model import Contract, ErrorCode, Load
from medallion.plan.model import RULES_PER_WORD, PlanRule
from medallion.plan.sql import quoted

_MALFORMED = 1
"""The verdict's first bit."""
_POSITION = "object_number, source_row"
_IN_ORDER = f"ORDER BY stands DESC, {_POSITION}"
"""Ties go to the first record; one that Silver holds already does not lose its place to one that comes once more."""


def held_columns(contract: Contract) -> tuple[str, ...]:
    """The columns of Silver by which its records are known."""
    replaced = () if contract.load is Load.APPEND else ("source_file_id", "source_row")
    ordered = () if contract.order_by is None or contract.order_by in contract.key else (contract.order_by,)
    return (*contract.key, "row_hash", *replaced, *ordered)


def relations(contract: Contract, rules: tuple[PlanRule, ...]) -> dict[str, str]:
    """What tells the judged records' outcomes, one relation after the other, each reading those before it.

    `exceptional` are the records that anything speaks against, or for more than once: that fail, that are not alone in
    their run, that Silver or quarantine knows. All others are new. None of the relations is large unless most records
    are exceptional, and an engine meets the records with them in one pass. It has what the logs say of a record, too.
    """
    words = [f"verdict_{word}" for word in range(-(-len(rules) // RULES_PER_WORD))]
    valid = " AND ".join(f"{word} = 0" for word in words)
    met = {"repeated": _repeated(contract, valid), "held": _held(contract, valid)} if _compares(contract) else {}
    return {**met, "exceptional": _exceptional(contract, valid, words), "resolved": _resolved(contract)}


def _compares(contract: Contract) -> bool:
    """Whether a record's outcome hangs on others: those of its run, and Silver's."""
    return contract.load is not Load.APPEND or bool(contract.key) or contract.duplicates != "keep"


def _identity(contract: Contract) -> Sequence[str]:
    """What two records share that are one: the key, or all of their content."""
    return contract.key or ("row_hash",)


def _exceptional(contract: Contract, valid: str, words: Sequence[str]) -> str:
    same = " AND ".join(f"a.{quoted(c.name)} IS NOT DISTINCT FROM w.{quoted(c.name)}" for c in contract.columns)
    known = [*contract.key, *(() if contract.order_by is None else (contract.order_by,))]
    columns = "".join(f", a.{name}" for name in (*map(quoted, dict.fromkeys(known)), *words))
    held, joins, reasons = "", "", [f"({valid}) IS NOT TRUE", "a.entered", "w.object_number IS NOT NULL"]
    if _compares(contract):
        held = ", h.held"
        joins = f"LEFT JOIN repeated AS t ON t.hash = {_hash(contract)} LEFT JOIN held AS h ON {_same_place('h')}"
        reasons += ["t.hash IS NOT NULL", "h.held IS NOT NULL"]
    if contract.load is Load.SNAPSHOT:
        joins += " CROSS JOIN run AS r"
        reasons.append("NOT r.newest")
    return f"""
        SELECT a.object_number, a.source_row, a.row_hash, a.attempt_count, a.entered{columns}, {valid} AS valid,
            (verdict_0 & {_MALFORMED}) <> 0 AS malformed, w.object_number IS NOT NULL AS stands, {same} AS same{held}
        FROM judged AS a {joins} LEFT JOIN own AS w ON {_same_place("w")}
        WHERE {" OR ".join(reasons)}
    """


def _repeated(contract: Contract, valid: str) -> str:
    """The hashes of what several valid records of the run are known by. To count numbers is quicker than to count
    texts, and records that share no more than a hash are told apart like all that are exceptional.
    """
    hashes = f"SELECT {_hash(contract)} AS hash FROM judged AS a WHERE {valid}"
    return f"SELECT hash FROM ({hashes}) AS h GROUP BY hash HAVING COUNT(*) > 1"


def _hash(contract: Contract) -> str:
    """A number for what identifies a judged record (a): of 64 bits, each engine's own. A null's is like a null's."""
    return f"HASH({', '.join(f'a.{quoted(name)}' for name in _identity(contract))})"


def _held(contract: Contract, valid: str) -> str:
    """The records whose identity Silver holds, and how: with the same content, and whether in a later version."""
    same = " AND ".join(f"s.{quoted(name)} = a.{quoted(name)}" for name in _identity(contract))
    joins, how = "", "WHEN s.row_hash = a.row_hash THEN 2"
    if contract.load is Load.UPSERT:
        order = quoted(contract.order_by or "")
        joins = "JOIN objects AS o ON o.object_number = a.object_number"
        how = f"""
            WHEN s.row_hash = a.row_hash THEN 3
            WHEN s.{order} > a.{order} OR (a.{order} IS NULL AND s.{order} IS NOT NULL) OR (
                s.{order} IS NOT DISTINCT FROM a.{order} AND (s.source_file_id > o.source_file_id
                    OR (s.source_file_id = o.source_file_id AND s.source_row > a.source_row))) THEN 2
        """
    return f"""
        SELECT a.object_number, a.source_row, MAX(CASE {how} ELSE 1 END) AS held
        FROM judged AS a JOIN silver_held AS s ON {same} {joins} WHERE {valid}
        GROUP BY a.object_number, a.source_row
    """


def _resolved(contract: Contract) -> str:
    """The outcome of each exceptional record: of condemned, quarantined, duplicate, updated, inserted the first that
    applies.

    `held_by` says who holds a duplicate: silver, this run, quarantine, a later version of its key (superseded), or the
    record itself, where it is taken up once more and nothing about it changes. Only a record that fails again can be
    condemned, and a malformed one cannot: it may always be corrected.
    """
    return f"""
        WITH {_fates(contract)},
        failing AS (
            SELECT {_POSITION}, row_hash, entered, FALSE AS malformed, TRUE AS key_conflict
            FROM fates WHERE fate = 'conflict'
            UNION ALL SELECT {_POSITION}, row_hash, entered, malformed, FALSE FROM exceptional WHERE NOT valid
        ),
        opened AS (
            SELECT f.object_number, f.source_row, f.entered, f.key_conflict,
                NOT r.replay AND (o.row_hash IS NOT NULL OR ROW_NUMBER() OVER (
                    PARTITION BY f.row_hash ORDER BY f.object_number, f.source_row
                ) > 1) AS seen,
                CASE
                    WHEN f.malformed THEN NULL
                    WHEN b.row_hash IS NOT NULL THEN '{ErrorCode.DUPLICATE_FAILURE}'
                    WHEN t.tries >= r.max_attempts THEN '{ErrorCode.MAX_ATTEMPTS}'
                END AS spent
            FROM failing AS f CROSS JOIN run AS r
            LEFT JOIN open_failures AS o ON o.row_hash = f.row_hash
            LEFT JOIN failed_before AS b ON b.object_number = f.object_number AND b.source_row = f.source_row
                AND b.row_hash = f.row_hash
            LEFT JOIN tries AS t ON t.object_number = f.object_number AND t.source_row = f.source_row
        )
        SELECT {_POSITION},
            CASE
                WHEN fate NOT IN ('new', 'changed') THEN 'duplicate'
                WHEN stands AND same THEN 'duplicate'
                WHEN stands OR fate = 'changed' THEN 'updated'
                ELSE 'inserted'
            END AS outcome,
            CASE WHEN fate NOT IN ('new', 'changed') THEN fate WHEN stands AND same THEN 'self' END AS held_by,
            FALSE AS key_conflict, CAST(NULL AS VARCHAR) AS spent, entered
        FROM fates WHERE fate <> 'conflict'
        UNION ALL
        SELECT {_POSITION},
            CASE WHEN spent IS NOT NULL THEN 'condemned' WHEN seen THEN 'duplicate' ELSE 'quarantined' END,
            CASE WHEN spent IS NULL AND seen THEN 'quarantine' END, key_conflict, spent, entered
        FROM opened
    """


def removed(contract: Contract) -> str:
    """The rows of Silver that are to go, with the reason, and the record that takes the place where one does."""
    parts = [
        """
        SELECT o.source_file_id, w.source_row,
            CASE WHEN outcome = 'updated' THEN 'updated' ELSE 'withdrawn' END AS reason,
            CASE WHEN outcome = 'updated' THEN o.source_file_id END AS replaced_by_file_id,
            CASE WHEN outcome = 'updated' THEN w.source_row END AS replaced_by_row
        FROM own AS w JOIN resolved AS d USING (object_number, source_row) JOIN objects AS o USING (object_number)
        WHERE held_by IS DISTINCT FROM 'self'
        """
    ]
    if contract.load is not Load.APPEND:
        parts.append(
            f"""
            SELECT s.source_file_id, s.source_row, 'updated', o.source_file_id, d.source_row
            FROM judged AS j JOIN resolved AS d USING (object_number, source_row)
            JOIN objects AS o USING (object_number) JOIN silver_held AS s ON {_same_key(contract, "j")}
            WHERE outcome = 'updated'
            """
        )
    if contract.load is Load.SNAPSHOT:
        unknown = " OR ".join(f"{quoted(name)} IS NULL" for name in contract.key)
        parts.append(
            f"""
            SELECT s.source_file_id, s.source_row, 'deleted', CAST(NULL AS VARCHAR), CAST(NULL AS BIGINT)
            FROM silver_held AS s CROSS JOIN run AS r
            WHERE r.newest AND NOT r.replay
                AND NOT EXISTS (SELECT 1 FROM judged AS j WHERE {_same_key(contract, "j")})
                AND NOT EXISTS (SELECT 1 FROM judged WHERE (verdict_0 & {_MALFORMED}) <> 0 OR {unknown})
            """
        )
    return " UNION ALL ".join(f"({part})" for part in parts)


# --- what becomes of each valid record: new, changed, held by silver, run or superseded, or in conflict


def _fates(contract: Contract) -> str:
    match contract.load:
        case Load.UPSERT:
            return _latest(contract)
        case Load.SNAPSHOT:
            return _whole_state(contract)
    if not _compares(contract):
        return "fates AS (SELECT *, 'new' AS fate FROM exceptional WHERE valid)"
    return _first(contract)


def _first(contract: Contract) -> str:
    """Append: the first of a key, or of a content, is new; the same again is held; other content is in conflict."""
    return f"""
        {_ranked(contract)},
        fates AS (
            SELECT *, CASE
                WHEN held = 2 THEN 'silver'
                WHEN held = 1 THEN 'conflict'
                WHEN nth = 1 THEN 'new'
                WHEN first_hash = row_hash THEN 'run'
                ELSE 'conflict'
            END AS fate
            FROM ranked
        )
    """


def _latest(contract: Contract) -> str:
    """Upsert: the latest version of a key wins over the others of the run and over Silver's."""
    keys, order = _listed(contract.key), quoted(contract.order_by or "")
    return f"""
        alike AS (
            SELECT *, ROW_NUMBER() OVER (PARTITION BY {keys}, row_hash {_IN_ORDER}) AS nth_alike
            FROM exceptional WHERE valid
        ),
        ranked AS (
            SELECT *, ROW_NUMBER() OVER (
                PARTITION BY {keys}
                ORDER BY CASE WHEN nth_alike = 1 THEN 0 ELSE 1 END, {order} DESC NULLS LAST,
                    object_number DESC, source_row DESC
            ) AS nth FROM alike
        ),
        fates AS (
            SELECT *, CASE
                WHEN held = 3 THEN 'silver'
                WHEN nth_alike > 1 THEN 'run'
                WHEN nth > 1 OR held = 2 THEN 'superseded'
                WHEN held = 1 THEN 'changed'
                ELSE 'new'
            END AS fate
            FROM ranked
        )
    """


def _whole_state(contract: Contract) -> str:
    """Snapshot: what the newest object says of a key replaces what Silver holds; an older object changes nothing."""
    return f"""
        {_ranked(contract)},
        fates AS (
            SELECT ranked.*, CASE
                WHEN held = 2 THEN 'silver'
                WHEN nth > 1 AND first_hash = row_hash THEN 'run'
                WHEN nth > 1 THEN 'conflict'
                WHEN NOT newest THEN 'superseded'
                WHEN held = 1 THEN 'changed'
                ELSE 'new'
            END AS fate
            FROM ranked CROSS JOIN run
        )
    """


def _ranked(contract: Contract) -> str:
    """Each valid record, which of its identity's it is (`nth`), and the content of the first of them."""
    window = f"OVER (PARTITION BY {_listed(_identity(contract))} {_IN_ORDER})"
    return f"""
        ranked AS (
            SELECT *, FIRST_VALUE(row_hash) {window} AS first_hash, ROW_NUMBER() {window} AS nth
            FROM exceptional WHERE valid
        )
    """


def _listed(identity: Sequence[str]) -> str:
    return ", ".join(quoted(name) for name in identity)


def _same_key(contract: Contract, relation: str) -> str:
    """What joins `silver_held` (s) to a relation of judged records."""
    return " AND ".join(f"s.{quoted(name)} = {relation}.{quoted(name)}" for name in contract.key)


def _same_place(relation: str) -> str:
    """What joins a relation of some records to all of them (a)."""
    return f"{relation}.object_number = a.object_number AND {relation}.source_row = a.source_row"
