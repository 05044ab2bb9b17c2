"""How long what must be kept is kept, whatever becomes of the table that held it or of its tenant."""

from __future__ import annotations

from datetime import timedelta

SEVEN_YEARS = timedelta(days=7 * 365 + 2)
