"""A file → the draft of a contract: sniffed, measured, written, read back, compiled, and judged over the same file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medallion.contracts import parse_contract
from medallion.contracts.draft import Choices, chosen_key, draft_contract
from medallion.contracts.model import Contract, Frozen, Load
from medallion.contracts.naming import column_names
from medallion.contracts.profile import Profile
from medallion.contracts.ruleset import ruleset_hash
from medallion.engines.duckdb.profile import Sample, open_sample
from medallion.engines.resources import Resources
from medallion.errors import NotAKey, UnreadableObject, UnreadableSample
from medallion.plan.compiler import compile_plan
from medallion.records import open_records
from medallion.records.sniffing import sniff


class Draft(Frozen):
    """A drafted contract as text and as it is understood, what it was drafted from, and the records that it takes."""

    text: str
    contract: Contract
    profile: Profile
    valid: int


def draft(
    sample: Path,
    tenant: str,
    source: str,
    resources: Resources,
    *,
    key: Sequence[str] = (),
    load: Load = Load.APPEND,
    order_by: str | None = None,
    header_is_sure: bool = False,
) -> Draft:
    """Draft a contract for `source` from the file. `key` and `order_by` are columns, by their header or their name.

    UnreadableSample where the file is nothing that records can be read from, NotAKey where a column is not what it is
    asked to be.
    """
    try:
        sniffed = sniff(lambda: sample.open("rb"), header_is_sure=header_is_sure)
        with (
            sample.open("rb") as stream,
            open_records(stream, sniffed.dialect) as records,
            open_sample(sample.name, records, sniffed, resources) as measured,
        ):
            return _drafted(measured, Choices(tenant=tenant, source=source, load=load), tuple(key), order_by)
    except (UnreadableObject, UnreadableSample) as problem:
        raise UnreadableSample(f"{sample}: {problem}") from problem


def _drafted(sample: Sample, chosen: Choices, key: tuple[str, ...], order_by: str | None) -> Draft:
    profile = sample.profile()
    names = column_names([column.header for column in profile.columns])
    known = {column.header: name for name, column in zip(names, profile.columns, strict=True)}
    known |= {name: name for name in names}
    key = tuple(_known(known, one) for one in key) or chosen_key(profile, names)
    order = _order(profile, names, chosen.load, order_by and _known(known, order_by))
    _check_key(sample, profile, names, key, order, chosen.load)
    text = draft_contract(profile, chosen.model_copy(update={"key": key, "order_by": order}))
    contract = parse_contract(text, "the draft")
    failing = sample.failing(compile_plan(contract, ruleset_hash(contract)))
    if failing:
        told = ", ".join(f"{name} ({count:,})" for name, count in failing.items())
        raise UnreadableSample(
            f"the draft would refuse records that it is made of, by {told}: that is a fault of ours. "
            "Please report it, and write the contract by hand (docs/contracts.md)"
        )
    return Draft(text=text, contract=contract, profile=profile, valid=profile.records)


def _known(names: dict[str, str], said: str) -> str:
    if said not in names:
        raise NotAKey(f"{said!r} is no column of the sample; it has {', '.join(names)}")
    return names[said]


def _order(profile: Profile, names: Sequence[str], load: Load, said: str | None) -> str | None:
    """The column that tells which version of a key is the later: the one that is named, or the only time there is."""
    if load is not Load.UPSERT:
        if said is not None:
            raise NotAKey("an order of versions is of load upsert alone; remove --order-by, or say --load upsert")
        return None
    times = [
        name
        for name, column in zip(names, profile.columns, strict=True)
        if column.type.kind in ("date", "timestamp") and not column.nulls
    ]
    if said is None and len(times) != 1:
        raise NotAKey(
            "load upsert needs a column that says which version of a key is the later. The sample has "
            f"{'several times' if times else 'no time'} that every record has ({', '.join(times) or 'none'}); "
            "name one with --order-by"
        )
    return said or times[0]


def _check_key(
    sample: Sample, profile: Profile, names: Sequence[str], key: tuple[str, ...], order: str | None, load: Load
) -> None:
    """That the key tells the sample's records apart; of load upsert, that key and order do."""
    if not key:
        if load is not Load.APPEND:
            raise NotAKey(f"load {load} needs a key to know a record by; name its columns with --key")
        return
    at = {name: position for position, name in enumerate(names)}
    told = tuple(dict.fromkeys((*key, *((order,) if order else ()))))
    for name in told:
        if nulls := profile.columns[at[name]].nulls:
            raise NotAKey(f"{name} is null in {nulls:,} of {profile.records:,} records; a key always has a value")
    distinct = sample.distinct(profile, [at[name] for name in told])
    if distinct < profile.records:
        raise NotAKey(
            f"{', '.join(told)} has {distinct:,} different values in {profile.records:,} records, so it does not tell "
            "them apart. Name more columns with --key, one each; --load upsert is for sources that send versions"
        )
