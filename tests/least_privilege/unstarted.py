"""What a job's role must say, to the letter: no scenario's run is so large that its job is started."""

from __future__ import annotations

import re
from dataclasses import dataclass

from medallion.layout import Job, Machine, Task, Zone
from tests.least_privilege.saying import Unjudged, key_by_way_of
from tests.least_privilege.statements import LAYOUT

SMALL = "the scenarios' runs are small: none is sent to a large lane, and no job is started"
ROLE = f"{Job.REFINE}-job"
_LOGS = (
    f"arn:aws:logs:{LAYOUT.region}:{LAYOUT.account}:log-group:/medallion/dev/trial/refine-job/medallion-dev-trial-role"
)
_GROUPS = [f"{_LOGS}/medallion-dev-trial-refine-job-{LAYOUT.region}/{each}" for each in ("error", "output")]
_STREAMS = [f"{group}:*" for group in _GROUPS]


@dataclass(frozen=True, eq=False)
class AssetOf:
    """One object of the deployment's assets, by its kind: its name is a hash of what it holds."""

    suffix: str

    def __eq__(self, other: object) -> bool:
        bucket = f"cdk-hnb659fds-assets-{LAYOUT.account}-{LAYOUT.region}"
        return isinstance(other, str) and bool(
            re.fullmatch(rf"arn:aws:s3:::{bucket}/[0-9a-f]{{64}}\.{self.suffix}", other)
        )

    __hash__ = None  # type: ignore[assignment]  # it equals many


def _bucket(zone: Zone) -> str:
    return f"arn:aws:s3:::mdl-dev-trial-{zone}-{LAYOUT.account}-{LAYOUT.region}"


def _tables(zone: Zone) -> list[str]:
    within = f"arn:aws:glue:{LAYOUT.region}:{LAYOUT.account}"
    return [f"{within}:catalog", f"{within}:database/dev_trial_{zone}", f"{within}:table/dev_trial_{zone}/*"]


def _says(actions: tuple[str, ...], *resources: object, **conditions: dict[str, str | list[str]]) -> Unjudged:
    said = list(resources) if len(resources) > 1 else resources[0]
    return Unjudged(SMALL, actions, lambda key_arn: said, conditions)


def _written(zone: Zone) -> dict[str, Unjudged]:
    """A zone whose tables the job writes."""
    of = zone.capitalize()
    return {
        f"Describe{of}Tables": _says(("glue:GetTable",), *_tables(zone)),
        f"Get{of}": _says(("s3:GetObject",), f"{_bucket(zone)}/*"),
        f"List{of}": _says(("s3:ListBucket",), _bucket(zone)),
        f"Commit{of}Tables": _says(("glue:GetDatabase", "glue:UpdateTable"), *_tables(zone)),
        f"Put{of}": _says(("s3:PutObject",), f"{_bucket(zone)}/*"),
    }


_RUNS = f"{_bucket(Zone.ARTIFACTS)}/runs/*"

UNSTARTED: dict[tuple[str, str], Unjudged] = {
    (Task.FAIL, "ReadJobLog"): _says(("logs:GetLogEvents",), f"{_GROUPS[0]}:log-stream:*"),
    (Machine.INGEST, "RunRefineJob"): _says(
        ("glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"),
        f"arn:aws:glue:{LAYOUT.region}:{LAYOUT.account}:job/medallion-dev-trial-refine",
    ),
    **{
        (ROLE, sid): said
        for sid, said in {
            "GetCode": _says(("s3:GetObject",), AssetOf("zip"), AssetOf("py")),
            "UseKey": key_by_way_of("s3"),
            "GetRuns": _says(("s3:GetObject",), _RUNS),
            "ListArtifacts": _says(("s3:ListBucket",), _bucket(Zone.ARTIFACTS)),
            "PutRuns": _says(("s3:PutObject",), _RUNS),
            "DeleteRuns": _says(("s3:DeleteObject",), _RUNS),
            **_written(Zone.BRONZE),
            **_written(Zone.SILVER),
            **_written(Zone.QUARANTINE),
            "KeepLog": _says(("logs:AssociateKmsKey", "logs:CreateLogGroup"), *_GROUPS, *_STREAMS),
            "WriteLog": _says(("logs:CreateLogStream", "logs:PutLogEvents"), *_STREAMS),
            "PutMetrics": _says(("cloudwatch:PutMetricData",), "*", StringEquals={"cloudwatch:namespace": "Glue"}),
            "PutSpark": _says(("s3:PutObject",), f"{_bucket(Zone.LOGS)}/spark/*"),
        }.items()
    },
}
