"""A job that touches what most jobs touch. It is run once, by `training.py`."""

from __future__ import annotations

from pyspark.sql import SparkSession


def main() -> None:
    """Read a file; create, append to, branch, merge into and read an Iceberg table."""
    spark = SparkSession.builder.getOrCreate()
    numbers = spark.read.csv("s3://training/numbers.csv", header=True)
    numbers.createOrReplaceTempView("numbers")
    spark.sql("USE glue_catalog")
    spark.sql("CREATE TABLE training.kept (id string, word string) USING iceberg PARTITIONED BY (bucket(4, id))")
    numbers.writeTo("training.kept").append()
    spark.sql("ALTER TABLE training.kept CREATE BRANCH lesson")
    numbers.dropDuplicates(["id"]).writeTo("training.kept.branch_lesson").append()
    spark.sql(
        "MERGE INTO training.kept k USING numbers n ON k.id = n.id "
        "WHEN MATCHED THEN UPDATE SET word = n.word WHEN NOT MATCHED THEN INSERT *"
    )
    spark.sql("SELECT word, count(*) FROM training.kept WHERE id > 0 GROUP BY word ORDER BY word").collect()
    spark.sql("SELECT * FROM training.kept.snapshots").collect()
    spark.table("training.kept").join(numbers, "id", "left_anti").count()


if __name__ == "__main__":
    main()
