"""A Parquet file that DuckDB wrote → the data file that Iceberg commits, with statistics from the file's own footer."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import Table
from pyiceberg.typedef import Record


def data_file(table: Table, local: Path, address: str, partition: tuple[object, ...] = ()) -> DataFile:
    """The data file that stands at `address` and whose bytes are those of `local`.

    `partition` holds the values of the table's partition fields. The file must carry the table's field ids.
    """
    schema = table.schema()
    statistics = data_file_statistics_from_parquet_metadata(
        pq.read_metadata(local),
        stats_columns=compute_statistics_plan(schema, table.metadata.properties),
        parquet_column_mapping=parquet_path_to_id_mapping(schema),
    )
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=address,
        file_format=FileFormat.PARQUET,
        partition=Record(*partition),
        file_size_in_bytes=local.stat().st_size,
        sort_order_id=None,
        spec_id=table.metadata.default_spec_id,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )
