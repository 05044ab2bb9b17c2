"""Where an export goes: a folder, or a prefix in S3. What was written is read back from there."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from medallion.errors import NotClosable
from medallion.steps.platform import Platform

_CHUNK = 1 << 20


class Destination(ABC):
    """A place for files, each by a path whose parts are joined by slashes."""

    @abstractmethod
    def put(self, path: str, file: Path) -> None:
        """Copy the file there, over what stands there."""

    @abstractmethod
    def open(self, path: str) -> BinaryIO | None:
        """What stands there; None if nothing does."""

    def read(self, path: str) -> bytes | None:
        """The whole of what stands there."""
        found = self.open(path)
        if found is None:
            return None
        with found:
            return found.read()

    def hash(self, path: str) -> str | None:
        """The SHA-256 of what stands there; None if nothing does."""
        found = self.open(path)
        if found is None:
            return None
        with found:
            return digest(iter(lambda: found.read(_CHUNK), b""))


class Folder(Destination):
    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, path: str, file: Path) -> None:
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)

    def open(self, path: str) -> BinaryIO | None:
        target = self._root / path
        return target.open("rb") if target.is_file() else None


class Prefix(Destination):
    def __init__(self, platform: Platform, address: str) -> None:
        parts = urlsplit(address)
        self._s3, self._bucket, self._prefix = platform.s3, parts.netloc, parts.path.strip("/")

    def put(self, path: str, file: Path) -> None:
        self._s3.upload_file(str(file), self._bucket, self._key(path))

    def open(self, path: str) -> BinaryIO | None:
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=self._key(path))["Body"]
        except ClientError as missing:
            if missing.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise
        return cast("BinaryIO", found)

    def _key(self, path: str) -> str:
        return f"{self._prefix}/{path}" if self._prefix else path


def destination(platform: Platform, address: str) -> Destination:
    """The folder, or the prefix of an address in S3; NotClosable if that would go with the tenant."""
    if not address.startswith("s3://"):
        return Folder(Path(address))
    bucket = urlsplit(address).netloc
    if bucket.startswith(platform.layout.bucket_prefix) or bucket == platform.layout.shared.retention_bucket:
        raise NotClosable(f"{address}: an export does not belong into a bucket of the platform; name another place")
    return Prefix(platform, address)


def digest(chunks: Iterator[bytes]) -> str:
    """The SHA-256 of bytes that come in chunks."""
    found = sha256()
    for chunk in chunks:
        found.update(chunk)
    return found.hexdigest()


def digest_of(file: Path) -> str:
    """The SHA-256 of a file on this machine."""
    with file.open("rb") as content:
        return digest(iter(lambda: content.read(_CHUNK), b""))
