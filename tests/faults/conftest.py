"""The small run of the run folder's tests."""

from tests.runfolder.conftest import small_run

__all__ = ["small_run"]
