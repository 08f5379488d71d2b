"""Lineage 追溯: where a figure comes from, told from a run folder alone."""

from relending.lineage.carry_on import opening_from
from relending.lineage.case import DamagedRun, UnknownLoan
from relending.lineage.loan_story import Section, Story, explain
from relending.lineage.redaction import Redactor
from relending.lineage.redaction_key import new_key, read_key

__all__ = [
    "DamagedRun",
    "Redactor",
    "Section",
    "Story",
    "UnknownLoan",
    "explain",
    "new_key",
    "opening_from",
    "read_key",
]
