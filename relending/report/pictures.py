"""What all pictures share: colours, sizes, and files whose bytes depend on the figures and the versions alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINES = (("#0072B2", "-"), ("#D55E00", "--"), ("#009E73", "-."), ("#CC79A7", ":"), ("#56B4E9", "-"), ("#E69F00", "--"))
"""Colour (told apart by all kinds of colour vision) and dash of each line, so that a grey print is read too."""
STYLE: Any = {
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "svg.hashsalt": "relending",
    "svg.fonttype": "path",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "legend.frameon": False,
}
METADATA: dict[str, dict[str, Any]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
DPI = 150


def save_picture(figure: Figure, path: Path) -> None:
    """Write a picture as PNG or SVG, as ``path`` ends; a file that is there is not written over."""
    import matplotlib as mpl

    kind = path.suffix.removeprefix(".")
    with mpl.rc_context(STYLE), path.open("xb") as out:
        figure.savefig(out, format=kind, dpi=DPI, metadata=METADATA[kind])


def drawable(name: str, otherwise: str) -> str:
    """A name the picture's own font can draw, else the other one: no empty boxes; a dollar sign begins no formula.

    >>> drawable("original", "run 1"), drawable("基准", "run 1"), drawable("$x^$", "run 1")
    ('original', 'run 1', '\\\\$x^\\\\$')
    """
    if not (name.isascii() and name.isprintable()) or name.startswith("_"):  # a legend leaves out what begins so
        return otherwise
    return name.replace("$", "\\$")
