"""The plan of a closing, from what AWS and the control table said: what is the tenant's, and what nobody knows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from medallion.layout import TenantLayout
from medallion.steps.closing.model import Found, Kept, Kind, Leftover, Plan, Survey

_REMEDY = "find out whose it is, and move or remove it"


def make_plan(
    layout: TenantLayout,
    survey: Survey,
    *,
    sources: Collection[str],
    models: Collection[str],
    stacks: Collection[str],
    unsettled: Sequence[Leftover],
    retained: Sequence[Kept],
) -> Plan:
    """What to remove and what to keep. `unsettled` is what the tenant's own data leaves open.

    What carries the tenant's name or tag, and neither one of its `stacks` nor the layout knows, is left over: nobody
    can say that it may go.
    """
    strange = [one for one in survey.found if not _known(layout, survey, one, sources, models, stacks)]
    named = [_leftover(one, layout) for one in strange]
    told = {part for one in survey.found for part in (one.name, one.at) if part}
    tagged = [
        Leftover(what="resource with the tenant's tag that no stack of the tenant knows", where=arn, remedy=_REMEDY)
        for arn in survey.tagged
        if not _ends_in(arn, survey.owned) and not _ends_in(arn, told)
    ]
    return Plan(
        tenant=layout.tenant,
        environment=layout.environment,
        belongings=tuple(one for one in survey.found if one not in strange),
        retained=tuple(retained),
        leftovers=(*named, *tagged, *unsettled),
    )


def _known(
    layout: TenantLayout,
    survey: Survey,
    found: Found,
    sources: Collection[str],
    models: Collection[str],
    stacks: Collection[str],
) -> bool:
    match found.kind:
        case Kind.STACK:
            return found.name in stacks
        case Kind.TABLE:
            tables = {table.qualified: table.location for table in layout.tables(sources, models)}
            return found.name in tables and found.at.rstrip("/") == tables[found.name]
        case Kind.SCHEDULE:
            names = {layout.housekeeping_schedule, layout.sweeping}
            names |= {name for one in sources for name in (layout.schedule(one), layout.window(one))}
            return found.name in {f"{layout.schedule_group}/{name}" for name in names}
        case Kind.LOG_GROUP:
            # Glue and EMR make theirs at a job's first run, where the layout tells them to.
            own, _, glue, _ = layout.log_prefixes
            return found.name in survey.owned or found.name.startswith((own, glue))
        case Kind.QUERY:
            # What a person saved in the workgroup is the tenant's, and is exported.
            return found.at == layout.workgroup
        case _:
            return _ends_in(found.name, survey.owned) or (found.at != "" and _ends_in(found.at, survey.owned))


def _ends_in(name: str, ids: Iterable[str]) -> bool:
    """Whether a name, address or ARN is one of the ids, or ends with one as a part of its own."""
    known = {part for one in ids for part in (one, one.rpartition("/")[2] if "://" in one else one)}
    spelt = name.removesuffix(":*")
    ends = (spelt[place + 1 :] for place, letter in enumerate(spelt) if letter in ":/")
    return spelt in known or not known.isdisjoint(ends)


def _leftover(found: Found, layout: TenantLayout) -> Leftover:
    match found.kind:
        case Kind.STACK:
            what = "stack that carries the tenant's name and is none of the three"
        case Kind.TABLE if not found.name.startswith(layout.database_prefix):
            what = "table of another database that stands in the tenant's bucket"
        case Kind.TABLE:
            what = "table of no source or model, or one that stands elsewhere"
        case _:
            what = f"{found.kind} that carries the tenant's name and that no stack of the tenant knows"
    where = f"{found.name} at {found.at}" if found.at else found.name
    return Leftover(what=what, where=where, remedy=_REMEDY)
