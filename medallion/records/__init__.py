"""The parser: an object's bytes → numbered records. It stands outside the plan, and every lane uses it."""

from medallion.records.formats import open_records
from medallion.records.limits import Limits
from medallion.records.stream import RecordStream

__all__ = ["Limits", "RecordStream", "open_records"]
