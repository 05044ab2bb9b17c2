"""References between sources: each leads to a column of the same type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from medallion.contracts.model import Column, Contract, Reference


def loose_references(
    contracts: Iterable[Contract], columns_of: Callable[[str], Mapping[str, Column]]
) -> list[tuple[str, str]]:
    """For each reference of the contracts that leads nowhere, its contract's source and what is wrong, for people.

    `columns_of` gives a source's columns by name, none for a source that is unknown.
    """
    found = []
    for contract in contracts:
        for column in contract.columns:
            for rule in column.rules:
                if not isinstance(rule, Reference):
                    continue
                target = columns_of(rule.source).get(rule.column)
                where = f"{column.name}: refers to {rule.source}.{rule.column}"
                if target is None:
                    said = f"{where}, which no contract of this tenant has; add it, or correct the name"
                elif target.type.kind != column.type.kind:
                    said = f"{where}, which is {target.type.kind} and not {column.type.kind}; give both one type"
                else:
                    continue
                found.append((contract.source, said))
    return found
