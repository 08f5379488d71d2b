"""The page a picture is drawn on: its language, size and title, and what drawing leaves: figure and sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from relending.report.pictures import canvas
from relending.report.pictures.canvas import Entry, Panel, Sheet
from relending.report.pictures.fonts import families

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass
class Page:
    """What a picture is given and what it leaves; ``alt`` and ``figure`` are there once it is drawn."""

    title: str
    lang: str
    size: tuple[float, float] | None = None
    alt: str = ""
    figure: Figure | None = field(default=None, repr=False)

    def sheet(
        self,
        panels: Sequence[Panel],
        legend: Sequence[Entry],
        subtitle: str,
        *,
        heights: Sequence[float] = (1.0,),
        note: str = "",
        high: float = 0.0,
    ) -> Sheet:
        """The sheet with its panels; ``high`` is the height a picture wants where none is asked for [inches]."""
        made = canvas.sheet(
            self.title, subtitle, panels, legend, size=self.size, high=high or None, heights=heights, note=note
        )
        self.figure = made.figure
        return made

    def done(self) -> Figure:
        """The figure, once all of it is drawn: its texts take characters also from fonts that lent one meanwhile."""
        from matplotlib.text import Text

        assert self.figure is not None, "a picture draws a sheet"
        wanted = families()
        for text in self.figure.findobj(Text) if len(wanted) > 1 else ():
            text.set_fontfamily(wanted)
        return self.figure
