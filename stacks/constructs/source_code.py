"""The one code asset that every function runs from, and that every Spark job imports."""

from __future__ import annotations

from aws_cdk import IgnoreMode
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from stacks.settings import ROOT

_ONLY = ("medallion", "lambdas", "verifier")
_EXCLUDED = ["/*", *(f"!/{folder}" for folder in _ONLY), "__pycache__", "*.pyc", ".DS_Store"]


def source_code() -> lambda_.Code:
    """The domain, the handlers and the verifier: an allow-list, so that no tenant's folder, test or tool changes the
    code's hash.
    """
    return lambda_.Code.from_asset(str(ROOT), exclude=_EXCLUDED, ignore_mode=IgnoreMode.GIT)


def source_asset(scope: Construct, construct_id: str) -> s3_assets.Asset:
    """The same zip, for those who need its address in S3."""
    return s3_assets.Asset(scope, construct_id, path=str(ROOT), exclude=_EXCLUDED, ignore_mode=IgnoreMode.GIT)
