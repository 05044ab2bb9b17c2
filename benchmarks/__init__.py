"""Measurements of the platform's parts, to be run by hand: no test looks at a clock."""
