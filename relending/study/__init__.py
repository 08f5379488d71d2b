"""Panels 面板: the measures of one run as integers, a row a quarter, lender and facility, and their long frame."""

from __future__ import annotations

from relending.study.measures import Measure, measures, pick
from relending.study.panel import MisalignedError, Panel, panel

__all__ = ["Measure", "MisalignedError", "Panel", "measures", "panel", "pick"]
