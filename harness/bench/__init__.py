"""Measure what the harness itself costs: `python -m harness.bench NAME`."""
