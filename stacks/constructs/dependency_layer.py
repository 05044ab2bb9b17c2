"""The Lambda layer that all functions of all tenants share."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import cast

import jsii
from aws_cdk import (
    AssetHashType,
    BundlingOptions,
    CfnDeletionPolicy,
    CfnResource,
    DockerImage,
    IgnoreMode,
    ILocalBundling,
)
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from medallion.layout import EnvironmentLayout
from stacks.layer import built_layer, fingerprint
from stacks.settings import ROOT, EnvironmentSettings


class DependencyLayer(Construct):
    """The environment's layer, its asset keyed by what it is built from, and the parameter that names its newest."""

    def __init__(
        self, scope: Construct, construct_id: str, *, layout: EnvironmentLayout, settings: EnvironmentSettings
    ) -> None:
        super().__init__(scope, construct_id)
        self.layer = lambda_.LayerVersion(
            self,
            "Layer",
            layer_version_name=layout.stack("dependencies"),
            description="Python packages of the Medallion functions",
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_12],
            compatible_architectures=[lambda_.Architecture.X86_64],
            code=lambda_.Code.from_asset(
                str(ROOT),
                exclude=["/*", "!/lambdas", "/lambdas/*", "!/lambdas/requirements.txt", "!/constraints.txt"],
                ignore_mode=IgnoreMode.GIT,
                asset_hash=fingerprint(),
                asset_hash_type=AssetHashType.CUSTOM,
                bundling=BundlingOptions(
                    image=DockerImage.from_registry("none"), local=cast("ILocalBundling", _PipBundling())
                ),
            ),
            removal_policy=settings.removal_policy,
        )
        # A version that functions still name must outlive its successor: a rollback of their update would fail without.
        cast("CfnResource", self.layer.node.default_child).cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN
        self.parameter = ssm.StringParameter(
            self,
            "NewestLayer",
            parameter_name=layout.layer_parameter,
            description="ARN of the dependency layer's newest version, which the tenants' pipelines use",
            string_value=self.layer.layer_version_arn,
        )


@jsii.implements(ILocalBundling)
class _PipBundling:
    """Bundles without Docker; a failure is an error, for there is no image to fall back to."""

    def try_bundle(self, output_dir: str, options: BundlingOptions) -> bool:
        shutil.copytree(built_layer(), Path(output_dir), dirs_exist_ok=True)
        return True
