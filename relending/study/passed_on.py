"""Who keeps the subsidy 补贴传导: the lender as margin, or the borrower as a lower rate, from the loans of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa

from relending.dates import quarter_of, quarter_text, to_date, to_day
from relending.engine.block import make_block
from relending.engine.columns import Flags, arrow, frame_of, ints, positions_in
from relending.engine.context import Context
from relending.engine.convert import to_user
from relending.study.carried import Carried
from relending.study.counterfactual import Against, counterfactual
from relending.study.held import tranches_at
from relending.units import E8, PPM, Ints, divide, exact_sums, from_limbs, weighted_limbs

BY = ("quarter", "lender", "facility", "field", "sector")
SCALE = E8 // PPM


@dataclass(frozen=True, slots=True)
class Priced:
    """The supported loans of a run, an entry each: principal (fen) and rate at issue (ppm), the subsidy (fen x ppm a
    year), the counterfactual rate (ppm), whether both of these are known, and what the loans are grouped by."""

    principal: Ints
    rate: Ints
    gain: Sequence[int]
    other: Ints
    known: Flags
    keys: dict[str, list[str]]


def pass_through(
    run: Carried, *, against: Against, spread_bp: int = 0, by: str | Sequence[str] = ("quarter",)
) -> pd.DataFrame:
    """How the subsidy per yuan of supported loans is split between lender and borrower, by group of loans.

    Of each loan, a fraction a year of its principal: subsidy = drawn x (own rate - tranche rate) / principal, both
    rates on the day of the draw (the first year's subsidy); to the borrower: counterfactual rate - rate at issue; to
    the lender, as margin, what is left (:func:`relending.engine.costing.split_subsidy`, source [6] there). Averages are
    weighted by principal.

    ``against`` is the assumption the figures stand or fall by: what the borrower would have paid without the facility.
    Nobody observes it, so it has no default:

    - ``"lpr"``: the LPR of the loan's tenor in force on the day it was made (as in screening), plus ``spread_bp`` [bp];
      of a facility whose rules name no tenor only the loans that give ``lpr_tenor`` have one;
    - ``"unsupported"``: the average rate, by principal, of the run's loans without support of the same lender, quarter
      of disbursement and LPR tenor: other borrowers and risks, so a comparison, no experiment;
    - a number [1/a], the same for all loans; or a mapping (Series) from loan id to rate [1/a], from an estimate of
      one's own.

    All assume that the loan would have been made either way. ``by``: one or more of quarter (of the disbursement),
    lender, facility, field, sector.

    Returns a row a group, in their order: the groups; loans and principal [yuan] that are compared; loan_rate,
    counterfactual_rate, subsidy, to_borrower, to_lender [1/a]; passed_through [-], to_borrower / subsidy (empty where
    the subsidy is 0; above 1 the lender gives up margin besides); left_out, supported loans without a draw in the run
    (pending, or in the opening balance), without an own rate on its day or without a counterfactual: they are in no
    average. Rates are exact until they are rounded once to 8 decimals, half-even; to_lender is the difference of the
    two so rounded.

    Raises ValueError for words not named here and rates that are no fractions.

    >>> import relending as rl
    >>> table = pass_through(rl.run("demo"), against="lpr", by="facility")
    >>> table[["facility", "loans", "left_out"]].to_dict("list")
    {'facility': ['cerf', 'clean_coal'], 'loans': [47, 9], 'left_out': [0, 0]}
    """
    groups = (by,) if isinstance(by, str) else tuple(by)
    wrong = [name for name in groups if name not in BY]
    if wrong or not groups or len(set(groups)) < len(groups):
        raise ValueError(f"by {', '.join(groups) or 'nothing'}: one or more of {', '.join(BY)}, each once")
    return to_user(_frame(priced(run, against, spread_bp), groups, run.context()))


def priced(run: Carried, against: Against, spread_bp: int = 0) -> Priced:
    """Every supported loan of a run with its subsidy and counterfactual rate, in input order."""
    loans, attribution, context = run.tables["loans"], run.tables["attribution"], run.context()
    state = [str(x or "") for x in arrow(attribution, "state").to_pylist()]
    supported = ints(attribution, "supported")[0].astype(bool)
    aside = np.array([s == "set_aside" for s in state], bool)
    compared = np.array([s not in ("", "set_aside") for s in state], bool) & ~supported
    place = {f.id: i for i, f in enumerate(context.facilities)}
    facility = np.array([place.get(str(x or ""), -1) for x in arrow(attribution, "facility").to_pylist()], np.int64)
    block = make_block(loans.assign(data_error=aside).reset_index(drop=True))
    other, known = counterfactual(block, facility, supported, compared & ~block.error, against, spread_bp, context)
    gain, drew = _gains(run, context, supported)
    texts = {n: [str(x or "") for x in arrow(attribution, n).to_pylist()] for n in BY[1:]}
    texts["quarter"] = [quarter_text(int(q)) for q in quarter_of(block.disbursed)]
    at = np.flatnonzero(supported)
    keys = {n: [values[i] for i in at.tolist()] for n, values in texts.items()}
    gains = [gain[i] for i in at.tolist()]
    return Priced(block.principal[at], block.rate[at], gains, other[at], (known & drew)[at], keys)


def _gains(run: Carried, context: Context, supported: Flags) -> tuple[list[int], Flags]:
    """The subsidy of a year of each loan, fen x ppm, at the rates of its draws, and whether it can be known: it drew
    in the run, each time with an own rate in force."""
    draws, attribution = run.tables["draws"], run.tables["attribution"]
    found = tranches_at(run.tables["ledger"], context.end)
    first = _first_rates(run.tables["ledger"])
    own = [_own(context, lender, day) for lender, day in zip(found.lender, found.drawn.tolist(), strict=True)]
    gap = np.array([0 if f is None else f - first[n] for f, n in zip(own, found.names, strict=True)], np.int64)
    priced_at = np.array([f is not None for f in own], bool)
    which = positions_in(arrow(draws, "tranche"), pa.array(found.names, pa.string()))
    rows = np.flatnonzero(which >= 0)
    places, tranche = np.flatnonzero(supported), which[rows]
    loan = places[positions_in(arrow(draws.iloc[rows], "loan_id"), arrow(attribution.iloc[places], "loan_id"))]
    sums = from_limbs(weighted_limbs(ints(draws, "drawn_fen")[0][rows], gap[tranche], loan, len(supported)))
    known = np.zeros(len(supported), bool)
    known[loan] = True
    known[loan[~priced_at[tranche]]] = False
    return sums, known


def _own(context: Context, lender: str, day: int) -> int | None:
    """The own rate of a lender on a day, ppm; None before its first value."""
    dated = context.own_rate_of(lender)
    if dated is None or day < to_day(dated.values[0].start):
        return None
    return int(dated.on(to_date(day)).value)


def _first_rates(ledger: pd.DataFrame) -> dict[str, int]:
    """The rate of each tranche in the year it was drawn in."""
    opens = ledger[ledger["event"].isin(["draw", "opening"]).to_numpy(dtype=bool)]
    return dict(zip(opens["tranche"].tolist(), ints(opens, "rate_ppm")[0].tolist(), strict=True))


def _frame(of: Priced, groups: tuple[str, ...], context: Context) -> pd.DataFrame:
    keys = list(zip(*(of.keys[name] for name in groups), strict=True))
    order = {f.id: i for i, f in enumerate(context.facilities)}

    def place(key: tuple[str, ...]) -> tuple[object, ...]:
        return tuple(order.get(x, len(order)) if n == "facility" else x for n, x in zip(groups, key, strict=True))

    names = sorted(set(keys), key=place)
    number = {key: i for i, key in enumerate(names)}
    cell, size = np.array([number[key] for key in keys], np.int64), len(names)
    some = np.flatnonzero(of.known)
    principal, here = of.principal[some], cell[some]
    paid, other = (from_limbs(weighted_limbs(principal, x[some], here, size)) for x in (of.rate, of.other))
    gains = [0] * size
    for c, gain in zip(here.tolist(), (of.gain[i] for i in some.tolist()), strict=True):
        gains[c] += gain
    money, loans = exact_sums(principal, here, size), np.bincount(here, minlength=size)
    columns: dict[str, list[int | None]] = {n: [] for n in (*RATES, "passed_through_e8")}
    for whole, r, r0, gain in zip(money, paid, other, gains, strict=True):
        figures = [_e8(x, whole) for x in (r, r0, gain, r0 - r)]
        last = None if not whole else (figures[2] or 0) - (figures[3] or 0)
        for name, figure in zip(RATES, [*figures, last], strict=True):
            columns[name].append(figure)
        columns["passed_through_e8"].append(_ratio_e8(r0 - r, gain))
    return frame_of(
        {
            **{name: pa.array([key[i] for key in names], pa.string()) for i, name in enumerate(groups)},
            "loans": pa.array(loans.tolist(), pa.int64()),
            "principal_fen": pa.array(money, pa.int64()),
            **{name: pa.array(values, pa.int64()) for name, values in columns.items()},
            "left_out": pa.array((np.bincount(cell, minlength=size) - loans).tolist(), pa.int64()),
        }
    )


RATES = ("loan_rate_e8", "counterfactual_rate_e8", "subsidy_e8", "to_borrower_e8", "to_lender_e8")


def _e8(weighted: int, principal: int) -> int | None:
    return divide(weighted * SCALE, principal, "half_even") if principal else None


def _ratio_e8(part: int, whole: int) -> int | None:
    """A quotient of either sign, scaled 10**8; None of nothing."""
    if whole == 0:
        return None
    exact = Fraction(part, whole)
    return divide(exact.numerator * E8, exact.denominator, "half_even")
