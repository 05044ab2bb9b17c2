"""The dependency layer: it fits, it is pinned, and what the functions import is in it and works."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import platform
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from stacks.layer import CONSTRAINTS, PYTHON, REQUIREMENTS, SUPPLIED_BY_LAMBDA, built_layer
from stacks.settings import ROOT
from stacks.shared_objects import strip
from tests.infrastructure.synthesis import Synthesis, flat

LIMIT = 262_144_000
"""Lambda's bound on a function's code and layers together, unzipped."""

# Imports every module that functions run, writes and reads Parquet, and loads DuckDB's extension by its path, in an
# interpreter that sees nothing but the layer, what Lambda supplies, and the code. What a job runs is no function's.
USE = """\
import importlib, io, pathlib, pkgutil, sys
layer, supplied, root = sys.argv[1:]
sys.path[:] = [root, layer, *sys.path, supplied]
for package in ("medallion", "lambdas", "verifier"):
    for module in pkgutil.walk_packages([f"{root}/{package}"], f"{package}."):
        if not module.name.startswith("medallion.engines.spark"):
            importlib.import_module(module.name)
import duckdb, duckdb_extension_httpfs, pyarrow, pyarrow.fs, pyarrow.parquet
import pyiceberg.catalog.glue, pyiceberg.io.pyarrow
file = io.BytesIO()
pyarrow.parquet.write_table(pyarrow.table({"number": [1, 2, 3]}), file, compression="zstd")
numbers = pyarrow.parquet.read_table(file)
connection = duckdb.connect()
(extension,) = pathlib.Path(duckdb_extension_httpfs.__file__).parent.rglob("*.duckdb_extension")
connection.load_extension(str(extension))
pyarrow.fs.S3FileSystem(region="eu-west-1", anonymous=True)
outside = [name for name, each in sys.modules.items() if "site-packages" in str(getattr(each, "__file__", None))]
assert not outside, outside
print("sum", connection.sql("SELECT sum(number) FROM numbers").fetchall()[0][0])
"""


@pytest.fixture(scope="module")
def layer() -> Path:
    return built_layer() / "python"


def imports(file: Path) -> Iterator[str]:
    """The top-level modules that a file imports when it runs: not those for type checkers alone."""
    waiting: list[ast.AST] = [ast.parse(file.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            waiting += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
        waiting += ast.iter_child_nodes(node)


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.partition("[")[0]).lower()


def requirements() -> set[str]:
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    return {normalised(line) for line in lines if line and not line.startswith("#")}


def test_the_layer_and_the_code_fit_into_a_function(layer: Path) -> None:
    code = [
        file for folder in ("medallion", "lambdas", "verifier") for file in (ROOT / folder).rglob("*") if file.is_file()
    ]
    size = sum(file.stat().st_size for file in [*layer.rglob("*"), *code] if file.is_file())
    assert size < 0.9 * LIMIT, (
        f"{size / 2**20:.0f} MiB of {LIMIT / 2**20:.0f}; see what grew, or prune more in layer.py"
    )


def test_every_distribution_is_the_one_that_was_tested(layer: Path) -> None:
    pinned = dict(line.split("==") for line in CONSTRAINTS.read_text(encoding="utf-8").splitlines() if "==" in line)
    installed = {normalised(each.name): each.version for each in importlib.metadata.distributions(path=[str(layer)])}
    assert len(installed) > 20
    assert {name: pinned.get(name) for name in installed} == installed


def test_what_lambda_supplies_is_left_out(layer: Path) -> None:
    for name in SUPPLIED_BY_LAMBDA:
        assert not (layer / name).exists()


def test_the_layer_is_compiled_for_lambda(layer: Path) -> None:
    compiled = {
        match[0] for file in layer.rglob("*.so") if (match := re.search(r"cpython-\d+-\S+-linux-gnu", file.name))
    }
    assert compiled == {f"cpython-{PYTHON.replace('.', '')}-x86_64-linux-gnu"}


def test_the_projects_runtime_is_the_layers() -> None:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        runtime = tomllib.load(stream)["project"]["optional-dependencies"]["runtime"]
    assert requirements() == {normalised(re.split(r"[<>=!~]", each)[0]) for each in runtime}


def test_every_import_of_the_functions_is_satisfied(layer: Path) -> None:
    ours = {"medallion", "lambdas", "verifier"}
    satisfied = {each.name.partition(".")[0] for each in layer.iterdir()} | set(SUPPLIED_BY_LAMBDA)
    missing = {
        (module, file.relative_to(ROOT).as_posix())
        for folder in sorted(ours)
        for file in (ROOT / folder).rglob("*.py")
        if file.parent != ROOT / "medallion/engines/spark"
        for module in imports(file)
        if module not in satisfied | ours | sys.stdlib_module_names
    }
    assert missing == set()


@pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"),
    reason="the layer's wheels are Linux x86-64 binaries",
)
def test_every_module_of_the_functions_works_with_nothing_but_the_layer(tmp_path: Path, prod: Synthesis) -> None:
    """The same requirements, pruned the same way, for the interpreter at hand: what was cut out is missed here."""
    ours = built_layer(f"{sys.version_info.major}.{sys.version_info.minor}") / "python"
    for name in (*SUPPLIED_BY_LAMBDA, "jmespath", "dateutil", "urllib3"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        (tmp_path / name).symlink_to(Path(spec.origin).parent)
    seed = prod.one("AWS::Lambda::Function", "acme-pipeline", FunctionName="medallion-prod-acme-seed")
    given = {name: flat(value) for name, value in seed["Environment"]["Variables"].items()}
    outcome = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", USE, str(ours), str(tmp_path), str(ROOT)],
        # What the stack sets, and what Lambda itself does: modules may read both when they are imported.
        env={**given, "AWS_REGION": "ap-southeast-1", "AWS_DEFAULT_REGION": "ap-southeast-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout == "sum 6\n"


def test_a_shared_object_keeps_what_is_loaded_when_it_is_stripped(tmp_path: Path, layer: Path) -> None:
    library = tmp_path / "library.so"
    library.write_bytes(next(layer.rglob("_yaml*.so")).read_bytes() + b"symbols" * 1000)
    saved = strip(library)
    assert saved >= 7000
    assert strip(library) == 0


def test_a_file_is_left_alone_when_it_is_no_shared_object(tmp_path: Path) -> None:
    script = tmp_path / "library.so"
    script.write_text("GROUP ( libc.so.6 )")
    assert strip(script) == 0
    assert script.read_text() == "GROUP ( libc.so.6 )"
