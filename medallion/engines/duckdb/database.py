"""The DuckDB that this process keeps: to start one and load its way to S3 takes a tenth of a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from weakref import finalize

import duckdb

from medallion.plan.sql import literal


class Database:
    """One DuckDB instance with a folder to spill to. It holds nothing between sessions.

    `memory` and `threads` bound all sessions together.
    """

    def __init__(self, memory: str, threads: int, folder: Path | None) -> None:
        home = mkdtemp(dir=folder, prefix="medallion-")
        finalize(self, rmtree, home, ignore_errors=True)
        self._connection = duckdb.connect(
            config={
                "threads": threads,
                "memory_limit": memory,
                "temp_directory": str(Path(home) / "spill"),
                "home_directory": home,
                "allow_persistent_secrets": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        self._numbers = count()

    @contextmanager
    def session(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to a catalog of its own, gone afterwards. A session that fails takes the instance with it:
        nobody meets what it left.
        """
        name = f"session_{next(self._numbers)}"
        connection = self._connection.cursor()
        connection.execute(f"ATTACH ':memory:' AS {name}")
        connection.execute(f"USE {name}")
        try:
            yield connection
        except BaseException:
            kept.cache_clear()
            raise
        finally:
            connection.close()
        self._connection.execute(f"DETACH {name}")


@lru_cache(maxsize=1)
def kept(memory: str, threads: int, folder: Path | None) -> Database:
    """The process's instance with these bounds; the one with others before it goes with its last session."""
    return Database(memory, threads, folder)


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension from its package; nothing where the instance has it. duckdb.IOException if there is none."""
    spec = find_spec(f"duckdb_extension_{name}")
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    found = [path for folder in folders for path in Path(folder).glob(f"extensions/*/{name}.duckdb_extension")]
    if not found:
        raise duckdb.IOException(f"DuckDB's {name} extension is not installed: install duckdb-extension-{name}")
    connection.execute(f"LOAD {literal(str(found[0]))}")
