"""How Spark finds a tenant's Iceberg tables, and runs, on Glue and on EMR Serverless: outside the jobs' code."""

from __future__ import annotations

from collections.abc import Mapping

from medallion.layout import TenantLayout, Zone

CATALOGUE = "spark.sql.catalog.glue_catalog"


def catalogue(layout: TenantLayout) -> dict[str, str]:
    """Spark's settings for the Glue Data Catalog as `glue_catalog`.

    No role may write to the warehouse: every table says where it stands.
    """
    return {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        CATALOGUE: "org.apache.iceberg.spark.SparkCatalog",
        f"{CATALOGUE}.catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
        f"{CATALOGUE}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        f"{CATALOGUE}.warehouse": f"s3://{layout.bucket(Zone.ARTIFACTS)}/warehouse",
        "spark.sql.session.timeZone": "UTC",
    }


_PYTHON = "/usr/bin/python3.11"
"""EMR's release has two; its default is 3.9."""

EMR = {
    # Part of the release, but on no class path unless it is named.
    "spark.jars": "/usr/share/aws/iceberg/lib/iceberg-spark3-runtime.jar",
    "spark.emr-serverless.driverEnv.PYSPARK_DRIVER_PYTHON": _PYTHON,
    "spark.emr-serverless.driverEnv.PYSPARK_PYTHON": _PYTHON,
    "spark.executorEnv.PYSPARK_PYTHON": _PYTHON,
}


def glue_argument(settings: Mapping[str, str]) -> str:
    """Settings as the value of Glue's one argument --conf. ValueError for one of several words."""
    for name, value in settings.items():
        if len(value.split()) != 1:
            raise ValueError(f"{name} is {value!r}: a parameter's words are parted, it must be one")
    return " --conf ".join(f"{name}={value}" for name, value in settings.items())


def submit_parameters(code: str, settings: Mapping[str, str]) -> str:
    """Settings, and the address of the zip that holds the domain, as parameters of spark-submit."""
    return f"--py-files {code} --conf {glue_argument(settings)}"
