"""Measure, feed and train tool-using language agents with one loop."""

__version__ = "0.1.0"
