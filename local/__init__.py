"""The embedded AWS: the emulator in one process, with what it lacks, for a laptop without Docker and without an
account.

Differences from AWS stay inside this package and are listed in docs/local.md.
"""
