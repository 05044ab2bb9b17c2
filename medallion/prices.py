"""List prices, and how much of each service a run, a request and an idle tenant take.

One copy, for docs/cost.md and for what the API estimates.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

HOURS = 730
"""Of a month."""
TRANSITIONS, INVOCATIONS, DOCUMENTS, ITEMS, KEY_USES = 12, 10, 40, 30, 80
"""A run's steps, function calls, S3 objects, control items and uses of its key: estimates, rather too high."""
REQUEST_SECONDS, REQUEST_GB, REQUEST_ITEMS = 0.2, 1769 / 1024, 4
"""A request to the API: how long its function takes, of how much memory, and the control items that it reads and
writes. Estimates, rather too high.
"""


@dataclass(frozen=True)
class Prices:
    """List prices by name, US dollars: prices.yaml beside this."""

    of: MappingProxyType[str, float]

    @classmethod
    @cache
    def read(cls) -> Prices:
        text = (Path(__file__).parent / "prices.yaml").read_text(encoding="utf-8")
        return cls(MappingProxyType(yaml.safe_load(text)))

    def __getitem__(self, name: str) -> float:
        return self.of[name]

    @property
    def item(self) -> float:
        """A control item, read and written."""
        return self["dynamodb_write"] + self["dynamodb_read"]

    @property
    def of_run(self) -> dict[str, float]:
        """What a run costs before its first record, by service."""
        return {
            "AWS Step Functions": TRANSITIONS * self["step_functions_transition"],
            "AWS Lambda": INVOCATIONS * self["lambda_request"],
            "Amazon DynamoDB": ITEMS * self.item,
            "Amazon S3": DOCUMENTS * (self["s3_put"] + self["s3_get"]),
            "AWS KMS": KEY_USES * self["kms_request"],
        }

    @property
    def of_request(self) -> dict[str, float]:
        """What a request to the API costs, by service."""
        function = REQUEST_SECONDS * REQUEST_GB * self["lambda_gb_second"]
        return {
            "Amazon API Gateway": self["api_request"],
            "AWS Lambda": function + self["lambda_request"],
            "Amazon DynamoDB": REQUEST_ITEMS * self.item,
        }

    def functions(self, mb_seconds: float) -> float:
        """Functions' memory for as long as they had it."""
        return mb_seconds / 1024 * self["lambda_gb_second"]

    @property
    def least_glue_job(self) -> float:
        seconds = self["glue_least_seconds"] * self["glue_least_workers"]
        return seconds / 3600 * self["glue_dpu_hour"]

    @property
    def emr_vcpu_with_memory(self) -> float:
        """An hour of a vCPU and the memory that comes with it."""
        return self["emr_vcpu_hour"] + self["emr_gb_per_vcpu"] * self["emr_gb_hour"]

    @property
    def least_emr_job(self) -> float:
        return self["emr_least_seconds"] * self["emr_least_vcpu"] / 3600 * self.emr_vcpu_with_memory

    def idle(self, sources: int, *, alarms: bool = True) -> dict[str, float]:
        """A tenant in a month without a record: what stands, and what looks after it."""
        sweeps, passes = HOURS, 30 * sources
        invoked = self["lambda_request"] + self["scheduler_invocation"]
        return {
            "the tenant's KMS key": self["kms_key_month"],
            "hourly sweep: 2 s of a 512 MB function": sweeps * (2 * 0.5 * self["lambda_gb_second"] + invoked),
            f"daily housekeeping of {sources} sources: 5 s of a 4 GB function each": passes
            * (5 * 4 * self["lambda_gb_second"] + invoked),
            "alarms on 8 dead-letter queues (none in dev)": 8 * self["alarm_month"] if alarms else 0.0,
            "Glue jobs, the EMR Serverless application, Athena's workgroup, state machines": 0.0,
        }
