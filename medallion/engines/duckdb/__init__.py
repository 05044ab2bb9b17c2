"""The DuckDB engine:
parse, judge, resolve and write in one process, within a memory limit, spilling to the work folder.
"""
