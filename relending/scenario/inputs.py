"""What a scenario is run on: the loans of its book and those its lending plan stands for, one below the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from relending import policy
from relending.book import Book, read_book, read_side_table
from relending.book.book import BLOCK_ROWS
from relending.book.columns import PLAN_ID
from relending.book.plan import UNKNOWN, Pricing, expand
from relending.dates import Days, to_day, whole_quarters
from relending.findings import Findings, InputError
from relending.scenario.scenario import Scenario
from relending.units import Ints, decimal_text, total

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Planned:
    """A lending plan as expanded: its loans, findings, and what was read."""

    loans: pd.DataFrame
    findings: Findings
    inputs: tuple[Mapping[str, Any], ...]


def read_loans(scenario: Scenario, *, block_rows: int = BLOCK_ROWS) -> Book:
    """The scenario's book with the loans of its plan behind it.

    InputError, with what is wrong with book and plan together, where either cannot be read or there is no loan at all.
    """
    problems = []
    plan = book = None
    try:
        plan = read_plan(scenario) if scenario.plan is not None else None
    except InputError as stop:
        problems.append(stop.findings)
    try:
        book = _book(scenario, block_rows)
    except InputError as stop:
        problems.insert(0, stop.findings)
    if problems or book is None:
        raise InputError(Findings.concat([*([book.findings] if book else []), *problems]))
    return book if plan is None else _behind(book, plan, block_rows)


def read_plan(scenario: Scenario) -> Planned:
    """The scenario's lending plan, expanded to its loans (:mod:`relending.book.plan`)."""
    assert scenario.plan is not None
    read = read_side_table(scenario.plan, "plan", lender=scenario.lender, lenders=scenario.lender_names())
    if not len(read.frame):
        raise InputError(read.findings + Findings.one("table_empty", file=scenario.plan.name))
    made = expand(read.frame, pricing(scenario), *whole_quarters(scenario.start, scenario.end))
    said = Findings()
    if scenario.lpr_shift_bp and not (read.frame["rate_ppm"].isna() & ~read.frame["data_error"]).any():
        # every row gives a rate: nothing follows the LPR
        said = Findings.one("key_not_used", column="market.lpr_shift_bp", found=scenario.lpr_shift_bp)
    return Planned(made.loans, Findings.concat([read.findings, said, made.findings]), read.inputs)


def pricing(scenario: Scenario) -> Pricing:
    """How planned loans are priced: the LPR as the scenario moves it, and up to which term the 1-year LPR is meant.

    That term is a rule of the facility a sector belongs to, as the scenario has it where it runs that facility.
    """
    rules = {name: policy.facility(name) for name in policy.facilities()} | {f.id: f for f in scenario.facilities}
    limit = {
        code: facility["lpr_1y_up_to_months"]
        for facility in rules.values()
        for code in facility.codes()
        if "lpr_1y_up_to_months" in facility
    }

    def one_year_up_to(sector: str, days: Days) -> Ints:
        return limit[sector].pick(days) if sector in limit else np.full(len(days), UNKNOWN, np.int64)

    return Pricing(scenario.lpr, scenario.lpr_shift_bp, to_day(scenario.lpr_shift_from), one_year_up_to)


def planned_refused(loans: pd.DataFrame, screening: pd.DataFrame) -> Findings:
    """A warning for each plan row some loans of which are not eligible, with their number, amount and reasons.

    A book is full of loans no facility supports; a plan row that draws nothing is most likely a slip.
    """
    asked = loans["planned"].to_numpy(dtype=bool)
    if not asked.any():
        return Findings()
    refused = asked & ~screening["eligible"].to_numpy(dtype=bool) & ~loans["data_error"].to_numpy(dtype=bool)
    told = loans.loc[refused, ["file", "sheet", "row", "principal_fen"]].assign(
        reasons=screening.loc[refused, "reasons"].to_numpy()
    )
    out = []
    for (file, row, reasons), some in told.groupby(["file", "row", "reasons"], sort=True):
        amount = decimal_text(total(some["principal_fen"].to_numpy(dtype=np.int64)), 2)
        sheet = some["sheet"].iloc[0]
        out.append(
            Findings.one(
                "plan_not_supported",
                file=file,
                sheet=sheet if isinstance(sheet, str) else "",
                row=int(row),
                loan=f"{PLAN_ID}{row}",
                found=f"{len(some):,} = {amount} CNY: {reasons}",
            )
        )
    return Findings.concat(out)


def _book(scenario: Scenario, block_rows: int) -> Book:
    """The book of files; without any, one of no loans with the prepayments that may be of planned ones."""
    if scenario.book:
        return read_book(
            list(scenario.book),
            prepayments=scenario.prepayments,
            side=scenario.side,
            lender=scenario.lender,
            lenders=scenario.lender_names(),
            sheet=scenario.sheet or None,
            block_rows=block_rows,
        )
    return Book.without_loans(scenario.prepayments, scenario.side, scenario.lender, scenario.lender_names())


def _behind(book: Book, plan: Planned, block_rows: int) -> Book:
    """The book with the planned loans as one more file of it."""
    import pandas as pd

    before, more = len(book.loans), len(plan.loans)
    cuts = [before + n for n in (*range(block_rows, more, block_rows), more)]
    return replace(
        book,
        loans=pd.concat([book.loans, plan.loans], ignore_index=True) if before else plan.loans,
        findings=book.findings + plan.findings,
        inputs=(*book.inputs, *plan.inputs),
        cuts=(*book.cuts, *cuts),
    )
