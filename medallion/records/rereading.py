"""One malformed record's bytes, read once more as if they were all that its object held."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from medallion.contracts.model import Dialect, Encoding, Format
from medallion.errors import UnreadableObject
from medallion.records.formats import open_records
from medallion.records.stream import RecordStream

_WITHOUT_MARK = {Encoding.UTF_16: Encoding.UTF_16_LE}
"""A record's bytes have no byte order mark of their own."""


def reread(raw: bytes, header: tuple[str, ...], dialect: Dialect, columns: Sequence[str] = ()) -> RecordStream | None:
    """The record that `raw` is under that header and dialect; None if it is still malformed, or not exactly one.

    `columns` are the names by which the contract finds its columns: in JSON they are paths.

    Formats whose records have no bytes of their own are not read again.
    """
    encoding = _WITHOUT_MARK.get(dialect.encoding, dialect.encoding)
    plain = dialect.model_copy(update={"compression": "none", "encoding": encoding})
    match dialect.format:
        case Format.CSV:
            quote = plain.quote
            names = plain.delimiter.join(f"{quote}{name.replace(quote, quote * 2)}{quote}" for name in header)
            content = f"{names}\n".encode(encoding) + raw
        case Format.JSONL:
            content = raw
        case _:
            return None
    try:
        with open_records(BytesIO(content), plain) as records:
            found = list(records)
        whole = sum(batch.num_rows for batch in found) == 1 and found[0].column("malformed")[0].as_py() is None
        return open_records(BytesIO(content), plain, columns=columns) if whole else None
    except UnreadableObject:
        return None
