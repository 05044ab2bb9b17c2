"""The same verdicts by Databricks' DQX, written as its guide writes them: https://databrickslabs.github.io/dqx."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from unittest.mock import create_autospec

from databricks.labs.dqx import check_funcs as check
from databricks.labs.dqx.engine import DQEngineCore
from databricks.labs.dqx.rule import DQRowRule
from databricks.sdk import WorkspaceClient
from pyspark.sql import functions as F

from benchmarks.arms import Arm, Work
from benchmarks.arms.verdicts import AMOUNT_TYPE, CURRENCIES, MOST, TIME_TYPE, halves_agree, texts, typed
from benchmarks.transactions import HEADERS

_IDENTITY, _CUSTOMER, _AMOUNT, _CURRENCY, _TIME = HEADERS


def _rule(name: str, function: Any, column: object, **arguments: object) -> Any:
    return DQRowRule(name=name, criticality="error", check_func=function, column=column, check_func_kwargs=arguments)


def _dqx(work: Work) -> None:
    amount, time = F.col(_AMOUNT).cast(AMOUNT_TYPE), F.col(_TIME).cast(TIME_TYPE)
    rules = [
        _rule("transaction_id.required", check.is_not_null, _IDENTITY),
        _rule("transaction_id.pattern", check.regex_match, _IDENTITY, regex="^T[0-9]{10}$"),
        _rule("customer_id.required", check.is_not_null, _CUSTOMER),
        _rule("customer_id.pattern", check.regex_match, _CUSTOMER, regex="^C[0-9]{6}$"),
        _rule("amount.required", check.is_not_null, _AMOUNT),
        DQRowRule(
            name="amount.type",
            criticality="error",
            check_func=check.sql_expression,
            check_func_kwargs={"expression": f"{_AMOUNT} IS NULL OR CAST({_AMOUNT} AS {AMOUNT_TYPE}) IS NOT NULL"},
        ),
        _rule("amount.range", check.is_in_range, amount, min_limit=-MOST, max_limit=MOST),
        _rule("amount.something_moves", check.is_not_equal_to, amount, value=0),
        _rule("currency.required", check.is_not_null, _CURRENCY),
        _rule("currency.valid_values", check.is_in_list, _CURRENCY, allowed=[F.lit(one) for one in CURRENCIES]),
        _rule("transaction_time.required", check.is_not_null, _TIME),
        _rule("transaction_time.type", check.is_valid_timestamp, _TIME),
        _rule(
            "transaction_time.range",
            check.is_in_range,
            time,
            min_limit=datetime(2000, 1, 1, tzinfo=UTC),
            max_limit=datetime(2099, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        ),
    ]
    # It asks a workspace who it is: there is none here.
    engine = DQEngineCore(workspace_client=create_autospec(WorkspaceClient), spark=work.spark)
    valid, bad = engine.apply_checks_and_split(texts(work), rules)
    typed(valid).write.parquet(str(work.out / "valid"))
    bad.write.parquet(str(work.out / "bad"))


ARMS = (Arm("dqx", "databricks-labs-dqx", _dqx, halves_agree("list_transform(_errors, one -> one.name)")),)
