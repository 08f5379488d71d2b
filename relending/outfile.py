"""A file that is there whole or not at all: written under another name beside its own, which it takes at the end.

Whatever stops the writing (a full disk, a process killed, a mistake in what is written), the file that had the name
before is as it was, and no half of a new one is seen under it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MODE = 0o644


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A name to write to; what stands there when the block ends takes the place of ``path``.

    The name given has the same ending as ``path``. After any error the folder is as before. Raises ``OSError`` where
    the disk refuses, also where another program holds ``path`` open and the system does not let it be replaced.

    >>> folder = Path(tempfile.mkdtemp())
    >>> with whole_file(folder / "a.csv") as room:
    ...     _ = room.write_text("1,2")
    >>> [p.name for p in folder.iterdir()], (folder / "a.csv").read_text()
    (['a.csv'], '1,2')
    """
    target = Path(os.path.realpath(path))  # a link keeps its name, the file behind it is replaced
    handle, name = tempfile.mkstemp(prefix=".relending-", suffix=f".partial{target.suffix}", dir=target.parent)
    os.close(handle)
    room = Path(name)
    try:
        yield room
        room.chmod(MODE)
        room.replace(target)
    except BaseException:
        room.unlink(missing_ok=True)
        raise
