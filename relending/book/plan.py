"""Lending plans 投放计划: a row a quarter and kind of loan, expanded to the loans it stands for (design section 4).

Loan j of the n loans of a row is disbursed floor((2j-1) x days / 2n) days after the quarter began and pays for a
project of its own; each has floor(amount / n) fen, the last the rest, so that they add up to the row's amount exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relending.book.columns import PLAN_ID, columns, frame_columns, limits
from relending.dates import add_months, iso, quarter_end, quarter_start, quarter_text
from relending.findings import Findings, InputError
from relending.units import FEN, GRAMS, PPM, decimal_text, mul_div, total

if TYPE_CHECKING:
    from relending.policy import Lpr

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

TEN_THOUSAND_YUAN = 10_000 * FEN
"""What a reduction of a plan is counted for, in fen."""
PPM_IN_BP = 100
UNKNOWN = -1
"""Months, where nobody says up to how many the 1-year LPR is meant."""


@dataclass(frozen=True, slots=True)
class Pricing:
    """What a spread over the LPR needs: the fixings, and what the scenario moves them by.

    ``shift_bp`` moves the LPR of loans disbursed after the day ``shift_from`` (days since 1970-01-01).
    ``one_year_up_to`` tells of a sector and days up to how many months the 1-year LPR is meant, ``UNKNOWN`` where
    nobody says.
    """

    lpr: Lpr
    shift_bp: int
    shift_from: int
    one_year_up_to: Callable[[str, Ints], Ints]


@dataclass(frozen=True, slots=True)
class Expanded:
    """The loans of a plan (a loan frame; one row set aside for each plan row with an error) and findings."""

    loans: pd.DataFrame
    findings: Findings


@dataclass(frozen=True, slots=True)
class _Plan:
    """The figures of each plan row as arrays (0 where empty), and which rows have an error."""

    frame: pd.DataFrame
    figures: Mapping[str, Ints]
    there: Mapping[str, Flags]
    bad: Flags

    def blame(self, rows: Flags, code: str, column: str, found: Sequence[str], expected: str) -> Findings:
        """A finding for each of these rows; they have an error from now on."""
        self.bad[rows] = True
        return self.say(rows, code, column, found, expected)

    def say(self, rows: Flags, code: str, column: str, found: Sequence[str], expected: str | Sequence[str]) -> Findings:
        """A finding for each of these rows."""
        at = np.flatnonzero(rows)
        if not at.size:
            return Findings()
        place = {name: _column(self.frame, name).take(pa.array(at)) for name in ("file", "sheet", "row")}
        loan = [_plan_id(row) for row in place["row"].to_pylist()]
        return Findings.of(code, int(at.size), **place, loan=loan, column=column, found=found or "", expected=expected)

    def cells(self, rows: Flags, name: str) -> list[str]:
        """What these rows give, in the unit of the frame."""
        return [str(v) for v in self.figures[name][rows].tolist()]


def expand(plan: pd.DataFrame, pricing: Pricing, first_quarter: int, last_quarter: int) -> Expanded:
    """The loans a plan stands for, in the order of its rows.

    Parameters
    ----------
    plan : frame of the table ``plan`` as :func:`relending.book.read_side_table` gives it
    pricing : the LPR for rows that give a spread instead of a rate
    first_quarter, last_quarter : the quarters of the run (``year * 4 + 0..3``); a row of another one is an error

    A row with an error gives one loan ``plan-ROW`` that is set aside (``data_error``), so that nothing is dropped.
    InputError where all rows together ask for more loans than one run should hold.

    Rules: investment = half-even(principal / investment_share) fen; the project's reduction =
    half-even(reduction_per_10k x investment / 10,000 yuan) g; rate = LPR of the loan's own day + spread.
    """
    rows = _read(plan)
    findings = [*_inside(rows, first_quarter, last_quarter), *_sizes(rows)]
    _refuse_too_many(rows)
    findings += [*_unpriced(rows, pricing), _small(rows), _repeated(rows), _shifted(rows, pricing)]
    loans = _loans(rows, pricing)
    n, amount = (total(rows.figures[name][~rows.bad]) for name in ("loans", "amount_fen"))
    file = str(plan["file"].iloc[0]) if len(plan) else ""
    findings.append(Findings.one("plan_expanded", file=file, found=f"{n:,} = {decimal_text(amount, 2)} CNY"))
    return Expanded(loans, Findings.concat(findings))


def _column(frame: pd.DataFrame, name: str) -> pa.Array:
    column = pa.array(frame[name])
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _read(plan: pd.DataFrame) -> _Plan:
    figures, there = {}, {}
    for column in columns("plan").values():
        if column.arrow == "int64":
            values = _column(plan, column.frame)
            there[column.frame] = np.asarray(values.is_valid())
            figures[column.frame] = values.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    figures["row"] = _column(plan, "row").to_numpy(zero_copy_only=False).astype(np.int64)
    bad = np.array(plan["data_error"].to_numpy(dtype=bool))
    figures["quarter"][bad] = limits()["first_year"] * 4  # a stand-in that has a calendar; nothing is read off it
    figures["loans"][bad] = 1
    return _Plan(plan, figures, there, bad)


def _plan_id(row: int) -> str:
    return f"{PLAN_ID}{row}"


def _inside(rows: _Plan, first: int, last: int) -> list[Findings]:
    """Rows of a quarter that the run does not have."""
    quarter = rows.figures["quarter"]
    outside = ~rows.bad & ((quarter < first) | (quarter > last))
    found = [quarter_text(q) for q in quarter[outside].tolist()]
    return [
        rows.blame(outside, "plan_quarter_outside", "quarter", found, f"{quarter_text(first)} … {quarter_text(last)}")
    ]


def _sizes(rows: _Plan) -> list[Findings]:
    """Rows whose projects would be larger than any: worked out in whole numbers without limit, a row at a time."""
    most, heaviest = limits()["investment_fen"], limits()["mass_g"]
    huge, heavy = np.zeros(len(rows.bad), bool), np.zeros(len(rows.bad), bool)
    for i in np.flatnonzero(~rows.bad & rows.there["investment_share_ppm"]).tolist():
        amount, n, share, reduction = (
            int(rows.figures[name][i])
            for name in ("amount_fen", "loans", "investment_share_ppm", "reduction_per_10k_g")
        )
        largest = amount - (n - 1) * (amount // n)
        investment = largest * PPM // share
        huge[i] = investment > most
        heavy[i] = not huge[i] and investment * reduction // TEN_THOUSAND_YUAN > heaviest
    shares, reductions = rows.cells(huge, "investment_share_ppm"), rows.cells(heavy, "reduction_per_10k_g")
    largest_project = f"amount / loans / share <= {decimal_text(most, 2)}"
    return [
        rows.blame(huge, "value_out_of_range", "investment_share", shares, largest_project),
        rows.blame(heavy, "amount_absurd", "reduction_per_10k", reductions, f"<= {heaviest // GRAMS:,} tCO2e"),
    ]


def _refuse_too_many(rows: _Plan) -> None:
    asked, most = total(rows.figures["loans"][~rows.bad]), limits()["plan_loans"]
    if asked > most:
        where = str(rows.frame["file"].iloc[0])
        raise InputError(
            Findings.one("plan_too_many_loans", file=where, column="loans", found=asked, expected=f"<= {most}")
        )


def _spread_out(rows: _Plan) -> tuple[Ints, Ints, Ints]:
    """Of each loan: its plan row, its number there (1 … n) and its day; a row with an error has one."""
    n = np.where(rows.bad, 1, rows.figures["loans"])
    of = np.repeat(np.arange(len(n)), n)
    j = np.arange(len(of)) - np.repeat(np.cumsum(n) - n, n) + 1
    begin = quarter_start(rows.figures["quarter"])[of]
    length = (quarter_end(rows.figures["quarter"]) + 1)[of] - begin
    return of, j, begin + (2 * j - 1) * length // (2 * n[of])


def _unpriced(rows: _Plan, pricing: Pricing) -> list[Findings]:
    """Rows that cannot be priced; one loan that cannot is enough."""
    of, _, day = _spread_out(rows)
    rate, tenor, fixing = _prices(rows, of, day, pricing)
    floating = (~rows.bad & ~rows.there["rate_ppm"])[of]

    def some(mask: Flags) -> Flags:
        out = np.zeros(len(rows.bad), bool)
        out[of[floating & mask]] = True
        return out

    unclear = some(np.asarray(tenor.is_null()))
    early = some(fixing < 0) & ~unclear
    below = some(rate < 0) & ~unclear & ~early
    quarters = [quarter_text(q) for q in rows.figures["quarter"][early].tolist()]
    first = iso(int(pricing.lpr.days[0]))
    shift = f" (lpr_shift_bp {pricing.shift_bp:+})" if pricing.shift_bp else ""
    spreads = [text + shift for text in rows.cells(below, "spread_bp")]
    return [
        rows.blame(unclear, "plan_tenor_needed", "lpr_tenor", rows.cells(unclear, "months"), "1y | 5y"),
        rows.blame(early, "plan_before_first_lpr", "quarter", quarters, f">= {first}"),
        rows.blame(below, "rate_negative", "spread_bp", spreads, "LPR + lpr_shift_bp + spread_bp >= 0"),
    ]


def _small(rows: _Plan) -> Findings:
    """Rows whose loans are so small that a unit was forgotten."""
    small = ~rows.bad & (rows.figures["amount_fen"] // rows.figures["loans"] < limits()["plan_small_fen"])
    amounts = [decimal_text(fen, 2) for fen in rows.figures["amount_fen"][small].tolist()]
    return rows.say(small, "plan_amount_small", "amount", amounts, "")


def _repeated(rows: _Plan) -> Findings:
    """Rows like an earlier one in every cell."""
    first: dict[tuple[str, ...], int] = {}
    again, earlier = np.zeros(len(rows.bad), bool), []
    given = rows.frame.drop(columns=["file", "sheet", "row", "data_error"])
    for i, cells in enumerate(given.itertuples(index=False, name=None)):
        row = first.setdefault(tuple(map(str, cells)), int(rows.figures["row"][i]))
        if row != rows.figures["row"][i] and not rows.bad[i]:
            again[i] = True
            earlier.append(f"= {row}")
    return rows.say(again, "plan_row_repeated", "", [], earlier)


def _shifted(rows: _Plan, pricing: Pricing) -> Findings:
    """How many planned loans the scenario's shift of the LPR moves."""
    of, _, day = _spread_out(rows)
    moved = int(((~rows.bad & ~rows.there["rate_ppm"])[of] & (day > pricing.shift_from)).sum())
    if not pricing.shift_bp or not moved:
        return Findings()
    found = f"{pricing.shift_bp:+} bp > {iso(pricing.shift_from)}: {moved:,} / {len(of):,}"
    return Findings.one("plan_lpr_shifted", column="market.lpr_shift_bp", found=found)


