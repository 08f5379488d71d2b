"""Entries that come out of whole runs: bank statements, totals of the facilities, attribution, a cost example."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from relending.engine import costing
from relending.units import E8, mul_div
from tests.facts import books, runs
from tests.facts.calls import Word, call
from tests.facts.entry import ABOUT, DIFFERS, EQUAL, HOLDS, Entry, NotAsDeclaredError, apart, given, held
from tests.facts.facts import FILES, numbers
from tools import build_national, build_statements

# -- statements -------------------------------------------------------------------------------------------------------

WORDS = {"projects": "projects", "loan_wan_yuan": "10,000 yuan", "rate_pct": "%", "reduction_tCO2e": "t a year"}


def statements() -> Iterator[Entry]:
    """Every figure of every statement, from ``rl.run("statements/...").published``."""
    file = "statements.csv"
    names = {(one.bank, one.period): one for one in build_statements.statements()}
    for row, r in enumerate(FILES[file].rows()):
        one = names[r["bank"], r["period"]]
        run = runs.shipped(f"statements/{one.name}")
        for column, (measure, unit) in build_statements.PRINTED.items():
            if r[column]:
                horizon = build_statements.HORIZON[r["horizon"]]
                cell = runs.figure(run, horizon=horizon, measure=measure, unit=unit)
                _same_text(cell["published"], r[column])
                yield _agreed(cell, held(file, row, column, WORDS[column], r[column], Decimal(cell["reproduced"])))


OUTCOMES = {"equal": EQUAL, "differs": DIFFERS, "holds": HOLDS, "compared": ABOUT}


def _agreed(cell: Any, entry: Entry) -> Entry:
    """The entry, if the run's own comparison came to the same."""
    if OUTCOMES[cell["outcome"]] != entry.outcome:
        raise NotAsDeclaredError(f"{entry.label}: {cell['outcome']} in the run, {entry.outcome} here")
    return entry


def _same_text(there: str, here: str) -> None:
    if Decimal(there) != Decimal(here):
        raise LookupError(f"the run holds {there} for {here}")


# -- totals of the facilities -----------------------------------------------------------------------------------------

READINGS = ("outstanding", "part-rolled", "quarter-later")
"""The national runs under other readings; the page shows how far they are off."""
NATIONAL = "[why](national.md)"
DIFFER = {  # date, tool, kind of the figures known to differ in the national run -> a word on it
    ("2022-05", "CERF", "funding, cumulative (Q1 2022 report)"): NATIONAL,
    ("2022-05", "coal", "funding, cumulative (Q1 2022 report)"): NATIONAL,
    ("2022-05", "both", "funding, cumulative (Q1 2022 report)"): f"{NATIONAL}: the sum of the two above",
    ("2023-06-30", "CERF", "balance"): NATIONAL,
    ("2023-06-30", "CERF", "change since start of year"): NATIONAL,
    ("2023-12-31", "CERF", "balance"): NATIONAL,
    ("2023-12-31", "CERF", "change over the year"): NATIONAL,
    ("2024-06-30", "CERF", "balance"): NATIONAL,
    ("2024-06-30", "coal", "balance"): NATIONAL,
}
CALIBRATED = "input of the calibration"
FIRMS = "the run has no firms: a statement counts projects, and nothing published leads to a number of borrowers"
ALONE = "a total without its parts: nothing is published that it could be computed from"
TERM = "a run states no average term; the national plan takes this one for its loans"
LENT = "loans put in, to compute the funds"
PART = "a part put in, to compute the total"
COUNTED = "the run counts projects, and how the loans were split is not published"


def aggregates() -> Iterator[Entry]:
    """Totals of the facilities: all lenders from the national run, institutions and places from a book of their own."""
    file = "aggregates.csv"
    for row, r in enumerate(FILES[file].rows()):
        what = (r["scope"], r["kind"])
        if re.fullmatch(r"\d+ loans", r["kind"]):
            yield apart(file, row, "kind", why=COUNTED)
        if what[0] == "all":
            yield _national(file, row, r)
        elif what in books.LOANS:
            yield given(file, row, "value", why=PART if r["scope"] in ("Shanghai", "Shanxi") else LENT)
        elif what in books.TESTS:
            lender, quarter = books.PARTS[r["scope"]]
            cell = runs.figure(runs.mine("parts"), lender=lender, quarter=quarter, measure=books.TESTS[what])
            _same_text(cell["published"], r["value"])
            how = runs.command("parts")
            entry = held(file, row, "value", _unit(r["unit"]), r["value"], Decimal(cell["reproduced"]), how=how)
            yield _agreed(cell, entry)
        else:
            reasons = {"firms": FIRMS, "weighted term": TERM}
            yield apart(file, row, "value", why=reasons.get(r["kind"], ALONE))


def _unit(unit: str) -> str:
    return {"yi_yuan": "100 m yuan", "tCO2e_per_year": "10,000 t a year"}.get(unit, unit)


