"""The command line: one verb a file, loaded when it is called, so that ``--help`` is quick."""

from __future__ import annotations

from relending.cli.main import main

__all__ = ["main"]
