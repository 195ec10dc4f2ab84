"""Reports: one page for a run or a sweep, and the same plots for papers."""

from harness.report.build import write_report

__all__ = ["write_report"]
