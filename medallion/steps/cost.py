"""What a month of a tenant costs, by what was counted and list prices: an estimate, each line with what it assumes."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from medallion.contracts.model import Frozen
from medallion.control.usage import LONGEST, Usage, Used
from medallion.errors import InvalidPeriod
from medallion.layout import Environment
from medallion.prices import DOCUMENTS, INVOCATIONS, ITEMS, KEY_USES, REQUEST_GB, REQUEST_SECONDS, TRANSITIONS, Prices
from medallion.steps.platform import Platform
from medallion.steps.queries import count_what_ended

_TB = 2**40
_MB = 2**20
_ASSUMED = {
    "AWS Step Functions": f"{TRANSITIONS} steps a run",
    "AWS Lambda": f"{INVOCATIONS} calls of functions a run",
    "Amazon DynamoDB": f"{ITEMS} control items a run, read and written",
    "Amazon S3": f"{DOCUMENTS} objects a run, put and got",
    "AWS KMS": f"{KEY_USES} uses of the tenant's key a run",
}
NOT_INCLUDED = (
    "what is stored, in S3 and in the control table: it has to be measured there",
    "what jobs on Glue and EMR Serverless took beyond the least that a job costs: their own bills say it",
    "queries that were asked of Athena past this API, logs, traces, data that leaves the region",
    "what tenants share: the control table's and the API's standing parts, the shared key, the firewall",
)


class Line(Frozen):
    """A part of the estimate, in US dollars, and what it assumes."""

    service: str
    what: str
    dollars: float
    assumed: str


class Cost(Frozen):
    """The estimate of a month. `until` is the day up to which it goes; of a month that goes on, what stands is counted
    up to there.
    """

    month: str
    until: date
    lines: tuple[Line, ...]
    total: float
    not_included: tuple[str, ...] = NOT_INCLUDED


def usage_between(platform: Platform, first: date, last: date) -> list[Usage]:
    """What was used from the first day to the last. InvalidPeriod where that is no time, or too long a one."""
    if not 0 <= (last - first).days < LONGEST:
        raise InvalidPeriod(f"from {first} to {last}: ask about 1 to {LONGEST} days, the first one first")
    count_what_ended(platform)
    return platform.control.usage.between(first, last)


def cost_of(platform: Platform, month: date) -> Cost:
    """The estimate of the month of that day. InvalidPeriod for one that has not begun."""
    today = platform.clock().date()
    days = monthrange(month.year, month.month)[1]
    first = month.replace(day=1)
    last = min(today, month.replace(day=days))
    if first > today:
        raise InvalidPeriod(f"{first:%Y-%m} has not begun; ask about a month that has")
    lines = [*_used(usage_between(platform, first, last)), *_idle(platform, last.day / days)]
    lines = [one.model_copy(update={"dollars": round(one.dollars, 6)}) for one in lines]
    total = round(sum(one.dollars for one in lines), 6)
    return Cost(month=f"{first:%Y-%m}", until=last, lines=tuple(lines), total=total)


def _used(usage: Sequence[Usage]) -> Iterator[Line]:
    price = Prices.read()
    runs = Counter[str]()
    for one in usage:
        lane, _, outcome = one.of.partition(".")
        if one.used is Used.RUN and outcome != "refused":
            runs[lane] += one.count
    began, requests = runs.total(), sum(one.count for one in usage if one.used is Used.REQUEST)
    took = sum(one.mb_seconds for one in usage if one.used is Used.RUN)
    yield Line(
        service="AWS Lambda",
        what=f"functions that run an engine: {took:,} MB seconds",
        dollars=price.functions(took),
        assumed="measured by the functions themselves",
    )
    for service, each in price.of_run.items():
        yield Line(service=service, what=f"{began:,} runs", dollars=began * each, assumed=_ASSUMED[service])
    jobs = (("AWS Glue", "glue", price.least_glue_job), ("Amazon EMR Serverless", "emr", price.least_emr_job))
    for service, lane, least in jobs:
        yield Line(
            service=service,
            what=f"{runs[lane]:,} runs in its lane",
            dollars=runs[lane] * least,
            assumed="the least that a job costs",
        )
    yield _asked(price, usage)
    for service, each in price.of_request.items():
        yield Line(
            service=service,
            what=f"{requests:,} requests to the API",
            dollars=requests * each,
            assumed=f"{REQUEST_SECONDS} s of a function of {REQUEST_GB:.1f} GB, a few control items",
        )


def _asked(price: Prices, usage: Sequence[Usage]) -> Line:
    """Queries. Athena asks nothing for those that fail."""
    paid = [one for one in usage if one.used is Used.QUERY and one.of != "failed"]
    count, scanned = sum(one.count for one in paid), sum(one.bytes for one in paid)
    least = count * price["athena_least_mb"] * _MB
    return Line(
        service="Amazon Athena",
        what=f"{count:,} queries that scanned {scanned:,} bytes",
        dollars=max(scanned, least) / _TB * price["athena_tb"],
        assumed=f"{price['athena_least_mb']:g} MB a query at least, taken together",
    )


def _idle(platform: Platform, share: float) -> Iterator[Line]:
    """What stands without a record, for that share of the month."""
    sources = len(platform.control.sources())
    alarms = platform.layout.environment is not Environment.DEV
    for what, dollars in Prices.read().idle(sources, alarms=alarms).items():
        yield Line(service="idle", what=what, dollars=dollars * share, assumed=f"{share:.0%} of a month")
