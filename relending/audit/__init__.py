"""The audit room 核对: published figures read, checked and held against a run."""

from __future__ import annotations

from relending.audit.compare import compare
from relending.audit.published import Figure, Published, read_published

__all__ = ["Figure", "Published", "compare", "read_published"]
