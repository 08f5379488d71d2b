"""Studies 情景研究: several scenarios as one result, sweeps, distributions, and what causes a difference."""

from __future__ import annotations

from relending.study.measures import Measure, measures, pick
from relending.study.panel import Misaligned, Panel, panel

__all__ = ["Measure", "Misaligned", "Panel", "measures", "panel", "pick"]
