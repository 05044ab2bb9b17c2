"""Derives a tenant's ledger again, from its tables and objects alone.

It imports nothing of the platform: docs/ledger.md is all that the two share.
"""

from verifier.places import Places
from verifier.report import Problem, Report
from verifier.verify import verify

__all__ = ["Places", "Problem", "Report", "verify"]
