"""JSON documents, read and written through the file systems that Spark knows."""

from __future__ import annotations

import json
from typing import Any

from pyspark.sql import SparkSession


class Documents:
    """Documents by address: `s3://…` on AWS, any that Hadoop's configuration names elsewhere."""

    def __init__(self, spark: SparkSession) -> None:
        self._jvm = spark._jvm  # noqa: SLF001  # Spark's own way to Hadoop's file systems from Python
        self._configuration = spark._jsc.hadoopConfiguration()  # noqa: SLF001

    def read(self, address: str) -> dict[str, Any]:
        """The document that stands at the address."""
        path = self._jvm.org.apache.hadoop.fs.Path(address)
        stream = path.getFileSystem(self._configuration).open(path)
        try:
            found: dict[str, Any] = json.loads(self._jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))
        finally:
            stream.close()
        return found

    def write(self, address: str, document: dict[str, Any]) -> None:
        """Put the document at the address; one that stands there already is replaced."""
        path = self._jvm.org.apache.hadoop.fs.Path(address)
        stream = path.getFileSystem(self._configuration).create(path)
        try:
            stream.write(bytearray(json.dumps(document, indent=1).encode()))
        finally:
            stream.close()
