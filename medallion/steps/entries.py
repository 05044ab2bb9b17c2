"""What a person says of quarantined records: corrected, released."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from medallion.contracts import parse_contract
from medallion.contracts.expressions import NotAllowed, check_correction
from medallion.contracts.model import Contract
from medallion.engines.commits import Commit
from medallion.engines.duckdb import entries
from medallion.engines.duckdb.entries import Person
from medallion.errors import InvalidContract, InvalidCorrection
from medallion.plan.quarantine import Chosen, Event
from medallion.steps.platform import Platform


def correct(platform: Platform, source: str, chosen: Chosen, expressions: Mapping[str, str], person: Person) -> int:
    """Give the chosen open entries other texts, by column: SQL expressions over the record's texts as they stand.

    How many changed. InvalidCorrection says what is wrong with an expression. The records are tried when they are
    reprocessed.
    """
    contract = active_contract(platform, source)
    names = [column.name for column in contract.columns]
    checked = {}
    for column, expression in expressions.items():
        if column not in names:
            raise InvalidCorrection(f"source {source} has no column {column}; it has {', '.join(names)}")
        try:
            checked[column] = check_correction(expression, names)
        except NotAllowed as problem:
            raise InvalidCorrection(f"{column} = {expression}: {problem}") from problem
    commit = _commit(Event.CORRECTED, source, person, chosen.model_dump_json(), repr(sorted(checked.items())))
    log = platform.layout.quarantine(source)
    return entries.correct(platform.lake, log, contract.columns, chosen, checked, person, commit, platform.resources)


def release(platform: Platform, source: str, chosen: Chosen, person: Person) -> int:
    """Bring the chosen condemned entries back, to be corrected and tried anew. How many."""
    platform.control.source(source)
    commit = _commit(Event.RELEASED, source, person, chosen.model_dump_json())
    return entries.release(
        platform.lake, platform.layout.quarantine(source), chosen, person, commit, platform.resources
    )


def active_contract(platform: Platform, source_name: str) -> Contract:
    """The contract that is active for the source."""
    source = platform.control.source(source_name)
    return contract_version(platform, source.name, source.contract_version)


def contract_version(platform: Platform, source: str, version: str) -> Contract:
    """That version of the source's contract; InvalidContract if it is not registered."""
    found = platform.control.contract(source, version)
    if found is None:
        raise InvalidContract(
            f"source {source} of tenant {platform.layout.tenant}: contract version {version} is not registered; "
            "deploy the tenant again"
        )
    return parse_contract(found.text, f"{source} {version}")


def _commit(event: Event, *parts: object) -> Commit:
    """One for each request of a person: what is asked, by whom and when."""
    digest = hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()
    return Commit(f"{event}-{digest[:16]}", 1, event)
