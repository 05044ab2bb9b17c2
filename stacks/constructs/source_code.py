"""The one code asset that every function runs from."""

from __future__ import annotations

from aws_cdk import IgnoreMode
from aws_cdk import aws_lambda as lambda_

from stacks.settings import ROOT

_ONLY = ("medallion", "lambdas")


def source_code() -> lambda_.Code:
    """The domain and the handlers: an allow-list, so that no tenant's folder, test or tool changes the code's hash."""
    return lambda_.Code.from_asset(
        str(ROOT),
        exclude=["/*", *(f"!/{folder}" for folder in _ONLY), "__pycache__", "*.pyc", ".DS_Store"],
        ignore_mode=IgnoreMode.GIT,
    )
