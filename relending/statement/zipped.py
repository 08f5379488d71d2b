"""A zip file whose bytes depend on what is in it alone: entries sorted, dated 1980-01-01."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

from relending.outfile import MODE, whole_file

DAY = (1980, 1, 1, 0, 0, 0)
"""The first moment a zip entry can be dated."""


def write_zip(path: Path, parts: Mapping[str, bytes]) -> None:
    """Write a zip of parts by name; the file is there whole or not at all. Raises OSError where the disk refuses.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_zip(folder / "a.zip", {"b": b"2", "a": b"1"}), write_zip(folder / "b.zip", {"a": b"1", "b": b"2"})
    (None, None)
    >>> (folder / "a.zip").read_bytes() == (folder / "b.zip").read_bytes()
    True
    """
    with whole_file(path) as room, zipfile.ZipFile(room, "w", zipfile.ZIP_DEFLATED) as out:
        for name in sorted(parts):
            entry = zipfile.ZipInfo(name, DAY)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, MODE << 16
            out.writestr(entry, parts[name])
