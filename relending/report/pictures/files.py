"""Pictures as files: bytes that depend on the figures, the versions and the font alone."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relending.findings import Findings, InputError
from relending.outfile import whole_file
from relending.report.pictures.style import drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
DPI = 150
_COMMENT = re.compile(r"<!--.*?-->\s*", re.DOTALL)
"""Beside its outlines matplotlib writes each text as a comment: names that are nobody's markup need not stand there."""


def picture_bytes(figure: Figure, kind: str) -> bytes:
    """A figure as ``png``, ``svg`` or ``pdf``; the same figure gives the same bytes, as often as it is asked."""
    with drawing():
        if kind == "svg":
            from relending.report.pictures.svg import written

            return _COMMENT.sub("", written(figure, DPI, METADATA[kind])).encode("utf-8")
        out = BytesIO()
        figure.savefig(out, format=kind, dpi=DPI, metadata=METADATA[kind])
    return out.getvalue()


def svg_bytes(figure: Figure) -> bytes:
    """A figure as SVG; its text is outlines, so that it looks the same without any font."""
    return picture_bytes(figure, "svg")


def save_picture(figure: Figure, path: Path | str, force: bool = False) -> Path:
    """Write a picture as PNG, SVG or PDF, as ``path`` ends; a file that is there is not written over without ``force``.

    Returns the path. Raises InputError (``picture_format``) for another ending, ``FileExistsError``, and ``OSError``
    where the disk refuses.
    """
    place = Path(path)
    kind = place.suffix.removeprefix(".").lower()
    if kind not in METADATA:
        known = ", ".join(f".{k}" for k in METADATA)
        raise InputError(Findings.one("picture_format", file=place.name, found=place.suffix, expected=known))
    if not force and place.exists():
        raise FileExistsError(f"{place}: exists already and is left as it is")
    made = picture_bytes(figure, kind)
    with whole_file(place) as room:
        room.write_bytes(made)
        if not force and place.exists():  # drawing took a while
            raise FileExistsError(f"{place}: exists already and is left as it is")
    return place
