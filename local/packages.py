"""Lambda code and layers on disk: unpacked once per content, shared read-only by every environment."""

from __future__ import annotations

import functools
import hashlib
import io
import logging
import re
import sys
import tempfile
import zipfile
from pathlib import Path

logger = logging.getLogger("local.lambdas")

_COMPILED = re.compile(r"\.cpython-(\d+)[a-z]*-[\w-]+\.so$")


@functools.lru_cache(maxsize=16)
def unpacked(archive: bytes, under: Path) -> Path:
    """The folder that holds the archive's files. ValueError for an entry that would leave it."""
    target = under / hashlib.sha256(archive).hexdigest()
    if target.exists():
        return target
    under.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=under, prefix="unpacking-"))
    with zipfile.ZipFile(io.BytesIO(archive)) as entries:
        for name in entries.namelist():
            if not (staging / name).resolve().is_relative_to(staging.resolve()):
                raise ValueError(f"the archive's entry {name!r} leaves its folder")
        entries.extractall(staging)
    try:
        staging.rename(target)
    except OSError:
        # Another invocation unpacked the same content first.
        if not target.exists():
            raise
    return target


def compiled_for(archive: bytes) -> set[str]:
    """The Python versions ("312") that the archive's extension modules were compiled for; empty where it has none."""
    with zipfile.ZipFile(io.BytesIO(archive)) as entries:
        return {match[1] for name in entries.namelist() if (match := _COMPILED.search(name))}


@functools.lru_cache(maxsize=4)
def layer_paths(archive: bytes, under: Path) -> tuple[Path, ...]:
    """The folders of a layer that belong on the handler's path, or none where it was compiled for another Python.

    Handlers run on the interpreter of the embedded AWS with the project's own pinned packages. A layer for Lambda's
    Python
    cannot be loaded by another; its packages are then taken from the project's installation.
    """
    ours = f"{sys.version_info.major}{sys.version_info.minor}"
    theirs = compiled_for(archive)
    if theirs - {ours}:
        logger.info("a layer compiled for Python %s is not on the path: handlers run on %s", sorted(theirs), ours)
        return ()
    root = unpacked(archive, under)
    nested = sorted(root.glob("python/lib/python*/site-packages"))
    return tuple(path for path in (root / "python", *nested, root) if path.is_dir())
