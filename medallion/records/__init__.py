"""The parser: an object's bytes → numbered records. It stands outside the plan, and every lane uses it."""

from medallion.records.limits import Limits
from medallion.records.stream import RecordStream, open_records

__all__ = ["Limits", "RecordStream", "open_records"]
