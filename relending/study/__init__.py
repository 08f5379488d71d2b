"""Studies 研究: several runs as one result. Measures by name, panels of integers, comparisons and their causes."""

from __future__ import annotations

from relending.study.compare import Comparison, compare_runs
from relending.study.measures import Measure, measures, pick
from relending.study.panel import MisalignedError, Panel, panel

__all__ = ["Comparison", "Measure", "MisalignedError", "Panel", "compare_runs", "measures", "panel", "pick"]
