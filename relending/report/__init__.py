"""The report room 图表: pictures of a run."""

from __future__ import annotations

from relending.report.pictures.balances import balances_picture
from relending.report.pictures.files import save_picture

__all__ = ["balances_picture", "save_picture"]
