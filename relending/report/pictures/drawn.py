"""A picture of a run as it was drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from relending.findings import Findings

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture: its name in the catalogue, its language, title, what it says in one or two sentences, the figure.

    ``alt`` has the key figures, for who cannot see it; ``findings`` what is said of characters no shipped font has.
    """

    name: str
    lang: str
    title: str
    alt: str
    figure: Figure = field(repr=False, compare=False)
    findings: Findings = field(default_factory=Findings, repr=False, compare=False)

    def svg(self) -> bytes:
        """The picture as SVG; the same run gives the same bytes."""
        from relending.report.pictures.files import svg_bytes

        return svg_bytes(self.figure)
