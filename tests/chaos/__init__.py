"""Faults at named points of a run, and what must hold after each. docs/chaos.md explains it."""
