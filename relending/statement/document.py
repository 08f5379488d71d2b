"""A document 文件 before it has a format: paragraphs and tables, which every writer prints in its own way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Role = Literal["mark", "body", "heading", "sign", "footnote"]
"""What a paragraph is: a mark of its status on top, a text, a heading, who signs and when (set right), a footnote."""
Kind = Literal["public", "internal"]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; its text is plain text of anyone, never markup."""

    text: str
    role: Role = "body"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its text, whether it is a figure (set right) or a total (bold), how many columns and rows it takes."""

    text: str
    figure: bool = False
    bold: bool = False
    across: int = 1
    down: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """A table: rows of a header and rows below it; a cell that takes several rows stands in the first of them.

    ``wide``: needs a page on its side. ``widths``: shares of the page's width by column.
    """

    caption: str
    header: tuple[tuple[Cell, ...], ...]
    rows: tuple[tuple[Cell, ...], ...]
    widths: tuple[float, ...]
    wide: bool = False

    def grid(self, rows: tuple[tuple[Cell, ...], ...]) -> Iterator[tuple[int, int, Cell]]:
        """Row, column and cell of header or body rows, with room left for cells that reach down."""
        taken: set[tuple[int, int]] = set()
        for r, row in enumerate(rows):
            c = 0
            for cell in row:
                while (r, c) in taken:
                    c += 1
                yield r, c, cell
                taken |= {(r + i, c + j) for i in range(cell.down) for j in range(cell.across)}
                c += cell.across


@dataclass(frozen=True, slots=True)
class Document:
    """A document in one language: title, who issues it, whom it is for, and its parts in their order."""

    lang: str
    title: str
    issuer: str
    kind: Kind
    blocks: tuple[Paragraph | Table, ...]
    draft: bool = False
