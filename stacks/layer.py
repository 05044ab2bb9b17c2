"""The dependency layer's content: what pip installs for Lambda's platform, without what nothing there calls.

No Docker: every requirement has a wheel for the platform, so that pip can install for it from any machine.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from medallion.errors import MedallionError
from stacks import shared_objects
from stacks.settings import ROOT

REQUIREMENTS = ROOT / "lambdas" / "requirements.txt"
CONSTRAINTS = ROOT / "constraints.txt"
BUILDS = ROOT / "build" / "layer"

PYTHON = "3.12"
# Lambda's Python 3.12 runs on Amazon Linux 2023, which has glibc 2.34.
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")

SUPPLIED_BY_LAMBDA = ("boto3", "botocore", "s3transfer")
"""In Lambda's own runtime; the largest of what pip would bring along."""

_UNUSED = (
    # pyarrow: C++ headers and sources, and the parts that neither the platform nor pyiceberg calls.
    "pyarrow/include",
    "pyarrow/includes",
    "pyarrow/src",
    "pyarrow/tests",
    "pyarrow/**/*.pxd",
    "pyarrow/**/*.pxi",
    "pyarrow/**/*.pyx",
    "pyarrow/libarrow_flight.so*",
    "pyarrow/libarrow_python_flight.so*",
    "pyarrow/_flight.*",
    "pyarrow/_substrait.*",
    "pyarrow/_pyarrow_cpp_tests.*",
    # The same library three times over; the loader asks for the one that names the ABI.
    "pyarrow/libarrow_python.so",
    "pyarrow/libarrow_python.so.*.*",
    "pyarrow/_orc.*",
    "pyarrow/libgandiva.so*",
    "pyarrow/gandiva.*",
    # zstandard's second backend, for interpreters other than CPython.
    "zstandard/_cffi.*",
    "zstandard/backend_cffi.py",
    # Commands and colours: pyiceberg's command line, and what only it imports.
    "bin",
    "pyiceberg/cli",
    "rich",
    "pygments",
    "markdown_it",
    "mdurl",
    "click",
    # Hive's client, which pyiceberg brings for a catalogue that is not ours.
    "hive_metastore",
    "fb303",
    # Type stubs and compiled leftovers.
    "*-stubs",
    "**/__pycache__",
    "**/*.pyi",
    "**/tests",
)


class LayerNotBuilt(MedallionError):
    """pip could not install the layer's requirements."""


def fingerprint() -> str:
    """A hash of all that decides the layer's content: the requirements, their versions, and this file."""
    digest = hashlib.sha256()
    for file in (REQUIREMENTS, CONSTRAINTS, Path(__file__), Path(shared_objects.__file__)):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def built_layer(python: str = PYTHON) -> Path:
    """The layer's folder for that Python, from an earlier build of the same fingerprint or a new one.

    A new build needs the package index (or pip's cache) and takes half a minute. LayerNotBuilt says why it failed.
    """
    target = BUILDS / f"{fingerprint()[:16]}-py{python}"
    if target.is_dir():
        return target
    BUILDS.mkdir(parents=True, exist_ok=True)
    with (BUILDS / ".lock").open("w") as lock:
        # Of two syntheses at once, as `medallion tenant new` does them, one builds and the other waits.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            _build(target, python)
    return target


def _build(target: Path, python: str) -> None:
    with tempfile.TemporaryDirectory(dir=BUILDS) as scratch:
        folder = Path(scratch) / "layer"
        _install(folder / "python", python)
        _prune(folder / "python")
        folder.rename(target)
    for outdated in set(BUILDS.glob(f"*-py{python}")) - {target}:
        shutil.rmtree(outdated)


def _install(target: Path, python: str) -> None:
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"),
        *("--target", str(target), "--only-binary=:all:", "--implementation", "cp", "--python-version", python),
        *(argument for platform in PLATFORMS for argument in ("--platform", platform)),
        *("--requirement", str(REQUIREMENTS), "--constraint", str(CONSTRAINTS)),
    ]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # its own arguments
    if outcome.returncode != 0:
        raise LayerNotBuilt(
            f"pip could not install {REQUIREMENTS} for Lambda (Python {python}):\n{outcome.stderr.strip()}\n"
            "It needs the package index and a wheel for each requirement; see the first error above"
        )


def _prune(target: Path) -> None:
    for name in SUPPLIED_BY_LAMBDA:
        for found in (*target.glob(name), *target.glob(f"{name}-*.dist-info")):
            shutil.rmtree(found)
    for pattern in _UNUSED:
        for found in list(target.glob(pattern)):
            if found.is_dir():
                shutil.rmtree(found)
            else:
                found.unlink()
    for library in target.rglob("*.so*"):
        shared_objects.strip(library)
