"""Lineage 追溯: where a figure comes from, told from a run folder alone."""

from relending.lineage.carry_on import opening_from
from relending.lineage.case import DamagedRun, UnknownLoan
from relending.lineage.loan_story import Section, Story, explain

__all__ = ["DamagedRun", "Section", "Story", "UnknownLoan", "explain", "opening_from"]