def _prices(rows: _Plan, of: Ints, day: Ints, pricing: Pricing) -> tuple[Ints, pa.Array, Ints]:
    """Rate of each loan in ppm, the LPR it follows (null: none, or nobody says), and the fixing of its day."""
    rate = rows.figures["rate_ppm"][of]
    given = _column(rows.frame, "lpr_tenor").take(pa.array(of))
    fixing = pricing.lpr.index(day)
    floating = (~rows.bad & ~rows.there["rate_ppm"])[of]
    if not floating.any():
        return rate, given, fixing
    up_to = np.full(len(of), UNKNOWN, np.int64)
    sector = _column(rows.frame, "sector").dictionary_encode()
    codes = sector.indices.fill_null(UNKNOWN).to_numpy(zero_copy_only=False)[of]
    for i, name in enumerate(sector.dictionary.to_pylist()):
        mine = np.flatnonzero(floating & (codes == i))
        if mine.size:
            up_to[mine] = pricing.one_year_up_to(name, day[mine])
    by_term = pa.array(np.where(rows.figures["months"][of] <= up_to, "1y", "5y"), pa.string(), mask=up_to == UNKNOWN)
    tenor = pc.if_else(pa.array(floating), pc.coalesce(given, by_term), given)
    one_year = pc.equal(tenor, "1y").fill_null(False).to_numpy(zero_copy_only=False)
    lpr = np.where(one_year, pricing.lpr.lpr_1y_ppm[fixing], pricing.lpr.lpr_5y_ppm[fixing])
    moved = np.where(day > pricing.shift_from, pricing.shift_bp, 0)
    return np.where(floating, lpr + (rows.figures["spread_bp"][of] + moved) * PPM_IN_BP, rate), tenor, fixing


