"""Looking for garbage is put off while a run is written, and goes on as before, whatever happens."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from relending.runfolder.garbage import passing_over, waiting


@pytest.mark.parametrize("collects", [True, False])
def test_looking_goes_on_as_before_also_after_an_error(collects: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if collects else gc.disable)()
        with pytest.raises(OSError, match="full"), waiting():
            assert not gc.isenabled()
            raise OSError("full")
        assert gc.isenabled() is collects
    finally:
        (gc.enable if before else gc.disable)()


@pytest.fixture
def none_passed_over() -> Iterator[None]:
    """Others in this process may have had Python pass over what there was."""
    before = gc.get_freeze_count()
    gc.unfreeze()
    yield
    if before:
        gc.freeze()


def test_nothing_stays_passed_over_also_after_an_error(none_passed_over: None) -> None:
    with pytest.raises(OSError, match="full"), passing_over():
        assert gc.get_freeze_count() > 0
        raise OSError("full")
    assert gc.get_freeze_count() == 0


def test_what_the_caller_passes_over_stays_so(none_passed_over: None) -> None:
    gc.freeze()
    try:
        with passing_over():
            pass
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
