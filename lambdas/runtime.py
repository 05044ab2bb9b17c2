"""What every handler shares:
logger, tracer and metrics by AWS Lambda Powertools, and the tenant's platform, made once.
"""

from __future__ import annotations

import os
from functools import cache

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

from medallion.control.items import Run
from medallion.steps.platform import Platform
from medallion.steps.ticket import Ticket

_ENVIRONMENT, _TENANT = os.environ["MEDALLION_ENVIRONMENT"], os.environ["MEDALLION_TENANT"]

logger = Logger(log_uncaught_exceptions=True, environment=_ENVIRONMENT, tenant=_TENANT)
# By itself it patches whatever it finds installed, and imports it for that.
tracer = Tracer(patch_modules=["botocore"])
metrics = Metrics()
metrics.set_default_dimensions(environment=_ENVIRONMENT, tenant=_TENANT)


@cache
def platform() -> Platform:
    """The platform of the tenant that this function serves."""
    return Platform.of(os.environ)


def ticket_of(event: dict[str, object]) -> Ticket:
    """The run that a state machine hands in; from here on every log line and trace names it."""
    ticket = Ticket.model_validate(event["run"])
    about = {
        "source" if ticket.kind.of_source else "model": ticket.subject,
        "run_id": ticket.run_id,
        "attempt": str(ticket.attempt),
    }
    logger.append_keys(**about)
    for name, value in about.items():
        tracer.put_annotation(name, value)
    return ticket


def count_run(run: Run) -> None:
    """A run's end as metrics: how many records of each outcome, by source or model."""
    metrics.add_dimension(name="source" if run.kind.of_source else "model", value=run.subject)
    metrics.add_metric(name=f"Run{run.status.capitalize()}", unit=MetricUnit.Count, value=1)
    if run.kind.of_source:
        for outcome in ("rows_in", "inserted", "updated", "duplicates", "quarantined", "condemned"):
            name = "".join(part.capitalize() for part in f"records_{outcome}".split("_"))
            metrics.add_metric(name=name, unit=MetricUnit.Count, value=run.total(outcome))
