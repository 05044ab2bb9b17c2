"""Execute a compiled plan with Spark: of the standard library and pyspark alone, so that a job brings no wheels."""
