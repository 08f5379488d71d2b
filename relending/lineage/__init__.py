"""Lineage 追溯: where a figure comes from, told from a run folder alone."""

from relending.lineage.explain import Section, Story, explain

__all__ = ["Section", "Story", "explain"]
