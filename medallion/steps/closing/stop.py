"""Stop: what runs goes first. From then on nothing moves, and what is there is compared with what was exported."""

from __future__ import annotations

import time

from medallion.control.closings import Closing, Stage
from medallion.errors import NotClosable
from medallion.steps.closing.manifest import Manifest
from medallion.steps.closing.stacks import ANALYTICS, PIPELINE, delete
from medallion.steps.closing.state import state_of
from medallion.steps.closing.survey import applications, workgroups
from medallion.steps.platform import Platform

_PAUSE, _PATIENCE = 2.0, 300.0
"""Seconds between two looks at an EMR application that stops, and for all of them."""


def stop(platform: Platform, closing: Closing, export: Manifest) -> None:
    """Remove functions, jobs, machines, routes, schedules and the workgroup, and see that nothing moved meanwhile.

    NotClosable, and the closing goes back to where it exports, where something did.
    """
    session = platform.session
    for one in list(workgroups(platform)):
        # A stack cannot remove one that holds queries; those were exported.
        session.client("athena").delete_work_group(WorkGroup=one.name, RecursiveDeleteOption=True)
    for one in list(applications(platform)):
        _stop_application(platform, one.name)
    delete(platform, [platform.layout.stack(one) for one in (PIPELINE, ANALYTICS)])
    if moved := differences(export.state, state_of(platform)):
        platform.control.closings.note(closing.stage, {"stage": Stage.FROZEN})
        raise NotClosable(
            f"tenant {platform.layout.tenant}: {', '.join(moved[:10])} moved since the export. Nothing was removed but "
            "the pipeline, so nothing moves any more: say the same again, and it is exported anew"
        )


def differences(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """What is not as it was, by name."""
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def _stop_application(platform: Platform, application: str) -> None:
    """A stack cannot remove an application that is up."""
    emr = platform.session.client("emr-serverless")
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        state = emr.get_application(applicationId=application)["application"]["state"]
        if state in ("CREATED", "STOPPED", "TERMINATED"):
            return
        if state == "STARTED":
            emr.stop_application(applicationId=application)
        time.sleep(_PAUSE)
    raise NotClosable(f"EMR application {application} does not stop: see to it, then say the same again")
