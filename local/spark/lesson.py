"""A job that touches what most jobs touch. It is run once, by `training.py`."""

from __future__ import annotations

from pyspark.sql import SparkSession


def main() -> None:
    """Read a file; create, append to, branch, merge into and read an Iceberg table."""
    spark = SparkSession.builder.getOrCreate()
    numbers = spark.read.csv("s3://training/numbers.csv", header=True)
    numbers.createOrReplaceTempView("numbers")
    spark.sql("USE glue_catalog.training")
    spark.sql("CREATE TABLE kept (id string, word string) USING iceberg PARTITIONED BY (bucket(4, id))")
    numbers.writeTo("kept").append()
    spark.sql("ALTER TABLE kept CREATE BRANCH lesson")
    numbers.dropDuplicates(["id"]).writeTo("kept.branch_lesson").append()
    spark.sql(
        "MERGE INTO kept USING numbers n ON kept.id = n.id "
        "WHEN MATCHED THEN UPDATE SET word = n.word WHEN NOT MATCHED THEN INSERT *"
    )
    spark.sql("SELECT word, count(*) FROM kept WHERE id > 0 GROUP BY word ORDER BY word").collect()
    spark.sql("SELECT * FROM kept.snapshots").collect()
    spark.table("kept").join(numbers, "id", "left_anti").count()


if __name__ == "__main__":
    main()