def _national(file: str, row: int, r: dict[str, str]) -> Entry:
    if r["unit"] == "count":
        return apart(file, row, "value", why=FIRMS)
    if r["tool"] == "both":
        parts = [figure_of({**r, "tool": tool}) for tool in ("CERF", "coal")]
        total = sum(Decimal(cell["reproduced"]) for cell in parts)
        return held(file, row, "value", _unit(r["unit"]), r["value"], total, differs=_differs(r))
    cell = figure_of(r)
    _same_text(cell["published"], str(Decimal(r["value"]) / build_national.UNIT[r["unit"]][1]))
    if cell["role"] == "input":
        return given(file, row, "value", why=CALIBRATED)
    word = _differs(r)
    entry = held(
        file,
        row,
        "value",
        _unit(r["unit"]),
        cell["published"],
        Decimal(cell["reproduced"]),
        said=r["value"],
        bound=cell["bound"],
        differs=word,
        note="" if word else _other_readings(r),
    )
    return _agreed(cell, entry)


def figure_of(r: dict[str, str], reading: str = "original") -> Any:
    """The row of the national run that holds a published total."""
    horizon, measure, bound = build_national.KINDS[r["kind"]]
    facility, quarter = build_national.FACILITY[r["tool"]], build_national.QUARTER[r["date"]]
    run = runs.shipped(f"national/{reading}")
    return runs.figure(run, facility=facility, quarter=quarter, horizon=horizon, measure=measure, bound=bound)


def _differs(r: dict[str, str]) -> str:
    word = DIFFER.get((r["date"], r["tool"], r["kind"]), "")
    others = _other_readings(r) if r["tool"] != "both" else ""
    return word and f"{word}{'; ' if others else ''}{others}"


def _other_readings(r: dict[str, str]) -> str:
    """How far the other readings are off, where one is."""
    off = {name: figure_of(r, name)["difference"] for name in READINGS}
    if len({figure_of(r)["difference"], *off.values()}) == 1:
        return ""
    return ", ".join(f"{name} {signed(int(difference))}" for name, difference in off.items())


def signed(difference: int) -> str:
    """A difference with its sign.

    >>> signed(-1155), signed(0), signed(44)
    ('−1,155', '0', '+44')
    """
    return f"{difference:+,}".replace("-", "−") if difference else "0"


WHOLE = "the loan, the project's investment and its whole reduction"


# -- real projects ----------------------------------------------------------------------------------------------------


def projects() -> Iterator[Entry]:
    """Share and reduction of six loans; neither is printed by a source, both follow from what is."""
    file = "projects_attribution.csv"
    run = runs.mine("projects")
    for row, r in enumerate(FILES[file].rows()):
        out = runs.loan(run, f"L{row + 1}")
        yield given(file, row, "total_investment", "loan", "annual_tCO2", why=WHOLE)
        share = Fraction(int(out["share_e8"]), E8)
        yield held(file, row, "loan_share", "share", r["loan_share"], share, derived=True)
        tonnes = runs.tonnes(out["reduction_g"])
        yield held(file, row, "attributed_tCO2", "t a year", r["attributed_tCO2"], tonnes, derived=True)
        for text in numbers(r["total_is"]):
            # a fund prints by how much its loans were leveraged: the share, the other way round
            loan, total = (int(Decimal(r[c].split()[0]) * 100) for c in ("loan", "total_investment"))
            turned = call(mul_div, total, 100, loan, Word("half_up"))
            times, how = Fraction(int(turned.value), 100), f"`{turned.text} / 100`"
            yield held(file, row, "total_is", "multiplier", text, times, how=how)
        reason = "the product does not hold a reduction against output or coal yet"
        more = apart(file, row, "capacity_MW", "annual_MWh", "coal_saved_tce", why=reason)
        if more.figures:
            yield more


# -- a broker's example -----------------------------------------------------------------------------------------------


def cost_example() -> Iterator[Entry]:
    """The example as a run, and the two figures without a facility from the function a run uses."""
    file = "cost_examples.csv"
    r = FILES[file].rows()[0]
    inputs = ("loan_rate_pct", "facility_share", "facility_rate_pct", "other_funding_rate_pct")
    yield given(file, 0, *inputs, why="rates and share; the run has those of the facility from the policy files")
    cost = runs.mine("broker_note").tables["cost"].iloc[-1]
    for column in ("facility_rate_pct", "other_funding_rate_pct", "loan_rate_pct"):
        name = {"facility_rate_pct": "facility_rate_e8", "loan_rate_pct": "loan_yield_e8"}.get(column)
        seen = runs.percent(cost[name]) if name else Decimal(int(cost["own_rate_ppm"])) / 10_000
        _same_text(str(seen), r[column])
    run = runs.command("broker_note")
    yield held(file, 0, "published", "spread, %", "2.72", runs.percent(cost["margin_e8"]), how=f"`margin` of {run}")
    blended = runs.percent(cost["blended_cost_e8"])
    yield held(file, 0, "derived", "blended funding, %", "1.93", blended, how=f"`blended_cost` of {run}", derived=True)
    loan, facility, own = (
        f"{Decimal(r[c]) / 100:f}" for c in ("loan_rate_pct", "facility_rate_pct", "other_funding_rate_pct")
    )
    without = call(costing.blended_cost, 0, facility, own)
    spread = 100 * (Fraction(loan) - without.value)
    how = f"`100 * ({loan} - {without.text})`"
    yield held(file, 0, "derived", "spread without the tool, %", "2.45", spread, how=how, derived=True)
    gain = call(costing.subsidy_rate, r["facility_share"], facility, own)
    yield held(file, 0, "derived", "gain, %", "0.27", 100 * gain.value, how=f"`100 * {gain.text}`", derived=True)
