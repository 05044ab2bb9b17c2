"""Close: a tenant's closing, stage by stage. Whatever ended it before, the same command goes on where it stood."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from medallion.control.closings import Closing, Stage, Tally
from medallion.errors import AwaitsApproval, NotClosable
from medallion.layout import Environment
from medallion.steps.closing.certificate import certify
from medallion.steps.closing.certificate_text import as_text
from medallion.steps.closing.destination import Destination, destination
from medallion.steps.closing.export import Writer, export, exported
from medallion.steps.closing.freeze import freeze
from medallion.steps.closing.manifest import Manifest, canonical, hash_of
from medallion.steps.closing.model import Kind, Leftover, Order, Plan, Survey
from medallion.steps.closing.plan import make_plan
from medallion.steps.closing.remains import foreseen
from medallion.steps.closing.remove import remove
from medallion.steps.closing.retain import Store, retain, retained
from medallion.steps.closing.stacks import PIPELINE, known_stacks, stacks_of
from medallion.steps.closing.state import items_of, partitions_of
from medallion.steps.closing.stop import stop
from medallion.steps.closing.survey import survey
from medallion.steps.closing.unsettled import unsettled
from medallion.steps.closing.verification import Verify
from medallion.steps.platform import Platform

Tell = Callable[[str], None]


def plan(platform: Platform, *, abandon_open: bool = False) -> Plan:
    """What a closing would do. Nothing is written."""
    control = platform.control
    return make_plan(
        platform.layout,
        survey(platform),
        sources=[one.name for one in control.sources()],
        models=[one.name for one in control.models()],
        stacks=known_stacks(platform),
        unsettled=unsettled(platform, abandon_open=abandon_open),
        retained=foreseen(platform),
    )


def close(platform: Platform, order: Order, verify: Verify, tell: Tell = lambda text: None) -> Closing:
    """Close the tenant, or go on with it. The closing, which holds the certificate.

    NotClosable says what stands in the way; AwaitsApproval that a second person must approve; ClosingUnsafe that a copy
    is not what it should be. Nothing that was not copied and read back is ever removed.
    """
    closing = _begin(platform, order, tell)
    while closing.stage is not Stage.CLOSED:
        if not closing.approved:
            raise AwaitsApproval(
                f"tenant {platform.layout.tenant}: its closing was asked for by {closing.asked_by}, and in "
                f"{platform.layout.environment} a second person must agree: "
                f"medallion tenant approve-close {platform.layout.tenant} --by NAME"
            )
        to, work = _WORK[closing.stage]
        tell(f"{to}: begun")
        changes = work(platform, closing, verify, tell)
        closing = platform.control.closings.advance(closing, to, platform.clock(), changes)
    return closing


def approve(platform: Platform, by: str) -> Closing:
    """Agree to a closing, as another caller than the one that asked. NotClosable where that cannot be."""
    closings, tenant = platform.control.closings, platform.layout.tenant
    asked, caller = closings.current(), _caller(platform)
    if asked is None:
        raise NotClosable(f"tenant {tenant}: nobody asked that it be closed")
    if not asked.needs_approval:
        raise NotClosable(f"tenant {tenant}: in {platform.layout.environment} nobody needs to approve a closing")
    if asked.asked_as == caller:
        raise NotClosable(f"tenant {tenant}: {caller} asked for this closing; another identity must approve it")
    if not closings.approve(by, caller, platform.clock()):
        raise NotClosable(f"tenant {tenant}: its closing is {asked.stage}, and approved already or withdrawn")
    return closings.current() or asked


def _begin(platform: Platform, order: Order, tell: Tell) -> Closing:
    """The closing that stands, or a new one, if nothing stands in its way."""
    closings, tenant = platform.control.closings, platform.layout.tenant
    standing = closings.current()
    if standing is None:
        if not order.export:
            raise NotClosable(f"tenant {tenant}: say where its export goes, with --export FOLDER or s3://bucket/prefix")
        destination(platform, order.export)
        tell("looking the tenant over")
        _refuse_leftovers(platform, abandon_open=order.abandon_open)
        standing = closings.ask(
            Closing(
                asked_by=order.by,
                asked_as=_caller(platform),
                asked_at=platform.clock(),
                reason=order.reason,
                export=order.export,
                abandon_open=order.abandon_open,
                needs_approval=platform.layout.environment is Environment.PROD,
            )
        )
    if order.export not in ("", standing.export):
        raise NotClosable(
            f"tenant {tenant}: its closing exports to {standing.export}; go on with that, or reopen the tenant first"
        )
    return standing


def _refuse_leftovers(platform: Platform, *, abandon_open: bool) -> None:
    _refuse(platform, plan(platform, abandon_open=abandon_open).leftovers)


def _refuse(platform: Platform, left: Sequence[Leftover]) -> None:
    if left:
        said = "; ".join(f"{one.what}: {one.where} ({one.remedy})" for one in left)
        raise NotClosable(f"tenant {platform.layout.tenant} cannot be closed yet: {said}")


def _freeze(platform: Platform, closing: Closing, verify: Verify, tell: Tell) -> dict[str, Any]:
    freeze(platform, closing)
    tell("looking the frozen tenant over")
    _refuse_leftovers(platform, abandon_open=closing.abandon_open)
    return {}


def _export(platform: Platform, closing: Closing, verify: Verify, tell: Tell) -> dict[str, Any]:
    # A reopening that broke off may have thawed it.
    freeze(platform, closing)
    tell("verifying the ledger")
    return {"export_hash": export(platform, destination(platform, closing.export), verify(), tell)}


def _retain(platform: Platform, closing: Closing, verify: Verify, tell: Tell) -> dict[str, Any]:
    found, listed = survey(platform), exported(destination(platform, closing.export), closing.export_hash)
    kept = retain(platform, Store(platform, closing), listed, tell)
    if closing.belongings:
        # It was exported anew after its pipeline had gone: what it had was noted before.
        return {"retained_hash": kept}
    key = next(one.at for one in found.of(Kind.ALIAS) if one.name == platform.layout.key_alias)
    had = [tally.model_dump(mode="json") for tally in _tallies(platform, found, listed)]
    return {"retained_hash": kept, "belongings": had, "key": key}


def _stop(platform: Platform, closing: Closing, verify: Verify, tell: Tell) -> dict[str, Any]:
    freeze(platform, closing)
    if platform.layout.stack(PIPELINE) in stacks_of(platform):
        _refuse(platform, unsettled(platform, abandon_open=closing.abandon_open))
    tell("removing what runs")
    stop(platform, closing, exported(destination(platform, closing.export), closing.export_hash))
    return {}


def _remove(platform: Platform, closing: Closing, verify: Verify, tell: Tell) -> dict[str, Any]:
    tell("reading back what was retained")
    retained(Store(platform, closing), closing.retained_hash)
    listed = exported(destination(platform, closing.export), closing.export_hash)
    remove(platform, closing, listed, tell)
    return {}


def _certify(platform: Platform, closing: Closing, verify: Verify, tell: Tell) -> dict[str, Any]:
    store, to = Store(platform, closing), destination(platform, closing.export)
    listing = retained(store, closing.retained_hash)
    still = survey(platform).found
    certificate = certify(platform, closing, exported(to, closing.export_hash), listing, store, still)
    content = canonical(certificate)
    text = as_text(certificate, hash_of(content)).encode()
    for place in (to, store):
        _put(place, "certificate.json", content)
        _put(place, "certificate.md", text)
    return {"certificate": content.decode(), "certificate_hash": hash_of(content)}


def _put(place: Destination, path: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory(prefix="medallion-") as folder:
        writer = Writer(place, Path(folder))
        writer.add(path, content)
        writer.check()


Work = Callable[[Platform, Closing, Verify, Tell], dict[str, Any]]
_WORK: dict[Stage, tuple[Stage, Work]] = {
    Stage.ASKED: (Stage.FROZEN, _freeze),
    Stage.FROZEN: (Stage.EXPORTED, _export),
    Stage.EXPORTED: (Stage.RETAINED, _retain),
    Stage.RETAINED: (Stage.STOPPED, _stop),
    Stage.STOPPED: (Stage.REMOVED, _remove),
    Stage.REMOVED: (Stage.CLOSED, _certify),
}
"""By the stage that was done last: the next, and what it takes."""


def _tallies(platform: Platform, found: Survey, listed: Manifest) -> list[Tally]:
    """What the tenant has, by kind; of tables the rows that were exported."""
    counts, items, sizes = Counter[Kind](), Counter[Kind](), Counter[Kind]()
    for one in found.found:
        counts[one.kind] += 1
        items[one.kind] += one.items
        sizes[one.kind] += one.bytes
    items[Kind.TABLE] = sum(one.items for one in listed.files if one.path.startswith("tables/"))
    had = [Tally(kind=kind, count=counts[kind], items=items[kind], bytes=sizes[kind]) for kind in counts]
    control = sum(len(items_of(platform, partition)) for partition in partitions_of(platform))
    return [*sorted(had, key=lambda one: one.kind), Tally(kind=Kind.ITEMS, count=control)]


def _caller(platform: Platform) -> str:
    """Who AWS says is asking."""
    arn: str = platform.session.client("sts").get_caller_identity()["Arn"]
    return arn
