"""Entries of what the product ships as data, and of what follows from it: facility parameters, the LPR, loan rates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from relending import policy
from relending.dates import parse_quarter, quarter_end, quarter_start, to_date
from relending.units import FEN
from tests.facts import runs
from tests.facts.entry import Entry, Number, apart, given, held
from tests.facts.facts import FILES, numbers
from tests.facts.from_runs import NATIONAL

# -- the LPR ----------------------------------------------------------------------------------------------------------


def lpr() -> Iterator[Entry]:
    """Every fixing, as the shipped history has it on its day."""
    file = "lpr.csv"
    for row, r in enumerate(FILES[file].rows()):
        day = dt.date.fromisoformat(r["date"])
        fixing = policy.lpr().on(day)
        if fixing is None or fixing.date != day:
            raise LookupError(f"no fixing is shipped for {day}")
        for column, what, ppm in (("lpr_1y", "1 year", fixing.lpr_1y_ppm), ("lpr_5y", "5 years", fixing.lpr_5y_ppm)):
            yield held(file, row, column, what, r[column], Fraction(ppm, 10_000), carried=True)


# -- parameters of the facilities -------------------------------------------------------------------------------------

NO_FILE = "the product ships no definition file of this facility yet"
BN = 10**9 * FEN
PPM = 10_000
"""ppm in one per cent."""


def _parameter(facility: str, name: str, day: dt.date) -> tuple[Number, str]:
    """What the policy files say, in per cent, years, counts or billions of yuan; and how sure they are of it."""
    now: Any = policy.facility(facility).on(day)

    def of(parameter: str, scale: Number) -> tuple[Number, str]:
        return Fraction(now[parameter].value) / Fraction(scale), now[parameter].status

    if name == "ratio":
        return of("ratio", 100)
    if name.startswith("rate"):
        months = int(numbers(name)[0]) if numbers(name) else 12
        return Fraction(policy.rate_of(now["rate"].value, months), PPM), now["rate"].status
    if name == "rollovers":
        return of("rollovers", 1)
    if name == "term":
        return of("term_months", 12)
    if name == "longest":
        years, status = of("term_months", 12)
        return Fraction(years) * (1 + now["rollovers"].value), status
    if name == "cap on the loan rate":
        return of("loan_rate_cap", PPM)
    quota = now["quota"].value
    pools = {p.id: p.amount_fen for p in quota.pools}
    wanted = next((p for p in pools if p in name), None) if "pool" in name else next(iter(pools))
    if not name.startswith("quota") or wanted is None or ("pool" not in name and quota.kind not in name):
        raise LookupError(f"{facility} has no {name} on {day}: {quota}")
    return Fraction(pools[wanted], BN), now["quota"].status


def _counted(facility: str, name: str) -> tuple[Number, str] | None:
    """What is counted in the policy files, and where; None for a parameter."""
    rules = policy.facility(facility)
    listed = rules.sectors[0].codes if rules.sectors else ()
    launch = f"launch list of `relending/policy/facilities/{facility}.toml`"
    if name == "national lenders":
        classes = set(rules.lenders[0].classes)
        members = sum(lender.cls in classes for lender in policy.lenders().values())
        return members, "lenders of the classes admitted first, in `relending/policy/lenders.toml`"
    if name == "lenders named":
        return len(rules.lenders[0].ids), f"lenders of `relending/policy/facilities/{facility}.toml`"
    if name == "fields":
        return len({policy.sectors()[code].field for code in listed}), launch
    if name == "areas":
        return len(listed), launch
    if name == "subfields named":
        return sum(not code.startswith("other_") for code in listed), launch
    return None


OF_2024 = "`relending run statements/boc-2024q2`"
APART = {
    "subfields of a bank's table": "the names of six of them are not published",
    "quota added": "only the addition is published, not the total, so that no quota is applied",
    "days from quarter's end to publication": "when a statement appears is not part of a run",
}


def facilities() -> Iterator[Entry]:
    """Every row of ``facilities.csv``: the value in force on its day, or why there is none."""
    file = "facilities.csv"
    for row, r in enumerate(FILES[file].rows()):
        name, text, unit = r["parameter"], r["value"], r["unit"]
        if name in _FIRST_HALF_OF_2024:
            yield _first_half_of_2024(file, row, name, text, unit)
        elif name in APART:
            yield apart(file, row, "value", why=APART[name])
        elif r["facility"] in policy.facilities():
            derived = r["grade"] == "derived"
            if counted := _counted(r["facility"], name):
                exact, how = counted
                status = ""
            else:
                exact, status = _parameter(r["facility"], name, dt.date.fromisoformat(r["from"]))
                how = f"`relending policy {r['facility']} --on {r['from']}`"
            note = "" if status == "in_force" else status
            yield held(file, row, "value", unit, text, exact, how=how, note=note, carried=True, derived=derived)
        else:
            yield apart(file, row, "value", why=NO_FILE)


_FIRST_HALF_OF_2024 = (
    "balance, first half of 2024",
    "one state bank's loans, first half of 2024",
    "draws those loans carry",
)


def _first_half_of_2024(file: str, row: int, name: str, text: str, unit: str) -> Entry:
    """Three figures of the question what is rolled over: the national balance, and one bank's loans and draws."""
    if name == _FIRST_HALF_OF_2024[0]:
        funding = runs.shipped("national/original").tables["funding"]
        funding = funding[funding["facility"] == "cerf"].set_index("quarter")["balance_fen"]
        moved = Fraction(int(funding["2024Q2"]) - int(funding["2023Q4"]), BN)
        how = "`relending run national`"
        return held(file, row, "value", unit, text, moved, how=how, differs=NATIONAL, derived=True)
    run = runs.shipped("statements/boc-2024q2")
    if name == _FIRST_HALF_OF_2024[1]:
        lent = int(runs.disclosed(run, "2024Q2", "year")["amount_fen"])
        return held(file, row, "value", unit, text, Fraction(lent, BN), how=OF_2024)
    fen = runs.drawn(run, "boc", "2024-01-01", "2024-06-30")
    return held(file, row, "value", unit, text, Fraction(fen, BN), how=f"draws of {OF_2024}", derived=True)


