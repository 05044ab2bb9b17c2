"""Named errors of the embedded AWS, for people: what happened, where, what to do next."""

from __future__ import annotations

from medallion.errors import MedallionError


class LocalError(MedallionError):
    """The root of what can go wrong with the embedded AWS."""


class PortInUse(LocalError):
    """Another process listens on the port."""


class NotRunning(LocalError):
    """No embedded AWS runs for this project."""


class StartFailed(LocalError):
    """The server process ended, or did not answer in time."""


class DeployFailed(LocalError):
    """The CDK command, or CloudFormation, refused a deployment."""


class EmulatorMoved(LocalError):
    """A private part of the pinned emulator is not where it was: another version is installed."""


class SparkMissing(LocalError):
    """What Spark jobs need is not installed."""
