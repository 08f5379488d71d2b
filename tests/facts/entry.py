"""An entry of the register: what became of one published figure, or of the figures of a row that share one fate."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tests.facts.facts import FILES, numbers

EQUAL, CARRIED, HOLDS, ABOUT, DIFFERS = "equal", "carried", "holds", "about", "differs"
INPUT, NONE = "input", "not attempted"
COMPUTED = (EQUAL, CARRIED, HOLDS, ABOUT, DIFFERS)
"""The outcomes of figures that the product has something to say about."""

Number = int | Decimal | Fraction


class NotAsDeclaredError(Exception):
    """A figure came out differently than the register says: the page cannot be written."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of figures of one row.

    ``columns`` are the cells of the row it speaks for, ``said`` what of their text; ``published`` and ``reproduced``
    are in the same unit and digits; ``how`` says (in Markdown) what gives the figure where it is not the command of the
    whole file; ``why`` is a reason, in plain words; ``derived`` marks a figure that no source prints but that follows
    from printed ones; ``figures`` counts what it stands for.
    """

    file: str
    row: int
    columns: tuple[str, ...]
    said: str
    what: str
    published: str
    outcome: str
    reproduced: str = ""
    difference: str = ""
    how: str = ""
    why: str = ""
    derived: bool = False
    figures: int = 1

    @property
    def label(self) -> str:
        """The row it is of."""
        return FILES[self.file].label(self.row)


def half_up(exact: Number, decimals: int) -> Decimal:
    """A figure as printed: exact, rounded once, a half away from nothing.

    >>> half_up(Fraction(5, 1000), 2), half_up(Fraction(-1, 8), 2), half_up(37, 0)
    (Decimal('0.01'), Decimal('-0.13'), Decimal('37'))
    """
    scaled = abs(Fraction(exact)) * 10**decimals
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(-whole if exact < 0 else whole).scaleb(-decimals)


def held(
    file: str,
    row: int,
    columns: str,
    what: str,
    published: str,
    exact: Number,
    *,
    said: str = "",
    how: str = "",
    differs: str = "",
    note: str = "",
    bound: str = "exact",
    carried: bool = False,
    derived: bool = False,
) -> Entry:
    """A published figure beside the product's, at the digits that were printed.

    A figure with a reason in ``differs`` is declared to come out differently, one without to come out as published.
    NotAsDeclaredError if it is the other way round. ``note`` is a remark on either; ``columns`` are the cells that hold
    the figure.
    """
    value = Decimal(published)
    printed = half_up(exact, max(0, -int(value.as_tuple().exponent)))
    outcome = {
        "exact": (CARRIED if carried else EQUAL) if printed == value else DIFFERS,
        "more_than": HOLDS if Fraction(exact) > Fraction(value) else DIFFERS,
        "about": ABOUT,
        "nearly": ABOUT,
    }[bound]
    if (outcome == DIFFERS) != bool(differs):
        raise NotAsDeclaredError(f"{file}, {FILES[file].label(row)}, {what}: {published} published, {printed} computed")
    reproduced, difference = f"{printed:f}", f"{printed - value:f}"
    why = differs or note
    cells = tuple(columns.split())
    return Entry(
        file, row, cells, said or published, what, published, outcome, reproduced, difference, how, why, derived
    )


def given(file: str, row: int, *columns: str, why: str = "") -> Entry:
    """Figures of a row that go into what is computed: nothing to reproduce."""
    return _apart(file, row, columns, INPUT, why)


def apart(file: str, row: int, *columns: str, why: str) -> Entry:
    """Figures of a row that nothing in the product computes, and why."""
    return _apart(file, row, columns, NONE, why)


def _apart(file: str, row: int, columns: tuple[str, ...], outcome: str, why: str) -> Entry:
    cells = FILES[file].rows()[row]
    there = tuple(c for c in columns if numbers(cells[c]))
    said = "; ".join(cells[c] for c in there)
    what = ", ".join(there)
    return Entry(file, row, there, said, what, said, outcome, why=why, figures=len(numbers(said)))
