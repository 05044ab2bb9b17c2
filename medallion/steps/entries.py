"""What a person says of quarantined records: corrected, released."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from medallion.contracts import parse_contract
from medallion.contracts.expressions import NotAllowed, check_correction
from medallion.contracts.model import Contract
from medallion.engines.commits import Commit
from medallion.engines.duckdb import entries
from medallion.engines.duckdb.correction import Correction, Records
from medallion.engines.model import Corrected
from medallion.errors import InvalidContract, InvalidCorrection
from medallion.people import Person
from medallion.plan.quarantine import Chosen, Event, State
from medallion.steps.platform import Platform


def correct(
    platform: Platform,
    source: str,
    chosen: Chosen,
    expressions: Mapping[str, str],
    person: Person,
    records: Records | None = None,
) -> int:
    """Give the chosen open entries other texts, by column: SQL expressions over the record's texts as they stand,
    and with `records` the texts of single ones.

    How many changed. InvalidCorrection says what is wrong, and then nothing is changed. The records are tried when they
    are reprocessed.
    """
    platform.control.refuse_if_frozen()
    contract = active_contract(platform, source)
    correction = checked(contract, expressions, records)
    said = (repr(sorted(correction.expressions.items())), repr(sorted(correction.records.items())))
    commit = _commit(Event.CORRECTED, source, person, chosen.model_dump_json(), *said)
    log = platform.layout.quarantine(source)
    return entries.correct(platform.lake, log, contract.columns, chosen, correction, person, commit, platform.resources)


def foresee_correction(
    platform: Platform,
    source: str,
    chosen: Chosen,
    expressions: Mapping[str, str],
    records: Records | None = None,
) -> Corrected:
    """What `correct` would change; nothing is written."""
    contract = active_contract(platform, source)
    correction = checked(contract, expressions, records)
    log = platform.layout.quarantine(source)
    return entries.foresee_correction(platform.lake, log, contract.columns, chosen, correction, platform.resources)


def checked(contract: Contract, expressions: Mapping[str, str], records: Records | None = None) -> Correction:
    """The correction, its expressions in one spelling; InvalidCorrection if it is none of the contract's columns."""
    names = [column.name for column in contract.columns]
    named = dict.fromkeys([*expressions, *(name for texts in (records or {}).values() for name in texts)])
    if strange := [name for name in named if name not in names]:
        raise InvalidCorrection(
            f"source {contract.source} has no column {', '.join(strange)}; it has {', '.join(names)}"
        )
    spelled = {}
    for column, expression in expressions.items():
        try:
            spelled[column] = check_correction(expression, names)
        except NotAllowed as problem:
            raise InvalidCorrection(f"{column} = {expression}: {problem}") from problem
    return Correction(spelled, records or {})


def release(platform: Platform, source: str, chosen: Chosen, person: Person) -> int:
    """Bring the chosen condemned entries back, to be corrected and tried anew. How many."""
    platform.control.refuse_if_frozen()
    platform.control.source(source)
    commit = _commit(Event.RELEASED, source, person, chosen.model_dump_json())
    return entries.release(
        platform.lake, platform.layout.quarantine(source), chosen, person, commit, platform.resources
    )


def condemned(platform: Platform, source: str, chosen: Chosen) -> int:
    """How many entries `release` would bring back."""
    log = platform.layout.quarantine(platform.control.source(source).name)
    return len(entries.choose(platform.lake, log, chosen, State.CONDEMNED, platform.resources))


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