# -- loan rates against the LPR ---------------------------------------------------------------------------------------


def loan_rates() -> Iterator[Entry]:
    """Published average rates less the 5-year LPR of their days.

    Of a period with several fixings the lowest and the highest are taken. Where one figure is printed for such a period
    it is the difference to the last fixing.
    """
    file = "loan_rates.csv"
    for row, r in enumerate(FILES[file].rows()):
        yield given(file, row, "rate_pct", why="average rates as published")
        rates = [Fraction(text) for text in r["rate_pct"].split(" to ")]
        first, last = _days(r["period"])
        fixings = _five_year(first, last)
        points = r["points_to_lpr_5y"].split(" to ")
        how = f"`policy.lpr()`: {', then '.join(f'{float(v):.2f}' for v in fixings)}"
        if len(points) == 1:
            others = [f"{float(rates[0] - v):+.2f}".replace("-", "−") for v in fixings[:-1]]
            note = f"to the last LPR of the period; to the one before {', '.join(others)}" if others else ""
            exact = rates[0] - fixings[-1]
            yield held(file, row, "points_to_lpr_5y", "points", points[0], exact, how=how, note=note)
        else:
            yield held(file, row, "points_to_lpr_5y", "lowest", points[0], rates[0] - max(fixings), how=how)
            yield held(file, row, "points_to_lpr_5y", "highest", points[1], rates[-1] - min(fixings), how=how)


def _days(period: str) -> tuple[dt.date, dt.date]:
    if "Q" in period:
        quarters = [period, period]
    else:
        year, half = period.split("H")
        quarters = [f"{year}Q{2 * int(half) - 1}", f"{year}Q{2 * int(half)}"]
    first, last = map(parse_quarter, quarters)
    return to_date(int(quarter_start(first))), to_date(int(quarter_end(last)))


def _five_year(first: dt.date, last: dt.date) -> list[Fraction]:
    """The 5-year LPRs in force from one day to another, in their order, per cent."""
    days = [first + dt.timedelta(n) for n in range((last - first).days + 1)]
    found = dict.fromkeys(policy.lpr().on(day) for day in days)
    values = [Fraction(f.lpr_5y_ppm, PPM) for f in found if f is not None]
    return list(dict.fromkeys(values))
