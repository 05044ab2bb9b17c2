"""Two versions of a contract: what the later one breaks, and whether its number says so."""

from __future__ import annotations

from packaging.version import Version

from medallion.contracts.model import Contract


def breaking_changes(before: Contract, after: Contract) -> list[str]:
    """What a reader or a sender of `before` could not live with in `after`; empty where it only adds or judges.

    Rules may be made stricter or looser in any version: they decide about records, not about their form.
    """
    found = []
    later = {column.name: column for column in after.columns}
    for column in before.columns:
        if column.name not in later:
            found.append(f"column {column.name} is gone")
        elif later[column.name].type.kind != column.type.kind:
            found.append(f"column {column.name} is {later[column.name].type.kind}, not {column.type.kind}")
    known = {column.name for column in before.columns}
    found += [
        f"column {column.name} is new and must be in every header"
        for column in after.columns
        if column.name not in known and not column.optional_in_header
    ]
    if after.key != before.key:
        found.append(f"the key is {', '.join(after.key) or 'none'}, not {', '.join(before.key) or 'none'}")
    if after.load != before.load:
        found.append(f"load is {after.load}, not {before.load}")
    return found


def says_so(before: Contract, after: Contract) -> bool:
    """Whether the version's first number grew, which is how a contract says that it breaks the one before."""
    return Version(after.version).major > Version(before.version).major
