"""The page of a run 报告页面: everything a director asks for in one file that needs nothing else."""

from __future__ import annotations

from relending.report.page.build import Drawing, report_page

__all__ = ["Drawing", "report_page"]
