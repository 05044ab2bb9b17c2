"""Closing: a tenant leaves, in stages that each can be run again: nothing is removed that was not copied and read back.

docs/offboarding.md tells it whole.
"""
