"""Gold: what was published asks for the builds that read it; a build writes its model's result to a branch."""

from __future__ import annotations

from functools import partial

from medallion.contracts.model import Lane
from medallion.control.items import GoldModel, Run, RunKind, RunStatus
from medallion.engines.duckdb.build import execute, hand_over, prepare
from medallion.engines.model import Attempt
from medallion.errors import InvalidModel
from medallion.layout import Machine, Zone
from medallion.plan.gold import parse_model
from medallion.steps.lanes import Handover
from medallion.steps.lease import confirm
from medallion.steps.models import model_of
from medallion.steps.platform import Platform
from medallion.steps.ticket import Ticket
from medallion.steps.trigger import run_id_of, start_execution

BUILT, JOB = "built.json", "job.json"


def coalesce(platform: Platform, zone: Zone, published: str) -> list[str]:
    """Ask for a build of every model that reads `published`, a source's Silver or a model's Gold. The builds' ids.

    However often it is asked, one build at most waits for each model: it reads whatever is published when it begins.
    """
    platform.control.refuse_if_frozen()
    changed = f"{zone}.{published}"
    return [_ask(platform, model) for model in platform.control.models() if changed in model.inputs]


def ask_for_build(platform: Platform, name: str) -> str:
    """Have the model built from what is published now, by the build that waits already if one does. The build's id."""
    return _ask(platform, model_of(platform, name))


def build(platform: Platform, ticket: Ticket) -> Handover:
    """Write the model's result to the run's branch, from its inputs as they are published now; in a large lane, write
    the order for the lane's job.

    A model that is not known to mean the same on Spark is built here, and its run says so.
    """
    confirm(platform, ticket)
    item = platform.control.model(ticket.subject)
    if item is None:
        raise InvalidModel(
            f"model {ticket.subject} of tenant {platform.layout.tenant} is not registered; deploy the tenant again"
        )
    platform.control.begin_build(ticket.subject, ticket.run_id)
    model = parse_model(item.name, item.text, f"{item.name}.sql")
    prepared = prepare(
        platform.lake,
        model,
        {one.relation: platform.layout.table(one.zone, one.name) for one in model.inputs},
        platform.layout.gold(model.name),
        Attempt(ticket.commit, ticket.branch, platform.clock()),
        platform.resources,
    )
    lane = platform.lanes.choose(ticket.subject, Lane(ticket.lane), prepared.bytes, prepared.types)
    kept_here = ""
    if lane is not Lane.LAMBDA and not prepared.unchanged:
        result, order = (platform.document_address(ticket.run_id, ticket.attempt, name) for name in (BUILT, JOB))
        try:
            platform.write_document(ticket.run_id, ticket.attempt, JOB, hand_over(prepared, result))
            platform.control.note(ticket.run_id, lane=lane)
            return Handover(lane=lane, job=order)
        except InvalidModel as problem:
            kept_here = str(problem)
    platform.control.note(ticket.run_id, lane=Lane.LAMBDA)
    lake = platform.lake.confirming(partial(confirm, platform, ticket))
    built = execute(lake, prepared, platform.resources, kept_here)
    platform.write_document(ticket.run_id, ticket.attempt, BUILT, built)
    return Handover()


def _ask(platform: Platform, model: GoldModel) -> str:
    now = platform.clock()
    run_id = platform.control.ask_for_build(model.name, run_id_of(now, [model.name, now.isoformat()]))
    platform.control.create_run(
        Run(run_id=run_id, kind=RunKind.MODEL, subject=model.name, lane=Lane.AUTO, created_at=now)
    )
    start_execution(platform, Machine.MODEL, platform.control.run(run_id))
    if platform.control.run(run_id).status is RunStatus.FAILED:
        # The build that was asked for broke off before it read its inputs: it gives way to another.
        platform.control.begin_build(model.name, run_id)
        return _ask(platform, model)
    return run_id
