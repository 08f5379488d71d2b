"""Cost per tonne of a run 单位减排成本 in its three meanings: of a year, over the asset's life, additional."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

import numpy as np
import pandas as pd

from relending.dates import parse_quarter, quarter_text
from relending.engine.columns import ints
from relending.study.carried import Carried
from relending.study.sector_subsidy import slices
from relending.study.whole import ALL
from relending.units import FEN, GRAMS, PPM

Given: TypeAlias = int | float | Decimal | Fraction
UNITS = {
    "subsidy": "yuan a year",
    "reduction_in_balance": "tCO2e a year",
    "interest_saved": "yuan",
    "reduction": "tCO2e a year",
    "c1": "yuan per annual tonne and year",
    "c2": "yuan per tonne",
    "c3": "yuan per additional annual tonne and year",
}
FIGURES = tuple(UNITS)


@dataclass(frozen=True, slots=True)
class _Row:
    """Of a lender and facility: quarter of c1 ("": none), fen x ppm a year and grams then; fen and grams of the run.

    ``no_held``, ``no_run``: there is no c1 or c2, because a part of a whole has money and no tonnes, or because money
    was drawn before the run's tables begin.
    """

    lender: str
    facility: str
    quarter: str
    gain: int
    held_g: int
    saved_fen: int
    grams: int
    no_held: bool = False
    no_run: bool = False


def cost_per_tonne(
    run: Carried, *, operating_years: Given, additionality: Given = 1, quarter: str | None = None
) -> pd.DataFrame:
    """Cost per tonne of a run by lender and facility, in its three meanings, which differ by an order of magnitude.

    - c1 [yuan/(t/a)/a], of an annual tonne: the subsidy of a year at a quarter's end, sum of held x (own rate - tranche
      rate), over the annual reduction of the loans that hold; it is ``subsidy_per_tonne`` of ``cost.csv``.
    - c2 [yuan/t], over the asset's life: interest saved over the run / (annual reduction of all loans supported by its
      end x ``operating_years``), both undiscounted. Only c2 may be held against a carbon price. Interest that money
      still held saves after the run is not in it: let the run last until it is repaid.
    - c3 [yuan/(t/a)/a], of an additional annual tonne: c1 / ``additionality``.

    Parameters: ``run``, in memory or opened; ``operating_years`` [a], above 0, how long the assets run: an assumption,
    so it has no default; ``additionality`` [-], in (0, 1], the part of the tonnes that would not have come about: at 1
    (all of them) c3 is c1; ``quarter`` of c1 and c3 as "2024Q2"; None: of each row the last with tonnes in balance.

    Returns a row a lender and facility in the order of ``cost.csv``, where there are several with a last one "all",
    "all" (sums over sums, at the latest quarter of the rows): lender, facility, quarter, subsidy [yuan/a],
    reduction_in_balance [t/a], interest_saved [yuan], reduction [t/a], c1, c2, c3; units also in ``attrs``. Empty where
    there are no tonnes; c2 also where money was drawn before the run's tables begin (``scenario.start``), for what it
    saved then is not in them, while its tonnes are; and in the row of all where a lender and facility has money and no
    tonnes: the tonnes of others would bear it. Integers and fractions up to the last division. An opening balance saves
    interest and has no tonnes in the run.

    Raises ValueError for figures outside and a quarter the run has no cost of; InvariantError where the subsidy is not
    that of ``cost.csv``. Formulas: :mod:`relending.engine.costing`, source [5] there.

    >>> import relending as rl
    >>> found = rl.cost_per_tonne(rl.run("demo"), operating_years=20, quarter="2024Q4")
    >>> found.columns.tolist()[-3:], found.loc[0, ["lender", "facility"]].tolist()
    (['c1', 'c2', 'c3'], ['demo', 'cerf'])
    """
    years, part = _number("operating_years", operating_years), _number("additionality", additionality)
    if part > 1:
        raise ValueError(f"additionality {additionality} is not above 0 and at most 1: a fraction: 0.6, not 60")
    rows = _rows(run, quarter)
    out: dict[str, object] = {
        name: pd.Series([getattr(row, name) for row in rows], dtype="str") for name in ("lender", "facility", "quarter")
    }
    figures = [_figures(row, years, part) for row in rows]
    out |= {name: np.array([f[i] for f in figures], float) for i, name in enumerate(FIGURES)}
    frame = pd.DataFrame(out)
    frame.attrs |= {"units": dict(UNITS), "operating_years": float(years), "additionality": float(part)}
    return frame


def _number(name: str, given: Given) -> Fraction:
    """A figure above 0, as it is written: 0.1 is a tenth."""
    if isinstance(given, bool) or not isinstance(given, int | float | Decimal | Fraction | np.integer):
        raise ValueError(f"{name}: {given!r} is no number")
    try:
        found = Fraction(repr(float(given))) if isinstance(given, float) else Fraction(given)
    except (ValueError, OverflowError):
        raise ValueError(f"{name}: {given!r} is no number") from None
    if found <= 0:
        raise ValueError(f"{name} {given} is not above 0")
    return found


def _rows(run: Carried, quarter: str | None) -> list[_Row]:
    """A row a lender and facility; of several a last one of all, at one quarter's end."""
    asked = "" if quarter is None else quarter_text(parse_quarter(quarter))
    cost = run.tables["cost"]
    quarters, lender, facility = (cost[name].tolist() for name in ("quarter", "lender", "facility"))
    held, grams = (ints(cost, name)[0].tolist() for name in ("reduction_in_balance_g", "reduction_g"))
    saved = ints(cost, "interest_saved_fen")[0].tolist()
    at: dict[tuple[str, str], list[int]] = {}
    for i, place in enumerate(zip(lender, facility, strict=True)):
        at.setdefault(place, []).append(i)
    when = {place: asked or max((quarters[i] for i in mine if held[i]), default="") for place, mine in at.items()}
    latest = max(when.values(), default="")
    parts = {q: slices(run, q) for q in {*when.values(), latest} - {""}}

    def money(place: tuple[str, str], q: str) -> tuple[int, int]:
        mine = [s for s in parts.get(q, ()) if (s.lender, s.facility) == place]
        return sum(s.gain for s in mine), sum(s.reduction_g for s in mine)

    early = _drew_before(run)
    out = [
        _Row(
            *place,
            when[place],
            *money(place, when[place]),
            sum(saved[i] for i in mine),
            grams[mine[-1]],
            no_run=place in early,
        )
        for place, mine in at.items()
    ]
    if len(out) > 1:
        now = [money(place, latest) for place in at]
        sums = sum(gain for gain, _ in now), sum(g for _, g in now)
        whole = sum(row.saved_fen for row in out), sum(row.grams for row in out)
        mixed = (
            any(gain and not g for gain, g in now),
            any((row.saved_fen and not row.grams) or row.no_run for row in out),
        )
        out.append(_Row(ALL, ALL, latest, *sums, *whole, *mixed))
    return out


def _drew_before(run: Carried) -> set[tuple[str, str]]:
    """Lenders and facilities that drew before the run's tables begin: what they saved then is in none."""
    ledger = run.tables["ledger"]
    day, _ = ints(ledger, "date")
    before = ledger[(ledger["event"] == "draw").to_numpy(dtype=bool) & (day < run.context().start)]
    return set(zip(before["lender"].tolist(), before["facility"].tolist(), strict=True))


def _figures(row: _Row, years: Fraction, part: Fraction) -> list[float]:
    """The doubles nearest to the exact figures, in the order of ``FIGURES``."""
    none = float("nan")
    subsidy, held = Fraction(row.gain, FEN * PPM), Fraction(row.held_g, GRAMS)
    saved, tonnes = Fraction(row.saved_fen, FEN), Fraction(row.grams, GRAMS)
    c1 = subsidy / held if held and not row.no_held else None
    c2 = saved / (tonnes * years) if tonnes and not row.no_run else None
    c3 = None if c1 is None else c1 / part
    shown = [none if c is None else float(c) for c in (c1, c2, c3)]
    return [float(subsidy), float(held), float(saved), float(tonnes), *shown]
