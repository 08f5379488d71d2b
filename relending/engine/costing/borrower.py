"""What a loan costs its borrower all in 借款人综合融资成本: dated payments to the fen, and their internal rate.

Sources, by number: the package's docstring.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from relending.dates import add_months, month_of, month_start, to_date, to_day
from relending.engine.costing.irr import internal_rate, nominal_rate
from relending.engine.interest import SETTLEMENT_MONTHS
from relending.engine.schedule import KINDS, make_terms, scheduled
from relending.units import PPM, divide

DAYS_A_YEAR = 365
DAY_COUNTS = {"ACT/360": 360, "ACT/365": 365, "EQUAL": 0}
"""Day counts by the days their year has; EQUAL counts no days: a period is a period."""
QUARTERLY, WITH_PAYMENTS = "quarterly", "with_payments"
SETTLEMENT_DAY = 20


@dataclass(frozen=True, slots=True)
class Payment:
    """One day of a loan as its borrower sees it, in fen: ``received``, ``principal`` repaid, ``interest``, ``fees``.

    ``years`` from the disbursement [a]: actual days / 365; under EQUAL the number of periods / payments a year.
    """

    date: dt.date
    years: Fraction
    received_fen: int
    principal_fen: int
    interest_fen: int
    fees_fen: int

    @property
    def net_fen(self) -> int:
        """Received less paid."""
        return self.received_fen - self.principal_fen - self.interest_fen - self.fees_fen


@dataclass(frozen=True, slots=True)
class BorrowerCost:
    """All-in cost of a loan: ``effective_rate`` [1/a] (the internal rate, compounded once a year); ``nominal_rate``
    [1/a], the same as it is quoted for quarterly interest; ``interest_fen`` and ``fees_fen`` of its whole life."""

    effective_rate: float
    nominal_rate: float
    interest_fen: int
    fees_fen: int


def loan_flows(
    principal_fen: int,
    rate_ppm: int,
    disbursed: dt.date,
    matures: dt.date,
    *,
    repayment: str,
    payments_per_year: int = 4,
    grace_until: dt.date | None = None,
    day_count: str = "ACT/360",
    interest: str = QUARTERLY,
    fees: Sequence[tuple[dt.date, int]] = (),
) -> list[Payment]:
    """The dated payments of a loan, by the engine's schedule, fees included; a row a day on which money moves.

    Parameters: ``principal_fen`` [fen], ``rate_ppm`` [10**-6/a]; ``repayment`` bullet, equal_principal or
    equal_installment, ``payments_per_year`` 1, 2, 4 or 12 and ``grace_until`` as in the loan book; ``fees`` paid by the
    borrower: date and fen, from the disbursement to the maturity.

    Interest is due on what is outstanding at the end of each day, first day in, last day out, by ``day_count`` [3]:

    - ACT/360 (loans and the facilities) or ACT/365: actual days;
    - EQUAL: a period's interest is balance * rate / payments_per_year, whatever its days (the textbook's annuity); the
      loan must then be whole periods long, and interest is due with the payments.

    ``interest`` "quarterly" settles it on 20 March, June, September and December (what accrued to the 21st) and the
    rest on the last day, "with_payments" on each payment date. What accrued is rounded half-even to the fen at each
    settlement, so that settlements add up to the whole.

    Raises ValueError for words not named here, fees outside the loan's life, and dates that fit no schedule.

    >>> flows = loan_flows(10_000_000_000, 40_000, dt.date(2024, 1, 15), dt.date(2034, 1, 15),
    ...     repayment="equal_installment", day_count="EQUAL", interest="with_payments")
    >>> flows[1].principal_fen + flows[1].interest_fen, sum(f.interest_fen for f in flows)
    (304555980, 2182239191)
    """
    if rate_ppm < 0:
        raise ValueError(f"rate_ppm {rate_ppm} is below 0")
    if rate_ppm > PPM:
        raise ValueError(f"rate_ppm {rate_ppm} is above {PPM}, 100 % a year: 4 % is 40000")
    _check(principal_fen, disbursed, matures, repayment, payments_per_year, grace_until, day_count, interest)
    first, last = to_day(disbursed), to_day(matures)
    pays = _payment_days(first, last, 12 // payments_per_year)
    if day_count == "EQUAL" and pays[-1] != int(add_months(first, 12 // payments_per_year * len(pays))):
        raise ValueError("EQUAL: the loan is not whole periods long")
    one = np.ones(1, np.int64)
    terms = make_terms(
        one * principal_fen,
        one * rate_ppm,
        one * first,
        one * last,
        one * KINDS[repayment],
        one * payments_per_year,
        one * (first if grace_until is None else to_day(grace_until)),
    )
    owed = dict(zip(pays, scheduled(terms, np.zeros(len(pays), np.int64), np.array(pays)).tolist(), strict=True))
    settles = pays if interest == WITH_PAYMENTS else [*_settlement_days(first, last), last]
    due = _interest(principal_fen, rate_ppm, first, owed, settles, interest, day_count, payments_per_year)
    repaid = dict(zip(pays, (-np.diff([principal_fen, *owed.values()])).tolist(), strict=True))
    charged: dict[int, int] = {}
    for date, fen in fees:
        if not disbursed <= date <= matures:
            raise ValueError(f"fees: {date.isoformat()} is not within the loan's life")
        charged[to_day(date)] = charged.get(to_day(date), 0) + fen
    dates = [first, *pays]
    years = {d: Fraction(k, payments_per_year) for k, d in enumerate(dates)} if day_count == "EQUAL" else {}
    if years:  # a fee stands within its period as its day does between two payments
        for day in sorted(set(charged) - set(dates)):
            k = bisect_right(dates, day) - 1
            part = Fraction(day - dates[k], dates[k + 1] - dates[k])
            years[day] = (k + part) / payments_per_year
    return [
        Payment(
            to_date(day),
            years.get(day, Fraction(day - first, DAYS_A_YEAR)),
            principal_fen if day == first else 0,
            repaid.get(day, 0),
            due.get(day, 0),
            charged.get(day, 0),
        )
        for day in sorted({first, *pays, *due, *charged})
        if day == first or repaid.get(day) or due.get(day) or charged.get(day)
    ]


def borrower_cost(flows: Sequence[Payment]) -> BorrowerCost:
    """All-in cost of a loan from its payments [6]: the internal rate of what the borrower receives and pays.

    Raises ValueError where no rate answers (fees above the principal on the first day, for instance).

    100 m yuan at 4 % for ten years, repaid in equal parts, with a fee of 1 % on the first day:

    >>> start, end = dt.date(2024, 1, 15), dt.date(2034, 1, 15)
    >>> cost = [borrower_cost(loan_flows(10_000_000_000, 40_000, start, end, repayment="equal_principal", fees=fees))
    ...     for fees in ([], [(start, 100_000_000)])]
    >>> [(round(c.nominal_rate, 4), round(c.effective_rate, 4)) for c in cost]
    [(0.0406, 0.0412), (0.0428, 0.0435)]
    """
    rate = internal_rate([f.net_fen for f in flows], [float(f.years) for f in flows])
    quoted = nominal_rate(rate, 4)
    return BorrowerCost(rate, quoted, sum(f.interest_fen for f in flows), sum(f.fees_fen for f in flows))


def _check(
    principal: int,
    disbursed: dt.date,
    matures: dt.date,
    repayment: str,
    per_year: int,
    grace: dt.date | None,
    day_count: str,
    interest: str,
) -> None:
    words = (
        ("repayment", repayment, tuple(KINDS)),
        ("payments_per_year", per_year, (1, 2, 4, 12)),
        ("day_count", day_count, tuple(DAY_COUNTS)),
        ("interest", interest, (QUARTERLY, WITH_PAYMENTS)),
    )
    for name, value, known in words:
        if value not in known:
            raise ValueError(f"{name} {value!r} is none of {', '.join(map(str, known))}")
    if principal <= 0 or not disbursed < matures or (grace is not None and not disbursed <= grace <= matures):
        raise ValueError("a loan has a principal, matures after it is disbursed, and its grace ends in between")
    if day_count == "EQUAL" and interest != WITH_PAYMENTS:
        raise ValueError('EQUAL: interest must be due "with_payments"')


def _payment_days(first: int, last: int, step: int) -> list[int]:
    days, k = [], 1
    while (day := int(add_months(first, step * k))) < last:
        days.append(day)
        k += 1
    return [*days, last]


def _settlement_days(first: int, last: int) -> list[int]:
    month = int(month_of(first))
    month += (-month - 1) % SETTLEMENT_MONTHS
    days = []
    while (day := int(month_start(month)) + SETTLEMENT_DAY - 1) < last:
        if day > first:
            days.append(day)
        month += SETTLEMENT_MONTHS
    return days


def _interest(
    principal: int,
    rate_ppm: int,
    first: int,
    owed: dict[int, int],
    settles: Sequence[int],
    interest: str,
    day_count: str,
    per_year: int,
) -> dict[int, int]:
    """Interest due by day: what accrued, rounded, less what was rounded before; EQUAL counts periods for days."""
    steps = [(first, principal), *owed.items()]
    out: dict[int, int] = {}
    before = 0
    for settle in settles:
        # on a settlement day of its own that day counts in; on a payment date the day is out
        stop = settle + 1 if interest == QUARTERLY and settle != settles[-1] else settle
        if day_count == "EQUAL":
            sum_, year = sum(balance for day, balance in steps if day < stop), per_year
        else:
            ends = [day for day, _ in steps[1:]] + [stop]
            sum_ = sum(balance * max(min(end, stop) - day, 0) for (day, balance), end in zip(steps, ends, strict=True))
            year = DAY_COUNTS[day_count]
        accrued = divide(sum_ * rate_ppm, year * PPM, "half_even")
        out[settle] = accrued - before
        before = accrued
    return out
