"""Lambda archives on disk."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import pytest

from local.packages import compiled_for, layer_paths, unpacked

OURS = f"{sys.version_info.major}{sys.version_info.minor}"


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return buffer.getvalue()


def test_folder_is_shared_when_the_content_is_the_same(tmp_path: Path) -> None:
    first = unpacked(zipped("a.py"), tmp_path)
    assert unpacked(zipped("a.py"), tmp_path) == first
    assert unpacked(zipped("b.py"), tmp_path) != first
    assert (first / "a.py").exists()


def test_archive_is_refused_when_an_entry_leaves_its_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'\.\./out\.py' leaves"):
        unpacked(zipped("../out.py"), tmp_path)
    assert not (tmp_path.parent / "out.py").exists()


@pytest.mark.parametrize(
    ("name", "versions"),
    [
        ("python/x/_x.cpython-312-x86_64-linux-gnu.so", {"312"}),
        ("python/x/_x.cpython-312-darwin.so", {"312"}),
        ("python/x/_x.abi3.so", set()),
        ("python/x.libs/libfoo-1.so", set()),
    ],
)
def test_python_version_is_read_from_extension_modules(name: str, versions: set[str]) -> None:
    assert compiled_for(zipped(name)) == versions


def test_layer_is_left_out_when_it_is_for_another_python(tmp_path: Path) -> None:
    assert layer_paths(zipped("python/x.cpython-399-x86_64-linux-gnu.so"), tmp_path) == ()


def test_layer_is_on_the_path_when_it_is_for_this_python(tmp_path: Path) -> None:
    paths = layer_paths(zipped(f"python/x.cpython-{OURS}-x86_64-linux-gnu.so"), tmp_path)
    assert [path.name for path in paths][:1] == ["python"]
