"""The same verdicts by SparkDQ, written as its guide writes them: https://sparkdq-community.github.io/sparkdq.

Where it has no check of a rule, its own door for one's own checks is taken.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from sparkdq.checks import (
    IsContainedInCheckConfig,
    NullCheckConfig,
    NumericBetweenCheckConfig,
    RegexMatchCheckConfig,
    TimestampBetweenCheckConfig,
)
from sparkdq.core.base_check import BaseRowCheck
from sparkdq.core.base_config import BaseRowCheckConfig
from sparkdq.engine import BatchDQEngine
from sparkdq.management import CheckSet

from benchmarks.arms import Arm, Work
from benchmarks.arms.verdicts import AMOUNT_TYPE, CURRENCIES, MOST, NAMES, TIME_TYPE, conditions, halves_agree, texts
from benchmarks.transactions import HEADERS

_IDENTITY, _CUSTOMER, _AMOUNT, _CURRENCY, _TIME = HEADERS


class Condition(BaseRowCheck):  # type: ignore[misc]  # its types are not followed
    """A check of one's own: the record fails where the condition holds."""

    def validate(self, df: DataFrame) -> DataFrame:
        return self.with_check_result_column(df, conditions()[_ruled(self.check_id)])


class ConditionConfig(BaseRowCheckConfig):  # type: ignore[misc]  # as above
    check_class = Condition


def _sparkdq(work: Work) -> None:
    checks = CheckSet()
    for config in (
        NullCheckConfig(check_id="transaction_id__required", columns=[_IDENTITY]),
        RegexMatchCheckConfig(check_id="transaction_id__pattern", column=_IDENTITY, pattern="^T[0-9]{10}$"),
        NullCheckConfig(check_id="customer_id__required", columns=[_CUSTOMER]),
        RegexMatchCheckConfig(check_id="customer_id__pattern", column=_CUSTOMER, pattern="^C[0-9]{6}$"),
        NullCheckConfig(check_id="amount__required", columns=[_AMOUNT]),
        ConditionConfig(check_id="amount__type"),
        NumericBetweenCheckConfig(
            check_id="amount__range", columns=["amount"], min_value=-MOST, max_value=MOST, inclusive=(True, True)
        ),
        ConditionConfig(check_id="amount__something_moves"),
        NullCheckConfig(check_id="currency__required", columns=[_CURRENCY]),
        IsContainedInCheckConfig(check_id="currency__valid_values", allowed_values={_CURRENCY: list(CURRENCIES)}),
        NullCheckConfig(check_id="transaction_time__required", columns=[_TIME]),
        ConditionConfig(check_id="transaction_time__type"),
        TimestampBetweenCheckConfig(
            check_id="transaction_time__range",
            columns=["transaction_time"],
            min_value="2000-01-01",
            max_value="2100-01-01",
            inclusive=(True, False),
        ),
    ):
        checks.add_check(config)
    # Its checks of ranges look at typed columns, so that these come first.
    amount, time = F.col(_AMOUNT).cast(AMOUNT_TYPE), F.col(_TIME).cast(TIME_TYPE)
    records = texts(work).select("*", amount.alias("amount"), time.alias("transaction_time"))
    found = BatchDQEngine(checks).run_batch(records)
    valid = found.pass_df().select(_IDENTITY, _CUSTOMER, "amount", _CURRENCY, "transaction_time")
    valid.toDF(*NAMES).write.parquet(str(work.out / "valid"))
    found.fail_df().write.parquet(str(work.out / "bad"))


def _ruled(check_id: str) -> str:
    """The rule's name: the library makes a column of it, and there a point means a field."""
    return check_id.replace("__", ".")


ARMS = (
    Arm(
        "sparkdq",
        "sparkdq",
        _sparkdq,
        halves_agree("list_transform(_dq_errors, one -> replace(one.\"check-id\", '__', '.'))"),
    ),
)
