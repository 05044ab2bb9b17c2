"""Puts Spark behind Glue and EMR Serverless, and ends every job with the server."""

from __future__ import annotations

import atexit

from local.settings import Settings
from local.spark import emr, emr_api, glue_api, kept, tasks
from local.spark.runs import Runner


def install(settings: Settings) -> None:
    """Take over the job runs of both services, and Step Functions' integrations with them.

    What Spark needs is looked for when a job runs: without it everything else works, and a job's run fails by saying
    what to install.
    """
    runner = Runner(settings)
    # Should the server die another way, each job's guard ends the job.
    atexit.register(runner.close)
    glue_api.install(settings, runner)
    emr.RUNS.serve(settings, runner)
    emr_api.install()
    kept.install()
    tasks.install(settings)
