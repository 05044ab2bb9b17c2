"""Spark on the embedded AWS: job runs of AWS Glue and EMR Serverless are real processes on this machine.

A run fetches its script with its own role, runs it in a Spark of its own, and ends as the script ends.
"""
