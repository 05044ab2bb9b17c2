"""From a job to a process: fetch what it names from S3, form the driver's command and environment."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.settings import HOST, Settings
from local.spark import boot, guard
from local.spark.installation import Installation
from local.spark.roles import Actor

_HERE = Path(__file__).parent

_OPENED = (
    "java.base/java.lang",
    "java.base/java.lang.invoke",
    "java.base/java.lang.reflect",
    "java.base/java.io",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/jdk.internal.ref",
    "java.base/sun.nio.ch",
    "java.base/sun.nio.cs",
    "java.base/sun.security.action",
    "java.base/sun.util.calendar",
    "java.security.jgss/sun.security.krb5",
)
"""What Spark 3.5's own launcher opens to it on Java 17 (org.apache.spark.launcher.JavaModuleOptions)."""


_DRIVER_ENV = "spark.emr-serverless.driverEnv."
"""EMR Serverless sets what follows as a variable of the driver."""


class LaunchFailed(Exception):
    """A job could not be started: something that it names cannot be had."""


@dataclass(frozen=True)
class Job:
    """What a run is started from, whichever service it was asked of."""

    run_id: str
    name: str
    script: str
    """An s3:// address, as all that follow."""
    arguments: tuple[str, ...] = ()
    """What the script finds in sys.argv after its own name."""
    py_files: tuple[str, ...] = ()
    jars: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """What the script finds in its working folder."""
    conf: dict[str, str] = field(default_factory=dict)
    iceberg: bool = False
    """Whether Iceberg's jars are on the class path."""


@dataclass(frozen=True)
class Command:
    """A process to start."""

    arguments: list[str]
    environment: dict[str, str]
    folder: Path
    outcome: Path
    """Where the driver notes why the script failed."""


def prepare(
    job: Job,
    actor: Actor,
    installation: Installation,
    folder: Path,
    settings: Settings,
    *,
    jvm_options: tuple[str, ...] = (),
) -> Command:
    """Fetch what the job names into `folder`, in its role, and form the command. Raises LaunchFailed."""
    fetch = Fetcher(actor.client("s3"), folder)
    script = fetch(job.script, "script")
    py_files = [fetch(address, "py-files") for address in job.py_files]
    jars = [fetch(address, "jars") for address in job.jars]
    work = folder / "work"
    work.mkdir(parents=True, exist_ok=True)
    for address in job.files:
        fetch(address, "work")
    scratch = folder / "tmp"
    scratch.mkdir()
    class_path = os.pathsep.join([installation.class_path(iceberg=job.iceberg), *map(str, jars)])
    submit = [
        *("--name", job.name),
        *(
            option
            for name, value in configuration(job, actor, scratch, settings).items()
            for option in ("--conf", f"{name}={value}")
        ),
        *(("--py-files", ",".join(map(str, py_files))) if py_files else ()),
        *(str(_HERE / "boot.py"), str(script), *job.arguments),
    ]
    jvm = [
        str(installation.java),
        *(("-cp", class_path)),
        f"-Xmx{settings.spark_memory_mb}m",
        *_JVM,
        *_archive(job, installation, jars),
        *jvm_options,
        f"-Djava.io.tmpdir={scratch}",
        f"-Dlog4j2.configurationFile={(_HERE / 'log4j2.properties').as_uri()}",
        *(f"--add-opens={package}=ALL-UNNAMED" for package in _OPENED),
        "org.apache.spark.deploy.SparkSubmit",
    ]
    outcome = folder / "outcome.json"
    environment = {
        **{name.removeprefix(_DRIVER_ENV): value for name, value in job.conf.items() if name.startswith(_DRIVER_ENV)},
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(work),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": str(scratch),
        "PYTHONUNBUFFERED": "1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_HOME": str(installation.spark_home),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_DIRS": str(scratch),
        boot.OUTCOME: str(outcome),
        boot.PROJECT: str(_HERE.parent.parent),
        **actor.environment(),
    }
    # Isolated: the guard sees neither the job's folder nor its modules.
    guarded = [sys.executable, "-I", "-S", str(guard.__file__), *jvm, *submit]
    return Command(guarded, environment, work, outcome)


_JVM = (
    # A job here lives for seconds: the optimizing compiler and a concurrent collector cost more than they give.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:+IgnoreUnrecognizedVMOptions",
    "-Duser.timezone=UTC",
    "-Djava.net.preferIPv4Stack=true",
    "-Djdk.reflect.useDirectMethodHandle=false",
)


def _archive(job: Job, installation: Installation, jars: list[Path]) -> list[str]:
    """The archive of classes fits the class path that it was made with, and no other."""
    if not job.iceberg or jars or not installation.archive.exists():
        return []
    return [f"-XX:SharedArchiveFile={installation.archive}", "-Xshare:auto", "-Xlog:disable", "-Xlog:all=error:stderr"]


def configuration(job: Job, actor: Actor, scratch: Path, settings: Settings) -> dict[str, str]:
    """The job's own configuration, and over it what is local: the machine, the endpoint, and nothing else."""
    catalogs = [name for name in job.conf if name.startswith("spark.sql.catalog.") and name.count(".") == 3]
    local = {
        "spark.master": f"local[{settings.spark_cores}]",
        "spark.submit.deployMode": "client",
        "spark.pyspark.python": sys.executable,
        "spark.pyspark.driver.python": sys.executable,
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.ui.enabled": "false",
        # A driver that lives for seconds: what is compiled here is run a few times only.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.shuffle.partitions": str(2 * settings.spark_cores),
        "spark.eventLog.enabled": "false",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        # s3:// is EMRFS on AWS, and Hadoop's own S3 file system here.
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.endpoint": settings.endpoint,
        "spark.hadoop.fs.s3a.endpoint.region": actor.region,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
        "spark.hadoop.fs.s3a.aws.credentials.provider": "com.amazonaws.auth.EnvironmentVariableCredentialsProvider",
        **{f"{catalog}.s3.path-style-access": "true" for catalog in catalogs},
    }
    return {**job.conf, **local}


@dataclass(frozen=True)
class Fetcher:
    """Fetches objects in a job's role."""

    s3: Any
    folder: Path

    def __call__(self, address: str, into: str) -> Path:
        """Put the object that an s3:// address names into the folder `into`, under its own name. Raises
        LaunchFailed."""
        bucket, _, key = address.partition("://")[2].partition("/")
        if not address.startswith(("s3://", "s3a://", "s3n://")) or not key or key.endswith("/"):
            raise LaunchFailed(f"{address} is not the address of an S3 object")
        target = self.folder / into / Path(key).name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.s3.download_file(bucket, key, str(target))
        except (ClientError, BotoCoreError) as error:
            raise LaunchFailed(f"{address} cannot be fetched in the job's role: {error}") from error
        return target
