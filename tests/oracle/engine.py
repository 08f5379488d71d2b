"""The run: book and scenario in, the tables of the run folder out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from .days import quarters
from .funding import FacilityRun, Funding, Position, Tranche
from .interest import Accrual
from .model import Loan, Prepayment, Result, Row, Scenario
from .policy import Facility
from .screen import find_errors, loan_reduction, loan_share, screen
from .series import Book, cost_rows, disclosure_rows, funding_rows

EVENT_ORDER = ("interest", "return", "repay", "rollover", "draw")


def run(loans: Sequence[Loan], prepayments: Sequence[Prepayment], scenario: Scenario) -> Result:
    """Screen, fund, attribute, disclose and cost a book. Raises ValueError where own_rate has no value yet."""
    horizon = quarters(scenario.start, scenario.end)  # start and end are widened to whole quarters
    end = horizon[-1].last
    errors, schedules = find_errors(loans, prepayments, end)
    screening = screen(loans, errors, scenario)

    runs: dict[str, FacilityRun] = {}
    for name, facility in scenario.facilities.items():
        eligible = [
            i
            for i, row in enumerate(screening)
            if row["eligible"] and row["facility"] == name and loans[i].disbursed <= end
        ]
        runs[name] = Funding(facility, loans, schedules, eligible, scenario, end).run()

    states = {i: state for facility_run in runs.values() for i, state in facility_run.states.items()}
    attribution = attribution_rows(loans, screening, states, errors, scenario, end)
    accruals = {name: accruals_of(facility_run, scenario.facilities[name]) for name, facility_run in runs.items()}
    book = Book(
        loans=loans,
        schedules=schedules,
        facility_of={i: row["facility"] for i, row in enumerate(attribution) if row["supported"]},
        reductions={i: row["reduction"] or 0 for i, row in enumerate(attribution)},
        lenders=sorted({loan.lender for loan in loans if loan.lender}),
        positions=positions_by_loan(runs),
        accruals={
            (lender, name): [accrual for tranche, accrual in pairs if tranche.lender == lender]
            for name, pairs in accruals.items()
            for lender in {tranche.lender for tranche, _ in pairs}
        },
    )
    ledger = ledger_rows(runs, accruals, scenario, end)
    return Result(
        screening=screening,
        attribution=attribution,
        draws=draw_rows(loans, runs, scenario, end),
        ledger=ledger,
        funding=funding_rows(horizon, ledger, book, scenario),
        disclosure=disclosure_rows(horizon, book, scenario),
        cost=cost_rows(horizon, book, scenario),
        errors=errors,
    )


def accruals_of(facility_run: FacilityRun, facility: Facility) -> list[tuple[Tranche, Accrual]]:
    """The interest of every tranche-year, with its tranche."""
    return [
        (tranche, Accrual(year, facility.on("day_count", tranche.drawn_on)))
        for tranche in facility_run.tranches
        for year in tranche.years
    ]


def positions_by_loan(runs: dict[str, FacilityRun]) -> dict[int, list[Position]]:
    found: dict[int, list[Position]] = {}
    for facility_run in runs.values():
        for tranche in facility_run.tranches:
            for position in tranche.positions:
                found.setdefault(position.loan, []).append(position)
    return found


def attribution_rows(
    loans: Sequence[Loan],
    screening: list[Row],
    states: dict[int, str],
    errors: dict[int, str],
    scenario: Scenario,
    end: date,
) -> list[Row]:
    """Every loan read, in input order.

    INTERPRETED: a loan in error is set aside also if it is disbursed after the end, whose state is empty otherwise.
    `field` is that of the sector wherever the sector is known, whatever becomes of the loan.
    """
    rows: list[Row] = []
    for i, loan in enumerate(loans):
        if i in errors:
            state = "set_aside"
        elif loan.disbursed > end:
            state = ""
        elif not screening[i]["eligible"]:
            state = "refused"
        else:
            state = states[i]
        rows.append(
            {
                "loan_id": loan.loan_id,
                "lender": loan.lender,
                "facility": screening[i]["facility"],
                "field": scenario.fields.get(loan.sector, ""),
                "sector": loan.sector,
                "project_id": loan.project_id,
                "contract_id": loan.contract_id,
                "disbursed": loan.disbursed,
                "principal": loan.principal,
                "rate": loan.rate,
                "share": loan_share(loan),
                "reduction": loan_reduction(loan),
                "supported": state in ("held", "repaid", "pending"),
                "state": state,
            }
        )
    return rows


def draw_rows(loans: Sequence[Loan], runs: dict[str, FacilityRun], scenario: Scenario, end: date) -> list[Row]:
    """One row a draw of a supported loan, in input order, then by draw date.

    INTERPRETED: continued_k has a figure (0 where nothing went on) for each due date up to `end`, the last one, which
    repays all, included; it is empty beyond the tranche's own due dates. N = the most rollovers any dated value of
    the run's facilities gives.
    """
    most = max((value for f in scenario.facilities.values() for _, value in f.values["rollovers"]), default=0)
    columns = [f"continued_{k}" for k in range(1, most + 1)]
    found: list[tuple[int, str, Row]] = []
    for name, facility_run in runs.items():
        for i, tranche_id in facility_run.pending.items():
            head = {"loan_id": loans[i].loan_id, "facility": name, "tranche": tranche_id, "drawn": None}
            found.append((i, tranche_id, {**head, **dict.fromkeys(columns), "repaid_on": None}))
        for tranche in facility_run.tranches:
            for p in tranche.positions:
                row: Row = {"loan_id": loans[p.loan].loan_id, "facility": name, "tranche": tranche.id}
                row["drawn"] = p.drawn
                for k, column in enumerate(columns, start=1):
                    passed = k <= len(tranche.due) and tranche.due[k - 1] <= end
                    row[column] = p.continued.get(k, 0) if passed else None
                row["repaid_on"] = p.history[-1][0] if p.held == 0 else None
                found.append((p.loan, tranche.id, row))
    return [row for _, _, row in sorted(found, key=lambda entry: entry[:2])]


def ledger_rows(
    runs: dict[str, FacilityRun],
    accruals: dict[str, list[tuple[Tranche, Accrual]]],
    scenario: Scenario,
    end: date,
) -> list[Row]:
    """Every event up to `end`, by date, event, lender, facility (INTERPRETED: in scenario order), tranche."""
    rows: list[Row] = [row for facility_run in runs.values() for row in facility_run.events]
    for name, pairs in accruals.items():
        for tranche, accrual in pairs:
            how = scenario.facilities[name].on("interest_settlement", tranche.drawn_on)
            for day, amount in accrual.settlements(how):
                if amount and day <= end:
                    rows.append(
                        {
                            "date": day,
                            "lender": tranche.lender,
                            "facility": name,
                            "tranche": tranche.id,
                            "event": "interest",
                            "amount": amount,
                            "rate": accrual.year.rate,
                            "balance": accrual.year.before(day),
                        }
                    )
    order = list(scenario.facilities)
    rows.sort(
        key=lambda r: (r["date"], EVENT_ORDER.index(r["event"]), r["lender"], order.index(r["facility"]), r["tranche"])
    )
    return rows
