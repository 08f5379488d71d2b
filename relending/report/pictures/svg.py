"""Writing SVG: matplotlib draws, and text is written as outlines that are laid out only once.

matplotlib loads every character of every text from the font again, which takes most of the time of a small picture.
"""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.colors import to_hex

from relending.report.pictures.fonts import FAMILY, units_per_em
from relending.report.pictures.outlines import line, outline

if TYPE_CHECKING:
    from matplotlib.figure import Figure

POINTS = 72
"""Points in an inch: an SVG of matplotlib is in points."""


def written(figure: Figure, dpi: float, metadata: dict[str, Any]) -> str:
    """A figure as SVG; ``dpi`` is the resolution of what can only be dots."""
    out = StringIO()
    wide, high = figure.get_size_inches()
    before = figure.dpi
    figure.dpi = POINTS
    try:
        renderer = _Outlined(wide * POINTS, high * POINTS, out, image_dpi=dpi, metadata=metadata)
        figure.draw(renderer)
        renderer.finalize()
    finally:
        figure.dpi = before
    return out.getvalue()


class _Outlined(RendererSVG):
    """matplotlib's own writer of SVG, but for plain text in the shipped font."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self._there: set[str] = set()
        super().__init__(*given, **named)

    def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> tuple[float, float, float]:
        """How much room a text takes [points]."""
        found = line(s) if _plain(prop, ismath) else None
        if found is None:
            return super().get_text_width_height_descent(s, prop, ismath)
        scale = prop.get_size_in_points() / units_per_em()
        return found.width * scale, found.height * scale, found.depth * scale

    def draw_text(
        self, gc: Any, x: float, y: float, s: str, prop: Any, angle: float, ismath: Any = False, mtext: Any = None
    ) -> None:
        """Write a text at a place; each of its characters is defined where the file first has it."""
        clipped = gc.get_clip_rectangle() is not None or gc.get_clip_path()[0] is not None
        found = line(s) if _plain(prop, ismath) and not clipped and gc.get_url() is None else None
        if found is None:
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
            return
        inked = [(c, at) for c, at in found.places if outline(c).path]
        new = [c for c in dict.fromkeys(c for c, _ in inked) if c not in self._there]
        self._there.update(new)
        if new:
            self.writer.start("defs")
            for c in new:
                self.writer.element("path", id=_name(c), d=outline(c).path)
            self.writer.end("defs")
        scale = prop.get_size_in_points() / units_per_em()
        turned = f" rotate({-angle:.6g})" if angle else ""
        place = f"translate({_short(x)} {_short(y)}){turned} scale({scale:.6g} {-scale:.6g})"
        *colour, alpha = gc.get_rgb()
        self.writer.start("g", fill=to_hex(colour), opacity="" if alpha == 1 else _short(alpha), transform=place)
        for c, at in inked:
            self.writer.element("use", attrib={"x": str(at), "xlink:href": f"#{_name(c)}"})
        self.writer.end("g")


def _plain(prop: Any, ismath: Any) -> bool:
    """Whether a text is no formula, upright, and taken from the shipped font first."""
    return (
        not ismath
        and prop.get_family()[0] == FAMILY
        and prop.get_style() == "normal"
        and prop.get_weight() in ("normal", "regular", 400)
    )


def _name(character: str) -> str:
    return f"u{ord(character):x}"


def _short(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
