"""Pictures without title and subtitle, for a paper: there they stand in the caption."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from relending.report.pictures.canvas import LINE, TITLE_LINE
from relending.report.pictures.drawn import Drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Size = tuple[float, float] | None
HEIGHTS = {"title": TITLE_LINE, "subtitle": LINE}
"""Inches that a line of each takes."""


def untitled(draw: Callable[[Size], Drawn], size: Size) -> Drawn:
    """What ``draw`` draws at a size [inches], without title and subtitle; they are the label of the figure.

    Without a height the picture is lower by what they took; with one, the panels have it.
    """
    drawn = draw(size)
    if size is not None and size[1] > 0:
        drawn = draw((size[0], size[1] + _freed(drawn.figure)))
    _strip(drawn.figure)
    return drawn


def _freed(figure: Figure) -> float:
    return sum(HEIGHTS.get(str(text.get_label()), 0.0) for text in figure.texts)


def _strip(figure: Figure) -> None:
    """Take the texts away, and move what is left to the same places [inches] below the new upper edge."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    high = figure.get_figheight()
    lower = high - _freed(figure)
    more = high / lower
    for text in [t for t in figure.texts if t.get_label() in HEIGHTS]:
        text.remove()
    figure.set_figheight(lower)
    for axes in figure.axes:
        box = axes.get_position()
        axes.set_position((box.x0, box.y0 * more, box.width, box.height * more))
    for text in figure.texts:
        x, y = text.get_position()
        text.set_position((x, y * more))
    for one in figure.get_children():
        if one is figure.patch:
            continue
        if isinstance(one, Rectangle):
            one.set_y(one.get_y() * more)
            one.set_height(one.get_height() * more)
        elif isinstance(one, Line2D):
            one.set_ydata(np.asarray(one.get_ydata(), float) * more)
