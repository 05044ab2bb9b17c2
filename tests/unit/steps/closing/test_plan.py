"""What nobody knows stands in the way; what stacks, layout and control table know may go."""

from __future__ import annotations

import pytest

from medallion.layout import Environment, EnvironmentLayout, TenantLayout
from medallion.steps.closing.model import Found, Kind, Leftover, Plan, Survey
from medallion.steps.closing.plan import make_plan

LAYOUT = TenantLayout.of(EnvironmentLayout(Environment.PROD, "123456789012", "eu-west-1"), "acme")
ORDERS = LAYOUT.silver("orders")
STACKS = [LAYOUT.stack("foundation")]
OWNED = frozenset(
    {
        "mdl-prod-acme-silver-123456789012-eu-west-1",
        "https://sqs.eu-west-1.amazonaws.com/123456789012/medallion-prod-acme-alerts",
        "/medallion/prod/acme/refine",
        "medallion-prod-acme",
        "0a1b-key",
        "alias/medallion-prod-acme",
    }
)


def planned(*found: Found, tagged: tuple[str, ...] = (), unsettled: tuple[Leftover, ...] = ()) -> Plan:
    return make_plan(
        LAYOUT,
        Survey(found=found, tagged=tagged, owned=OWNED),
        sources=["orders"],
        models=["spend"],
        stacks=STACKS,
        unsettled=unsettled,
        retained=(),
    )


@pytest.mark.parametrize(
    "known",
    [
        Found(kind=Kind.STACK, name="medallion-prod-acme-foundation"),
        Found(kind=Kind.BUCKET, name="mdl-prod-acme-silver-123456789012-eu-west-1", items=3, bytes=9),
        Found(kind=Kind.TABLE, name=ORDERS.qualified, at=ORDERS.location),
        Found(kind=Kind.TABLE, name=LAYOUT.gold("spend").qualified, at=LAYOUT.gold("spend").location + "/"),
        Found(kind=Kind.SCHEDULE, name="medallion-prod-acme/orders-daily"),
        Found(kind=Kind.SCHEDULE, name="medallion-prod-acme/housekeeping"),
        Found(kind=Kind.LOG_GROUP, name="/medallion/prod/acme/emr"),
        Found(kind=Kind.QUERY, name="b2c3", at="medallion-prod-acme"),
        Found(kind=Kind.QUEUE, name="medallion-prod-acme-alerts", at="https://another.form/medallion-prod-acme-alerts"),
        Found(kind=Kind.ALIAS, name="alias/medallion-prod-acme", at="0a1b-key"),
    ],
    ids=lambda one: f"{one.kind}-{one.name}",
)
def test_it_may_go_when_stacks_or_the_layout_know_it(known: Found) -> None:
    plan = planned(known)
    assert plan.belongings == (known,)
    assert plan.leftovers == ()


@pytest.mark.parametrize(
    ("strange", "said"),
    [
        (Found(kind=Kind.STACK, name="medallion-prod-acme-extras"), "none of the three"),
        (Found(kind=Kind.BUCKET, name="mdl-prod-acme-scratch"), "no stack of the tenant knows"),
        (Found(kind=Kind.TABLE, name="prod_acme_silver.orders", at="s3://elsewhere/orders"), "stands elsewhere"),
        (Found(kind=Kind.TABLE, name="prod_acme_silver.old", at=f"{ORDERS.location}x"), "no source or model"),
        (Found(kind=Kind.TABLE, name="analysts.copy", at=ORDERS.location), "table of another database"),
        (Found(kind=Kind.SCHEDULE, name="medallion-prod-acme/mine"), "schedule that carries"),
        (Found(kind=Kind.LOG_GROUP, name="/aws/lambda/medallion-prod-acme-x"), "log group that carries"),
        (Found(kind=Kind.QUEUE, name="medallion-prod-acme-mine", at="https://x/medallion-prod-acme-mine"), "queue"),
        (Found(kind=Kind.PARAMETER, name="/medallion/prod/acme/x"), "parameter that carries"),
        (Found(kind=Kind.ALIAS, name="alias/medallion-prod-acme-old", at="another"), "key alias"),
    ],
    ids=lambda one: one.name if isinstance(one, Found) else "",
)
def test_it_stands_in_the_way_when_nobody_knows_it(strange: Found, said: str) -> None:
    plan = planned(strange)
    assert plan.belongings == ()
    [leftover] = plan.leftovers
    assert said in leftover.what
    assert strange.name in leftover.where
    assert leftover.remedy


def test_tagged_resource_stands_in_the_way_once_and_only_when_nobody_knows_it() -> None:
    known = (
        "arn:aws:sqs:eu-west-1:123456789012:medallion-prod-acme-alerts",
        "arn:aws:logs:eu-west-1:123456789012:log-group:/medallion/prod/acme/refine:*",
        "arn:aws:kms:eu-west-1:123456789012:key/0a1b-key",
        "arn:aws:s3:::mdl-prod-acme-silver-123456789012-eu-west-1",
    )
    bucket = Found(kind=Kind.BUCKET, name="mdl-prod-acme-scratch")
    plan = planned(bucket, tagged=(*known, "arn:aws:s3:::mdl-prod-acme-scratch", "arn:aws:sns:eu-west-1:1:mine"))
    assert [one.where for one in plan.leftovers] == ["mdl-prod-acme-scratch", "arn:aws:sns:eu-west-1:1:mine"]


def test_name_that_only_ends_like_a_known_one_is_strange() -> None:
    plan = planned(tagged=("arn:aws:sns:eu-west-1:123456789012:not-medallion-prod-acme",))
    assert len(plan.leftovers) == 1


def test_what_data_leaves_open_stands_in_the_way_too() -> None:
    run = Leftover(what="run that is held", where="r1", remedy="approve or reject it")
    assert planned(unsettled=(run,)).leftovers == (run,)
