"""Named errors of the command: what happened, where, what to do next."""

from __future__ import annotations

from medallion.errors import MedallionError


class BadArgument(MedallionError):
    """An argument cannot be used as it is."""


class NothingDeployed(MedallionError):
    """The environment's shared parts do not exist in this account and region."""


class OnlyDirect(MedallionError):
    """The API does not do what was asked for: it takes a person's own AWS permissions."""


class Unreachable(MedallionError):
    """AWS, or the API, does not answer, or does not let this caller in."""


class StacksChanged(MedallionError):
    """A new tenant would change the stacks of others."""


class ToolFailed(MedallionError):
    """A program that the command needs is missing, or ended with an error."""


class WaitedEnough(MedallionError):
    """What was waited for did not happen in the time given."""
