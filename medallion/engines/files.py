"""Iceberg's files, as this process reads and writes them: what it need not ask S3 for twice is kept.

pyiceberg makes a file system, and so a connection, each time that it loads a table. Here one serves them all; and the
files of a table's metadata, whose names are used once and whose bytes never change, are kept in memory.
"""

from __future__ import annotations

import os
from functools import lru_cache
from io import BytesIO
from threading import Lock
from typing import Self

from cachetools import LRUCache
from pyarrow.fs import FileSystem, S3FileSystem
from pyiceberg.io import S3_ENDPOINT, S3_REGION, InputFile, InputStream, OutputFile, OutputStream
from pyiceberg.io.pyarrow import PyArrowFile, PyArrowFileIO
from pyiceberg.typedef import EMPTY_DICT, Properties

_KEPT_BYTES = 32 * 1024 * 1024
_METADATA = (".metadata.json", ".avro")

_kept: LRUCache[str, bytes] = LRUCache(_KEPT_BYTES, getsizeof=len)
_lock = Lock()


class KeptFiles(PyArrowFileIO):
    """What a catalog's property `py-io-impl` names."""

    def __init__(self, properties: Properties = EMPTY_DICT) -> None:
        super().__init__(properties)
        self._others, self.fs_by_scheme = self.fs_by_scheme, self._file_system

    def new_input(self, location: str) -> InputFile:  # type: ignore[override]  # less than pyarrow's file is promised
        return _opened(super().new_input(location))

    def new_output(self, location: str) -> OutputFile:  # type: ignore[override]  # as above
        return _opened(super().new_output(location))

    def delete(self, location: str | InputFile | OutputFile) -> None:
        super().delete(location)
        with _lock:
            _kept.pop(location if isinstance(location, str) else location.location, None)

    def _file_system(self, scheme: str, netloc: str | None) -> FileSystem:
        if scheme != "s3":
            return self._others(scheme, netloc)
        return _s3(
            self.properties.get(S3_REGION), self.properties.get(S3_ENDPOINT), os.environ.get("AWS_ACCESS_KEY_ID")
        )


@lru_cache(maxsize=16)
def _s3(region: str | None, endpoint: str | None, _access_key: str | None) -> FileSystem:
    """One for each place and each identity. A small file is one request: it is not opened before it is written."""
    return S3FileSystem(region=region, endpoint_override=endpoint, allow_delayed_open=True)


def _opened(file: PyArrowFile) -> PyArrowFile | _Metadata:
    return _Metadata(file) if file.location.endswith(_METADATA) else file


class _Metadata(InputFile, OutputFile):
    """A file of a table's metadata: read whole, and once; written whole, when it is closed."""

    def __init__(self, file: PyArrowFile) -> None:
        super().__init__(file.location)
        self._file = file

    def __len__(self) -> int:
        return len(self._content())

    def exists(self) -> bool:
        with _lock:
            if self.location in _kept:
                return True
        return self._file.exists()

    def open(self, seekable: bool = True) -> InputStream:  # noqa: FBT001, FBT002  # pyiceberg's signature
        return BytesIO(self._content())

    def create(self, overwrite: bool = False) -> OutputStream:  # noqa: FBT001, FBT002  # as above
        if not overwrite and self.exists():
            raise FileExistsError(f"Cannot create file, already exists: {self.location}")
        return _Draft(self)

    def to_input_file(self) -> InputFile:
        return self

    def _content(self) -> bytes:
        with _lock:
            found = _kept.get(self.location)
        if found is None:
            with self._file.open(seekable=False) as stream:
                found = stream.read()
            self._keep(found)
        return found

    def write(self, content: bytes) -> None:
        with self._file.create(overwrite=True) as stream:
            stream.write(content)
        self._keep(content)

    def _keep(self, content: bytes) -> None:
        if len(content) <= _KEPT_BYTES:
            with _lock:
                _kept[self.location] = content


class _Draft(OutputStream):
    """What is written to a metadata file so far; one that is not closed leaves nothing behind."""

    def __init__(self, file: _Metadata) -> None:
        self._file = file
        self._content = BytesIO()

    def write(self, b: bytes) -> int:
        return self._content.write(b)

    def tell(self) -> int:
        return self._content.tell()

    def close(self) -> None:
        if not self._content.closed:
            self._file.write(self._content.getvalue())
            self._content.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *about: object) -> None:
        if kind is not None:
            self._content.close()
        self.close()
