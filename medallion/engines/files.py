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
from pyarrow.fs import S3FileSystem
from pyiceberg.io import S3_ENDPOINT, S3_REGION, FileIO, InputFile, InputStream, OutputFile, OutputStream
from pyiceberg.io.pyarrow import PyArrowFile, PyArrowFileIO
from pyiceberg.typedef import EMPTY_DICT, Properties
from typing_extensions import override

_KEPT_BYTES = 32 * 1024 * 1024
_METADATA = (".metadata.json", ".avro")

_kept: LRUCache[str, bytes] = LRUCache(_KEPT_BYTES, getsizeof=len)
_lock = Lock()


class KeptFiles(FileIO):
    """What a catalog's property `py-io-impl` names."""

    def __init__(self, properties: Properties = EMPTY_DICT) -> None:
        super().__init__(properties)
        self._files = _files(
            properties.get(S3_REGION), properties.get(S3_ENDPOINT), os.environ.get("AWS_ACCESS_KEY_ID")
        )

    def new_input(self, location: str) -> InputFile:
        return _opened(self._files.new_input(location))

    def new_output(self, location: str) -> OutputFile:
        return _opened(self._files.new_output(location))

    def delete(self, location: str | InputFile | OutputFile) -> None:
        self._files.delete(location)
        with _lock:
            _kept.pop(location if isinstance(location, str) else location.location, None)


@lru_cache(maxsize=16)
def _files(region: str | None, endpoint: str | None, _access_key: str | None) -> PyArrowFileIO:
    """One for each place and each identity. A small file is one request: it is not opened before it is written."""
    files = PyArrowFileIO()
    others = files.fs_by_scheme
    s3 = S3FileSystem(region=region, endpoint_override=endpoint, allow_delayed_open=True)
    files.fs_by_scheme = lambda scheme, netloc: s3 if scheme == "s3" else others(scheme, netloc)
    return files


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

    @override
    def open(self, seekable: bool = True) -> InputStream:
        return BytesIO(self._content())

    @override
    def create(self, overwrite: bool = False) -> OutputStream:
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