def _loans(rows: _Plan, pricing: Pricing) -> pd.DataFrame:
    """The loans as a frame like that of a book: what a plan does not say is empty or the dictionary's default."""
    of, j, day = _spread_out(rows)
    rate, tenor, _ = _prices(rows, of, day, pricing)
    figures = {name: values[of] for name, values in rows.figures.items()}
    bad = rows.bad[of]
    has_share = rows.there["investment_share_ppm"][of] & ~bad
    has_reduction = rows.there["reduction_per_10k_g"][of] & has_share
    n = figures["loans"]
    principal = figures["amount_fen"] // n
    principal += np.where(j == n, figures["amount_fen"] - n * principal, 0)
    share = np.where(has_share, figures["investment_share_ppm"], PPM)
    investment = mul_div(np.where(has_share, principal, 0), PPM, share, "half_even")
    per_10k = np.where(has_reduction, figures["reduction_per_10k_g"], 0)
    reduction = mul_div(per_10k, investment, TEN_THOUSAND_YUAN, "half_even")
    day = np.where(bad, 0, day)
    matures = add_months(day, np.where(bad, 0, figures["months"]))
    index = pa.array(of)
    ids = pc.binary_join_element_wise(PLAN_ID, _column(rows.frame, "row").take(index).cast(pa.string()), "")
    each = pc.binary_join_element_wise(ids, pa.array(j).cast(pa.string()), "-")
    ids = pc.if_else(pa.array(bad), ids, each)
    known: dict[str, pa.Array] = {
        "loan_id": ids,
        "project_id": ids,
        "principal_fen": pa.array(principal, mask=bad),
        "rate_ppm": pa.array(rate, mask=bad),
        "disbursed": _dates(day, bad),
        "matures": _dates(matures, bad),
        "project_investment_fen": pa.array(investment, mask=~has_share),
        "project_reduction_g": pa.array(reduction, mask=~has_reduction),
        "lpr_tenor": tenor,
        "spread_bp": pa.array(figures["spread_bp"], mask=~rows.there["spread_bp"][of] | bad),
        "data_error": pa.array(bad),
        "planned": pa.repeat(pa.scalar(True), len(of)),
    }
    for name in ("file", "sheet", "row", "lender", "sector", "repayment"):
        known[name] = _column(rows.frame, name).take(index)
    out = {name: _filled(name, kind, known, len(of)) for name, kind in frame_columns("loans").items()}
    return pa.table(out).to_pandas(types_mapper=pd.ArrowDtype)


_ARROW = {"string": pa.string(), "int64": pa.int64(), "date32": pa.date32(), "bool": pa.bool_()}


def _filled(name: str, kind: str, known: Mapping[str, pa.Array], n: int) -> pa.Array:
    """A column: as known, else what an empty cell of a book stands for, else empty."""
    if name in known:
        return known[name].cast(_ARROW[kind])
    column: Any = columns().get(name)
    if column is not None and column.empty_is is not None:
        return pa.repeat(pa.scalar(column.empty_is, _ARROW[kind]), n)
    return pa.nulls(n, _ARROW[kind])


def _dates(days: Ints, empty: Flags) -> pa.Array:
    return pa.array(days.astype(np.int32), pa.int32(), mask=empty).cast(pa.date32())
