"""Where a job's standard output and standard error go: CloudWatch Logs while it runs, S3 when it ended.

They are written in the job's own role, as Glue and EMR do. A role that may not write them loses the logs, never the
run.
"""

from __future__ import annotations

import gzip
import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

logger = logging.getLogger("local.spark")

_BATCH_EVENTS = 1000
_LINE_CHARACTERS = 200_000
"""CloudWatch Logs takes events of 256 KB, and 1 MB at once."""


class Sink(Protocol):
    """One destination of one of a job's two streams."""

    def write(self, lines: list[str]) -> None:
        """Take lines that were printed since the last call."""

    def close(self, printed: Path) -> None:
        """The stream has ended; `printed` holds the whole of it."""


@dataclass
class LogStream:
    """A CloudWatch Logs stream. It is made, with its group, when there is a first line."""

    client: Any
    group: str
    stream: str
    _made: bool = False
    _refused: bool = False

    def write(self, lines: list[str]) -> None:
        if self._refused:
            return
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line[:_LINE_CHARACTERS] or " "} for line in lines]
        try:
            self._make()
            for first in range(0, len(events), _BATCH_EVENTS):
                self.client.put_log_events(
                    logGroupName=self.group,
                    logStreamName=self.stream,
                    logEvents=events[first : first + _BATCH_EVENTS],
                )
        except (ClientError, BotoCoreError) as error:
            self._refused = True
            logger.warning("the log %s %s of a Spark job is lost: %s", self.group, self.stream, error)

    def close(self, printed: Path) -> None:
        pass

    def _make(self) -> None:
        """The group is made only where it is missing: a role need not be allowed to."""
        if self._made:
            return
        try:
            self._make_stream()
        except self.client.exceptions.ResourceNotFoundException:
            self.client.create_log_group(logGroupName=self.group)
            self._make_stream()
        self._made = True

    def _make_stream(self) -> None:
        try:
            self.client.create_log_stream(logGroupName=self.group, logStreamName=self.stream)
        except self.client.exceptions.ResourceAlreadyExistsException:
            return


@dataclass
class LogObject:
    """A gzipped S3 object, written when the stream has ended."""

    client: Any
    bucket: str
    key: str

    def write(self, lines: list[str]) -> None:
        pass

    def close(self, printed: Path) -> None:
        try:
            self.client.put_object(Bucket=self.bucket, Key=self.key, Body=gzip.compress(printed.read_bytes()))
        except (ClientError, BotoCoreError) as error:
            logger.warning("the log s3://%s/%s of a Spark job is lost: %s", self.bucket, self.key, error)


@dataclass
class Follower:
    """Carries what a process appends to a file to the file's sinks, in whole lines."""

    printed: Path
    sinks: list[Sink]
    _position: int = 0
    _rest: bytes = field(default=b"")

    def carry(self) -> None:
        """Carry what was printed since the last call."""
        with self.printed.open("rb") as stream:
            stream.seek(self._position)
            new = stream.read()
        self._position += len(new)
        *whole, self._rest = (self._rest + new).split(b"\n")
        self._write(whole)

    def close(self) -> None:
        """Carry the remainder."""
        self.carry()
        if self._rest:
            self._write([self._rest])
        for sink in self.sinks:
            sink.close(self.printed)

    def _write(self, lines: list[bytes]) -> None:
        if not lines:
            return
        text = [line.decode("utf-8", "replace").rstrip("\r") for line in lines]
        for sink in self.sinks:
            sink.write(text)
