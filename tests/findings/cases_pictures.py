"""The smallest input of each finding about pictures: what is asked for and not there, and characters no font has.

Each runs the plain scenario into the folder ``out`` and returns a ``plot`` of it. What the fonts of the computer have
to say is made the same on every one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.findings.cases_statement import typed

Make = Callable[[], list[str]]
NAMED = '[lenders.icbc]\nshort_name = {{ zh = "{0}", en = "{0}" }}\n'


def plotted(*words: str, named: str = "") -> Make:
    """A picture of the plain scenario's run; ``named`` is what its lender is called."""

    def make() -> list[str]:
        from tests.findings.cases import scenario

        typed(*scenario(more=NAMED.format(named) if named else ""), "--no-report", "--quiet")
        return ["plot", "out", *words, "--quiet"]

    return make


def _other(name: str, value: Any) -> None:
    """Something else in the place of a function of the fonts, until the case is over."""
    from relending.report.pictures import fonts
    from tests.findings.cases import UNDO

    before, lender = getattr(fonts, name), fonts._lender

    def undo() -> None:
        setattr(fonts, name, before)
        lender.cache_clear()

    lender.cache_clear()
    setattr(fonts, name, value)
    UNDO.append(undo)


def _damaged() -> list[str]:
    words = plotted("margin")()
    Path("RelendingSansSC-Regular.otf").write_bytes(b"")
    _other("font_file", lambda: Path("RelendingSansSC-Regular.otf"))
    return words


def _of_another_font() -> list[str]:
    words = plotted("margin", named="שקל")()
    from matplotlib import get_data_path

    file = str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
    _other("_machine", lambda: (("DejaVu Sans", file),))
    return words


def _of_no_font() -> list[str]:
    words = plotted("margin", named="𠮷银行")()
    _other("_machine", lambda: ())
    return words


PICTURES: dict[str, Make] = {
    "nothing_to_plot": plotted("balances"),
    "no_such_lender": plotted("margin", "--lender", "icbd"),
    "no_such_facility": plotted("margin", "--facility", "clean_coal"),
    "font_damaged": _damaged,
    "character_not_in_font": _of_another_font,
    "character_replaced": _of_no_font,
}
