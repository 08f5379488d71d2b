"""When Python looks for garbage while a run is written: not among all that a run and matplotlib hold, over and over."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def waiting() -> Iterator[None]:
    """Garbage waits: looking for it would take as long as drawing does, and pictures leave a few megabytes of it.

    >>> with waiting():
    ...     gc.isenabled()
    False
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            with passing_over():  # what was made meanwhile is old from here on, and not looked through at once
                gc.enable()


@contextmanager
def passing_over() -> Iterator[None]:
    """Garbage is looked for among what is made from here on; what is there already is passed over."""
    if gc.get_freeze_count():  # the caller's own doing, which is left as it is
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
