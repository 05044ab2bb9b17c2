"""A source as people see it: what it is, how it stands, and whether it waits at a person's word."""

from __future__ import annotations

from datetime import datetime

from medallion.contracts.model import Frozen
from medallion.control.items import Pause, Run, Source
from medallion.control.schedules import CatchUp
from medallion.errors import SourceChanged
from medallion.people import Person
from medallion.steps.batch import start_waiting
from medallion.steps.platform import Platform
from medallion.steps.schedules import catch_up

COUNTED = 100
"""Waiting objects that are counted at most: there may be any number."""

_LOOKED_AT = 25


class State(Frozen):
    """How a source stands: `waiting` objects without a run, counted up to COUNTED, and why its breaker stopped it."""

    last_run: Run | None
    waiting: int
    stopped: str


def state_of(platform: Platform, source: str) -> State:
    """How the source stands now: three questions, whatever it ever sent."""
    control = platform.control
    breaker = control.breakers.of(source)
    return State(
        last_run=last_run_of(platform, source, of_source=True),
        waiting=len(control.batches.waiting(source, COUNTED)),
        stopped=breaker.said if breaker is not None and breaker.open else "",
    )


def last_run_of(platform: Platform, name: str, *, of_source: bool) -> Run | None:
    """The newest run of the source, or of the model, of that name. One name may be both: then a few are looked at."""
    for looked_at in (1, _LOOKED_AT):
        runs = platform.control.run_lists.page(looked_at, subject=name).runs
        if found := [run for run in runs if run.kind.of_source is of_source]:
            return found[0]
    return None


def pause(platform: Platform, name: str, person: Person) -> Source:
    """Have the source wait: its objects are claimed as they come, and no run is started for them.

    Runs that there are go on, and what a person asks for is done. SourceChanged if it waits already.
    """
    source = platform.control.source(name)
    if not platform.control.pause(source.name, Pause(by=person.by, reason=person.reason, at=person.at)):
        raise SourceChanged(f"source {name} of tenant {platform.layout.tenant} is paused already")
    return platform.control.source(name)


def resume(platform: Platform, name: str) -> Source:
    """Have the source go on with what arrives from now on. SourceChanged if it is not paused."""
    source = platform.control.source(name)
    if not platform.control.pause(source.name, None):
        raise SourceChanged(f"source {name} of tenant {platform.layout.tenant} is not paused: it goes on already")
    return platform.control.source(name)


def start_what_waits(platform: Platform, name: str, since: datetime) -> list[str]:
    """Start runs of what waited when the source went on, at the moment `since`. Their ids.

    One that runs by its schedule alone does so if the schedule was due meanwhile and catches up. Done twice, it is done
    once; a source that was paused again waits.
    """
    source, schedules = platform.control.source(name), platform.control.schedules
    if source.pause is not None:
        return []
    started = start_waiting(platform, source) if source.on_arrival else []
    schedule = schedules.of(name)
    if schedule is not None and (source.on_arrival or schedule.catch_up is CatchUp.NONE):
        schedules.settle(name, since)
    elif schedule is not None:
        started = catch_up(platform, schedule)
    return started
