"""Write constraints.txt: one exact version of every package that any extra needs, as pip resolves them today.

Run by `make lock` with the oldest supported Python, so that what is needed there alone is in the list too. pip resolves
without installing; names and versions are kept, and neither addresses nor hashes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
# Every package that the project can install, at the version that was tested. Written by `make lock`; do not edit.
# Use it as pip's constraints: pip install --constraint constraints.txt …
"""


def resolve(extras: list[str]) -> dict[str, str]:
    """Every distribution that the project with `extras` needs, by normalised name, without the project itself."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"),
                *("--report", str(report), f"{ROOT}[{','.join(extras)}]"),
            ],
            check=True,
        )
        resolved = json.loads(report.read_text(encoding="utf-8"))["install"]
    versions = {normalised(item["metadata"]["name"]): item["metadata"]["version"] for item in resolved}
    versions.pop("medallion", None)
    return versions


def normalised(name: str) -> str:
    """A distribution's name in the form that PEP 503 compares."""
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> None:
    """Resolve every extra together and write the file."""
    with (ROOT / "pyproject.toml").open("rb") as stream:
        extras = sorted(tomllib.load(stream)["project"]["optional-dependencies"])
    lines = [f"{name}=={version}" for name, version in sorted(resolve(extras).items())]
    (ROOT / "constraints.txt").write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
