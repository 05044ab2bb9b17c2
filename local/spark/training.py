"""Makes the archive of classes with which an Iceberg job starts in half the time: what a first job loads, is kept."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from local import process
from local.deploy import client
from local.errors import SparkMissing
from local.ports import free_port
from local.settings import SIGNING, Settings
from local.spark.installation import Installation
from local.spark.launch import Job, prepare
from local.spark.roles import Actor

_SECONDS = 600
_BUCKET = "training"
_CATALOG = "spark.sql.catalog.glue_catalog"


def catalogue(warehouse: str) -> dict[str, str]:
    """Spark's settings for this account's Glue catalogue, as a job brings them itself."""
    return {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        _CATALOG: "org.apache.iceberg.spark.SparkCatalog",
        f"{_CATALOG}.catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
        f"{_CATALOG}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        f"{_CATALOG}.warehouse": warehouse,
    }


def train(found: Installation) -> None:
    """Run a job on an embedded AWS of its own, and write the archive. Raises SparkMissing where the job fails: then
    no other would run.
    """
    with tempfile.TemporaryDirectory(prefix="medallion-spark-") as temporary:
        settings = Settings(state_dir=Path(temporary) / "state", port=free_port())
        process.up(settings)
        try:
            _run(found, settings, Path(temporary) / "run")
        finally:
            process.down(settings.state_dir)


def _run(found: Installation, settings: Settings, folder: Path) -> None:
    s3 = client(settings, "s3")
    s3.create_bucket(Bucket=_BUCKET)
    s3.upload_file(str(Path(__file__).parent / "lesson.py"), _BUCKET, "lesson.py")
    s3.put_object(Bucket=_BUCKET, Key="numbers.csv", Body=b"id,word\n1,one\n2,two\n")
    client(settings, "glue").create_database(DatabaseInput={"Name": "training"})
    job = Job(
        "training", "training", f"s3://{_BUCKET}/lesson.py", conf=catalogue(f"s3://{_BUCKET}/warehouse"), iceberg=True
    )
    actor = Actor(settings, settings.account, settings.region, settings.account, SIGNING, None)
    folder.mkdir(parents=True)
    partial = found.archive.with_suffix(".partial")
    command = prepare(
        job, actor, found, folder, settings, jvm_options=(f"-XX:ArchiveClassesAtExit={partial}", "-Xlog:disable")
    )
    ran = subprocess.run(
        # Without the guard: whoever interrupts this interrupts the job.
        command.arguments[command.arguments.index(str(found.java)) :],
        cwd=command.folder,
        env=command.environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if ran.returncode != 0:
        # Spark prints what the script's Python complains of as standard output.
        told = "\n".join((ran.stderr + ran.stdout).splitlines()[-12:])
        raise SparkMissing(f"A first Spark job on this machine failed:\n{told}")
    if partial.exists():
        partial.rename(found.archive)
