"""Metadata that was read or written once is there without S3, and never differs from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyiceberg.io import OutputStream

from medallion.engines.files import KeptFiles

METADATA = "00001-7d3c.metadata.json"


def write(address: Path, content: bytes) -> None:
    with KeptFiles().new_output(str(address)).create() as stream:
        stream.write(content)


def write_half(stream: OutputStream) -> None:
    stream.write(b"half")
    raise TypeError("no more of it")


def read(address: Path) -> bytes:
    with KeptFiles().new_input(str(address)).open() as stream:
        return stream.read()


@pytest.mark.parametrize("name", [METADATA, "snap-1-7d3c.avro"])
def test_metadata_is_kept_when_it_was_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"one")
    assert read(tmp_path / name) == b"one"
    (tmp_path / name).unlink()
    assert read(tmp_path / name) == b"one"
    assert len(KeptFiles().new_input(str(tmp_path / name))) == 3


def test_metadata_is_where_it_belongs_and_kept_when_it_was_written(tmp_path: Path) -> None:
    write(tmp_path / METADATA, b"one")
    assert (tmp_path / METADATA).read_bytes() == b"one"
    (tmp_path / METADATA).unlink()
    assert read(tmp_path / METADATA) == b"one"


def test_data_is_read_anew_each_time(tmp_path: Path) -> None:
    (tmp_path / "part.parquet").write_bytes(b"one")
    assert read(tmp_path / "part.parquet") == b"one"
    (tmp_path / "part.parquet").write_bytes(b"two")
    assert read(tmp_path / "part.parquet") == b"two"


def test_a_file_stays_when_another_is_to_have_its_name(tmp_path: Path) -> None:
    (tmp_path / METADATA).write_bytes(b"one")
    with pytest.raises(FileExistsError):
        write(tmp_path / METADATA, b"two")
    assert read(tmp_path / METADATA) == b"one"


def test_nothing_is_written_when_the_writer_fails_midway(tmp_path: Path) -> None:
    with pytest.raises(TypeError), KeptFiles().new_output(str(tmp_path / METADATA)).create() as stream:
        write_half(stream)
    assert not (tmp_path / METADATA).exists()
    with pytest.raises(FileNotFoundError):
        read(tmp_path / METADATA)


def test_nothing_is_left_when_a_writer_is_forgotten(tmp_path: Path) -> None:
    KeptFiles().new_output(str(tmp_path / METADATA)).create().write(b"half")
    assert not (tmp_path / METADATA).exists()


def test_metadata_is_gone_when_it_was_deleted(tmp_path: Path) -> None:
    write(tmp_path / METADATA, b"one")
    KeptFiles().delete(str(tmp_path / METADATA))
    assert not KeptFiles().new_input(str(tmp_path / METADATA)).exists()
    with pytest.raises(FileNotFoundError):
        read(tmp_path / METADATA)
