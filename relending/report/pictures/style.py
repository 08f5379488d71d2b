"""What all pictures share: sizes, greys, and the settings under which they are drawn and written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from relending.report.pictures.quiet import load

INK, SOFT, EDGE, GRID, SHADE, PAPER = "#222222", "#666666", "#999999", "#DDDDDD", "#F2F2F2", "#FFFFFF"
TITLE, TEXT, SMALL = 12.0, 9.0, 8.0
"""Points of a title, of the name of a panel, of everything else."""
SETTINGS: dict[str, Any] = {
    "font.size": TEXT,
    "text.color": INK,
    "text.parse_math": False,  # no name of a bank is a formula
    "text.usetex": False,
    "text.hinting": "no_hinting",
    "axes.edgecolor": EDGE,
    "axes.linewidth": 0.7,
    "axes.labelcolor": SOFT,
    "axes.labelsize": SMALL,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": EDGE,
    "ytick.color": EDGE,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.width": 0.7,
    "ytick.major.size": 0,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "lines.linewidth": 1.7,
    "lines.markersize": 5,
    "figure.facecolor": PAPER,
    "svg.hashsalt": "relending",
    "svg.fonttype": "path",
    "pdf.fonttype": 3,
}


@contextmanager
def drawing() -> Iterator[None]:
    """Draw or write under the settings of the pictures, whatever the machine or the caller has set.

    Raises InputError (``font_damaged``) where the font the pictures are shipped with cannot be read.
    """
    load()
    import matplotlib as mpl

    from relending.report.pictures.fonts import families

    with mpl.rc_context():
        mpl.rcdefaults()
        settings: Any = {**SETTINGS, "font.family": families()}
        mpl.rcParams.update(settings)
        yield
