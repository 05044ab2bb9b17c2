"""The steps' own tests once more, each run through Spark: appended, upserted, whole states, replays, backfills."""

from __future__ import annotations

import pytest

from tests.integration.steps.test_loads import *  # noqa: F403  # the very tests, under another bench
from tests.integration.steps.test_replay import *  # noqa: F403  # as above

pytestmark = pytest.mark.usefixtures("spark")
