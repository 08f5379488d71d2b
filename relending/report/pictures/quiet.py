"""Loading matplotlib without what it says to a log: nothing that it says there is about the pictures."""

from __future__ import annotations

import logging
from functools import cache


@cache
def load() -> None:
    """Import matplotlib once; where home cannot be written, or fonts are listed for the first time, it says nothing.

    Its fonts are then listed anew by every process, in a second or two.
    """
    log = logging.getLogger("matplotlib")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        import matplotlib.font_manager  # noqa: F401 (loading it is what writes and what speaks)
    finally:
        log.setLevel(before)
