"""One Spark session for the folder, as a job's is configured: it is what takes time to start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pyspark.sql import SparkSession

from local.settings import HOST
from local.spark.installation import find
from local.spark.settings import jars_folder
from medallion.contracts.model import Lane
from medallion.engines.spark.refine import refine
from tests.integration.local.conftest import free_port
from tests.integration.steps.workbench import Workbench, workbench
