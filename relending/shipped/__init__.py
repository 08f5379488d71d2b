"""Shipped data as frames: policy, LPR, published statements and totals, factors; each figure with its source.

The figures stand where the package itself uses them (``relending/policy``, the shipped scenarios), and nowhere twice;
here they become tidy frames in users' units with declared, labelled columns.
"""

from __future__ import annotations

from relending.shipped.declared import Column, Set, shipped_set, shipped_sets
from relending.shipped.frames import frame

__all__ = ["Column", "Set", "frame", "shipped_set", "shipped_sets"]
