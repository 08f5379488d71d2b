"""The run: book and scenario in, the tables of the run folder out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from .claims import part_funded_rows
from .days import quarter_of, quarters
from .funding import FacilityRun, Funding, Position, Tranche
from .interest import Accrual
from .model import Loan, Prepayment, Result, Row, Scenario, Side
from .opening import openings
from .policy import Facility
from .projects import restatement_rows, revised
from .rates import Rates
from .screen import Checked, find_errors, loan_reduction, loan_share, screen
from .series import Book, cost_rows, disclosure_rows, funding_rows

EVENT_ORDER = ("opening", "interest", "return", "repay", "rollover", "draw")
SUPPORTED = ("held", "repaid", "pending", "opening")
OF_RECORD = {"applied": "applied", "refused": "not_approved", "withdrawn": "withdrawn"}
NOTES = {"applied": "application_pending", "refused": "application_refused", "withdrawn": "application_withdrawn"}


def run(
    loans: Sequence[Loan], prepayments: Sequence[Prepayment], scenario: Scenario, side: Side | None = None
) -> Result:
    """Screen, fund, attribute, disclose and cost a book. Raises ValueError where own_rate has no value yet."""
    side = side or Side()
    own, (loans, said) = loans, revised(loans, side.revisions)
    horizon = quarters(scenario.start, scenario.end)  # start and end are widened to whole quarters
    end = horizon[-1].last
    checked = find_errors(loans, prepayments, scenario, side)
    checked.findings += said
    screening = screen(loans, checked.errors, scenario)
    inside = {i for i, loan in enumerate(loans) if i not in checked.errors and loan.disbursed <= end}
    runs = {name: fund(name, loans, screening, inside, checked, scenario, side) for name in scenario.facilities}

    elsewhere = {i for facility_run in runs.values() for i in facility_run.states}
    states = of_the_record(loans, screening, inside, checked, elsewhere)
    states |= {i: state for facility_run in runs.values() for i, state in facility_run.states.items()}
    attribution = attribution_rows(loans, screening, states, checked, scenario, end)
    supported = {i for i, row in enumerate(attribution) if row["supported"]}
    lost = [i for i in sorted(supported) if loans[i].ineligible_from is not None and loans[i].ineligible_from <= end]
    for i in lost:
        checked.say("became_ineligible", loans[i])
    facility_of = {i: attribution[i]["facility"] for i in sorted(supported)}
    accruals = {name: accruals_of(facility_run, scenario.facilities[name]) for name, facility_run in runs.items()}
    positions = positions_by_loan(runs)
    in_part = part_funded_rows(loans, attribution, positions, checked.record, side, scenario)
    if not scenario.claim:
        pairs = {(row["lender"], row["facility"]) for row in in_part.values()}
        checked.findings += [("part_funded_unclaimed", "") for _ in pairs]
    whole = {i: (loans[i].principal, attribution[i]["reduction"] or 0) for i in facility_of}
    part = {i: (row["claimed"], row["reduction_claimed"]) for i, row in in_part.items()}
    book = Book(
        loans=loans,
        schedules=checked.schedules,
        facility_of=facility_of,
        reductions={i: row["reduction"] or 0 for i, row in enumerate(attribution)},
        lenders=sorted(
            {loan.lender for loan in loans if loan.lender}
            | {row.lender for row in side.opening_tranches}
            | {row.lender for row in side.opening}
        ),
        counted={**whole, **part} if scenario.claim == "funded" else whole,
        positions=positions,
        accruals={
            (lender, name): [accrual for tranche, accrual in pairs if tranche.lender == lender]
            for name, pairs in accruals.items()
            for lender in {tranche.lender for tranche, _ in pairs}
        },
        lost=dict.fromkeys(lost) if scenario.ineligible == "restated" else {},
        recording=checked.record.recording,
        simulated=simulated_draws(runs),
        asking=frozenset(
            i for i in supported if i not in checked.record.recorded and attribution[i]["state"] != "opening"
        ),
        openings=openings(side.opening, scenario),
        rates=Rates(loans, facility_of, scenario, end),
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
        errors=checked.errors,
        ineligible=[] if scenario.ineligible == "kept" else [{"loan_id": loans[i].loan_id} for i in lost],
        part_funded=list(in_part.values()),
        restatement=restatement_rows(own, loans, attribution, disclosed_in(loans, attribution, scenario), side, end),
        findings=[*checked.findings, *(said for facility_run in runs.values() for said in facility_run.findings)],
    )


def disclosed_in(loans: Sequence[Loan], attribution: list[Row], scenario: Scenario) -> list[str]:
    """The quarter each loan is disclosed in; of a loan without a facility that of its disbursement."""
    days = []
    for loan, row in zip(loans, attribution, strict=True):
        facility = scenario.facilities.get(row["facility"])
        days.append(max(loan.disbursed, facility.latest("launch")) if facility else loan.disbursed)
    return [quarter_of(day).name for day in days]


def fund(
    name: str,
    loans: Sequence[Loan],
    screening: list[Row],
    inside: set[int],
    checked: Checked,
    scenario: Scenario,
    side: Side,
) -> FacilityRun:
    """One facility: the loans to be simulated, the receipts of the record, the opening balance."""
    record = checked.record
    receipts = [
        receipt
        for i, decision in record.decisions.items()
        if i in inside and decision.facility == name
        for receipt in decision.receipts
    ]
    opening = [row for row in side.opening_tranches if row.facility == name]
    before = Funding(scenario.facilities[name], loans, checked.schedules, [], scenario, [], opening).lies_before

    def asks(i: int) -> bool:
        """Not decided by the record; or without a row in it, and of before the balance its lender begins with."""
        return i not in record.recorded or (i not in record.decisions and before(loans[i]))

    eligible = [
        i for i, row in enumerate(screening) if row["eligible"] and row["facility"] == name and i in inside and asks(i)
    ]
    return Funding(scenario.facilities[name], loans, checked.schedules, eligible, scenario, receipts, opening).run()


def of_the_record(
    loans: Sequence[Loan], screening: list[Row], inside: set[int], checked: Checked, elsewhere: set[int]
) -> dict[int, str]:
    """The states of loans the record decides and that were not funded, and what is said of all it decides.

    INTERPRETED: the notes on what became of an application are of eligible loans; of one that is not eligible it is
    only said that it still waits (applied_not_eligible).
    """
    record, states = checked.record, {}
    if not record.recording:
        return {}
    for i in sorted(record.recorded & inside):
        decision, eligible = record.decisions.get(i), screening[i]["eligible"]
        for code in decision.notes if decision else ():
            checked.say(code, loans[i])
        if decision is None:
            if eligible and i not in elsewhere:  # what lies in an opening is not asked about
                states[i] = "not_applied"
                checked.say("not_applied", loans[i])
        elif decision.status == "funded":
            if not eligible:
                checked.say("funded_not_eligible", loans[i])
        elif eligible:
            states[i] = OF_RECORD[decision.status]
            checked.say(NOTES[decision.status], loans[i])
        elif decision.status == "applied":
            checked.say("applied_not_eligible", loans[i])
    return states


def simulated_draws(runs: dict[str, FacilityRun]) -> dict[tuple[str, str], date]:
    """The first day a simulated draw of a lender and facility counts."""
    found: dict[tuple[str, str], date] = {}
    for name, facility_run in runs.items():
        for tranche in facility_run.tranches:
            if "simulated" in tranche.basis:
                key = (tranche.lender, name)
                found[key] = min(found.get(key, date.max), tranche.drawn_on)
    return found


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
                if position.loan is not None:
                    found.setdefault(position.loan, []).append(position)
    return found


def basis_of(kinds: Iterable[str]) -> str:
    """recorded, simulated, or mixed where there are both."""
    (*first, last) = sorted(set(kinds))
    return "mixed" if first else last


def attribution_rows(
    loans: Sequence[Loan],
    screening: list[Row],
    states: dict[int, str],
    checked: Checked,
    scenario: Scenario,
    end: date,
) -> list[Row]:
    """Every loan read, in input order. The facility of a funded loan is that of its money.

    INTERPRETED: a loan set aside is not simulated, so in a recorded run its basis is `recorded`.

    INTERPRETED: a loan in error is set aside also if it is disbursed after the end, whose state is empty otherwise.
    `field` is that of the sector wherever the sector is known, whatever becomes of the loan.
    """
    rows: list[Row] = []
    record = checked.record
    for i, loan in enumerate(loans):
        if i in checked.errors:
            state = "set_aside"
        elif loan.disbursed > end:
            state = ""
        else:
            state = states.get(i, "refused")
        decision = record.decisions.get(i)
        funded = decision is not None and bool(decision.receipts) and state != ""
        rows.append(
            {
                "loan_id": loan.loan_id,
                "lender": loan.lender,
                "facility": decision.facility if decision and funded else screening[i]["facility"],
                "field": scenario.fields.get(loan.sector, ""),
                "sector": loan.sector,
                "project_id": loan.project_id,
                "contract_id": loan.contract_id,
                "disbursed": loan.disbursed,
                "principal": loan.principal,
                "rate": loan.rate,
                "share": loan_share(loan),
                "reduction": loan_reduction(loan),
                "supported": state in SUPPORTED,
                "state": state,
                "basis": "recorded"
                if i in record.recorded or (record.recording and (i in checked.errors or state == "opening"))
                else "simulated",
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
        for i, waiting in facility_run.pending.items():
            for tranche_id, basis in waiting:
                head = {"loan_id": loans[i].loan_id, "facility": name, "tranche": tranche_id, "drawn": None}
                found.append((i, tranche_id, {**head, **dict.fromkeys(columns), "repaid_on": None, "basis": basis}))
        for tranche in facility_run.tranches:
            for p in tranche.positions:
                if p.loan is None:
                    continue
                row: Row = {"loan_id": loans[p.loan].loan_id, "facility": name, "tranche": tranche.id}
                row["drawn"] = p.drawn
                for k, column in enumerate(columns, start=1):
                    passed = k <= len(tranche.due) and tranche.due[k - 1] <= end
                    row[column] = p.continued.get(k, 0) if passed else None
                row["repaid_on"] = p.history[-1][0] if p.held == 0 else None
                row["basis"] = basis_of(tranche.basis)
                found.append((p.loan, tranche.id, row))
    return [row for _, _, row in sorted(found, key=lambda entry: entry[:2])]


def ledger_rows(
    runs: dict[str, FacilityRun],
    accruals: dict[str, list[tuple[Tranche, Accrual]]],
    scenario: Scenario,
    end: date,
) -> list[Row]:
    """Every event up to `end`, by date, event, lender, facility (INTERPRETED: in scenario order), tranche."""
    first = quarters(scenario.start, scenario.end)[0].first
    basis = {t.id: basis_of(t.basis) for facility_run in runs.values() for t in facility_run.tranches}
    rows: list[Row] = [row for facility_run in runs.values() for row in facility_run.events]
    for name, pairs in accruals.items():
        for tranche, accrual in pairs:
            how = scenario.facilities[name].on("interest_settlement", tranche.drawn_on)
            for day, amount in accrual.settlements(how):
                if amount and day <= end and (day >= first or not tranche.opening):
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
    for row in rows:
        row["basis"] = basis[row["tranche"]]
    order = list(scenario.facilities)
    rows.sort(
        key=lambda r: (r["date"], EVENT_ORDER.index(r["event"]), r["lender"], order.index(r["facility"]), r["tranche"])
    )
    return rows
