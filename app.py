"""The CDK app: settings, stacks, synth. `cdk synth --context environment=dev|staging|prod`."""

from __future__ import annotations

import sys

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from medallion.errors import MedallionError
from stacks.deployment import Deployment
from stacks.settings import DeploymentSettings


def build(app: App) -> App:
    """Put every stack into the app, and have synthesis refuse any security finding that is not acknowledged."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    Deployment(app, DeploymentSettings.of(app.node))
    return app


if __name__ == "__main__":
    try:
        build(App(analytics_reporting=False)).synth()
    except MedallionError as error:
        sys.exit(f"medallion: {error}")
