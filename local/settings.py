"""The settings of the embedded AWS, and where it keeps its files."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

HOST = "127.0.0.1"
"""The only interface that is served: the embedded AWS is no security boundary."""

SIGNING = "local"
"""What the account's administrator signs with: any text does."""

STATE_FOLDER = ".medallion"
_PROJECT_MARKS = ("cdk.json", "pyproject.toml")


class Settings(BaseModel):
    """One embedded AWS. Two of them on one machine need two ports and two state folders."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state_dir: Path
    """Log, process id, unpacked Lambda code; with `persist` also every service's state."""
    port: int = Field(default=4566, ge=1024, le=65535)
    account: str = Field(default="000000000000", pattern=r"^\d{12}$")
    region: str = Field(default="us-east-1", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    lambda_slots: int = Field(default=4, ge=1, le=64)
    """Lambda invocations that run at once; more wait their turn."""
    lambda_idle: int = Field(default=12, ge=0, le=256)
    """Idle Lambda processes that are kept warm; the longest idle goes first."""
    lambda_idle_seconds: float = Field(default=300.0, gt=0)
    enforce_iam: bool = True
    spark_slots: int = Field(default=1, ge=1, le=16)
    """Spark jobs that run at once; more wait their turn. Each is a JVM of up to `spark_memory_mb` and its Python."""
    spark_memory_mb: int = Field(default=2048, ge=512)
    """The heap of one Spark job, in MB."""
    spark_cores: int = Field(default=2, ge=1)
    """Tasks that one Spark job runs at once."""
    spark_minute_seconds: float = Field(default=60.0, gt=0)
    """How many seconds a minute of a job's time-out takes; tests shorten it."""
    spark_dir: Path = Field(default_factory=lambda: project_root() / ".cache" / "spark")
    """The jars of Spark jobs (`make setup-spark`)."""
    faults: bool = False
    """Let tests ask for faults (`local.faults`)."""
    persist: bool = False
    """Keep the state over a stop and a start. It is written at an orderly stop only."""

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def log_file(self) -> Path:
        return self.state_dir / "local.log"

    @property
    def record_file(self) -> Path:
        """The running server's process id and settings."""
        return self.state_dir / "local.json"

    def client_environment(self) -> dict[str, str]:
        """The environment variables with which an AWS client reaches this server as the account's administrator."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": SIGNING,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def project_root(start: Path | None = None) -> Path:
    """The nearest folder at or above `start` (default: here) with a project file; `start` itself where there is
    none."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if any((folder / mark).exists() for mark in _PROJECT_MARKS):
            return folder
    return here


def default_state_dir() -> Path:
    return project_root() / STATE_FOLDER
