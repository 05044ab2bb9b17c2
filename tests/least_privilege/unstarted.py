"""What the jobs' roles must say, to the letter: no scenario's run is so large that a job is started."""

from __future__ import annotations

import re
from dataclasses import dataclass

from medallion.layout import TABLE_ZONES, Job, Machine, Task, Zone
from tests.least_privilege.saying import Unjudged, bucket, key_by_way_of, tables
from tests.least_privilege.statements import LAYOUT

SMALL = "the scenarios' runs are small: none is sent to a large lane, and no job is started"


def _groups(job: Job) -> list[str]:
    """The log groups of a job."""
    within = f"arn:aws:logs:{LAYOUT.region}:{LAYOUT.account}:log-group:/medallion/dev/trial/{job}-job"
    named = f"medallion-dev-trial-role/medallion-dev-trial-{job}-job-{LAYOUT.region}"
    return [f"{within}/{named}/{each}" for each in ("error", "output")]


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


def _says(actions: tuple[str, ...], *resources: object, **conditions: dict[str, str | list[str]]) -> Unjudged:
    said = list(resources) if len(resources) > 1 else resources[0]
    return Unjudged(SMALL, actions, lambda key_arn: said, conditions)


def _read(zone: Zone) -> dict[str, Unjudged]:
    """A zone whose tables the job reads."""
    of = zone.capitalize()
    return {
        f"Describe{of}Tables": _says(("glue:GetTable",), *tables(zone)),
        f"Get{of}": _says(("s3:GetObject",), f"{bucket(zone)}/*"),
    }


def _written(zone: Zone) -> dict[str, Unjudged]:
    """A zone whose tables the job writes."""
    of = zone.capitalize()
    return {
        **_read(zone),
        f"List{of}": _says(("s3:ListBucket",), bucket(zone)),
        f"Commit{of}Tables": _says(("glue:GetDatabase", "glue:UpdateTable"), *tables(zone)),
        f"Put{of}": _says(("s3:PutObject",), f"{bucket(zone)}/*"),
    }


_RUNS = f"{bucket(Zone.ARTIFACTS)}/runs/*"
_OF_JOB = {
    Job.REFINE: {**_written(Zone.BRONZE), **_written(Zone.SILVER), **_written(Zone.QUARANTINE)},
    Job.MODEL: {**_read(Zone.SILVER), **_written(Zone.GOLD)},
    Job.MAINTAIN: {sid: said for zone in TABLE_ZONES for sid, said in _written(zone).items()},
}


def _role(job: Job) -> dict[str, Unjudged]:
    """All that the role of a job on Glue says."""
    groups, streams = _groups(job), [f"{group}:*" for group in _groups(job)]
    return {
        "GetCode": _says(("s3:GetObject",), AssetOf("zip"), AssetOf("py")),
        "UseKey": key_by_way_of("s3"),
        "GetRuns": _says(("s3:GetObject",), _RUNS),
        "ListArtifacts": _says(("s3:ListBucket",), bucket(Zone.ARTIFACTS)),
        "PutRuns": _says(("s3:PutObject",), _RUNS),
        "DeleteRuns": _says(("s3:DeleteObject",), _RUNS),
        **_OF_JOB[job],
        "KeepLog": _says(("logs:AssociateKmsKey", "logs:CreateLogGroup"), *groups, *streams),
        "WriteLog": _says(("logs:CreateLogStream", "logs:PutLogEvents"), *streams),
        "PutMetrics": _says(("cloudwatch:PutMetricData",), "*", StringEquals={"cloudwatch:namespace": "Glue"}),
        "PutSpark": _says(("s3:PutObject",), f"{bucket(Zone.LOGS)}/spark/*"),
    }


def _run(job: Job) -> Unjudged:
    """What a machine may ask for that runs the job."""
    return _says(
        ("glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"),
        f"arn:aws:glue:{LAYOUT.region}:{LAYOUT.account}:job/medallion-dev-trial-{job}",
    )


UNSTARTED: dict[tuple[str, str], Unjudged] = {
    (Task.FAIL, "ReadJobLog"): _says(("logs:GetLogEvents",), *(f"{_groups(job)[0]}:log-stream:*" for job in Job)),
    (Machine.INGEST, "RunRefineJob"): _run(Job.REFINE),
    (Machine.MODEL, "RunModelJob"): _run(Job.MODEL),
    (Task.HOUSEKEEP, "StartMaintainJob"): _says(
        ("glue:StartJobRun", "glue:GetJobRuns"),
        f"arn:aws:glue:{LAYOUT.region}:{LAYOUT.account}:job/medallion-dev-trial-maintain",
    ),
    (Task.HOUSEKEEP, "PutRuns"): _says(("s3:PutObject",), _RUNS),
    **{(f"{job}-job", sid): said for job in Job for sid, said in _role(job).items()},
}
