"""Random records of a bank beside random books: what was applied for and arrived, what stood open, what loans owe."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from . import cases
from .days import add_months, period_of, quarter_of
from .exact import half_even
from .model import (
    Application,
    Balance,
    Instalment,
    Loan,
    OpeningTotal,
    OpeningTranche,
    OtherLoan,
    Prepayment,
    Revision,
    Scenario,
    Side,
)
from .opening import ids_of
from .screen import candidate

Case = tuple[list[Loan], list[Prepayment], Scenario, Side]


def random_case(seed: int, size: int) -> Case:
    """A book, its prepayments, a scenario and the tables beside them; every table is there about every other time."""
    rng = random.Random(seed)
    loans, prepayments = cases.random_book(rng, size)
    # an investment of nothing is an error of the row, which the oracle leaves to whoever reads the book
    loans = [dataclasses.replace(one, data_error=one.data_error or one.investment == 0) for one in loans]
    sc = random_options(rng, cases.random_scenario(rng))
    loans = [changed(rng, one, loans) for one in loans]
    if rng.random() < 0.7:
        loans = [repriced(rng, one) for one in loans]
    revisions = random_revisions(rng, loans) if rng.random() < 0.4 else []
    if rng.random() < 0.6:
        loans = [in_contract(rng, one) for one in loans]
    if rng.random() < 0.6:
        loans = [with_code(rng, one) for one in loans]
    again = {one.project_id for one in revisions}  # what such a project's loan reports is compared by the book
    loans = [dataclasses.replace(one, reduction_reported=None) if one.project_id in again else one for one in loans]
    side = Side(
        revisions=revisions,
        opening=random_totals(rng, sc, loans) if rng.random() < 0.5 else (),
        other_loans=random_others(rng, loans) if rng.random() < 0.5 else (),
        applications=random_applications(rng, loans, sc) if rng.random() < 0.6 else None,
        opening_tranches=random_opening(rng, sc) if rng.random() < 0.5 else (),
        schedule=random_schedule(rng, loans) if rng.random() < 0.5 else (),
        balances=random_balances(rng, loans) if rng.random() < 0.6 else (),
    )
    # drawn last, so that a seed's book and record stay what they were
    return loans, prepayments, dataclasses.replace(sc, claim=rng.choice(["", "full", "funded", "funded"])), side


def random_options(rng: random.Random, sc: Scenario) -> Scenario:
    """The horizon and the options of the ledger."""
    haircut = rng.choice([0, 100_000, 333_333])
    on_ineligible = rng.choice(["at_rollover", "immediate"])
    facilities = {
        name: dataclasses.replace(
            one,
            values={
                **one.values,
                "on_ineligible": ((date.min, on_ineligible),),
                "collateral_haircut": ((date.min, 0), (date(2023, 2, 3), haircut)),
            },
        )
        for name, one in sc.facilities.items()
    }
    market = {
        "loan_rates": rng.choice(["issue", "current"]),
        "rate_basis": rng.choice(["issue", "current"]),
        "reference_rate": rng.choice([(), ((date(2020, 1, 1), 25000), (date(2023, 3, 31), 21111))]),
        "collateral_cost": rng.choice([(), ((date(2020, 1, 1), 1234), (date(2022, 8, 9), 0))]),
        "earning_assets": rng.choice([(), ((date(2020, 1, 1), 10**14 + 7), (date(2024, 1, 1), 3 * 10**13))]),
        **rng.choice([{}, {"lpr_shift_bp": -25, "lpr_shift_from": date(2023, 6, 20)}]),
    }
    return dataclasses.replace(
        sc,
        **market,
        facilities=facilities,
        lenders={**sc.lenders, "delta": "rural"},  # may have an opening balance and no loan
        own_rate={**sc.own_rate, "delta": [(date(2021, 1, 1), 28000)]},
        start=rng.choice([date(2021, 7, 1), date(2022, 7, 1), date(2023, 1, 1), date(2023, 5, 10)]),
        end=rng.choice([date(2024, 6, 30), date(2023, 8, 17), date(2026, 12, 31), date(2026, 12, 31)]),
        simulate_from=rng.choice([None, date(2023, 7, 1), date(2022, 2, 28)]),
        ineligible=rng.choice(["listed", "kept", "restated"]),
    )


def changed(rng: random.Random, one: Loan, loans: Sequence[Loan]) -> Loan:
    """Now and then an extension, a loss of eligibility, a refinancing, a plan."""
    new = {}
    if rng.random() < 0.15:
        new["extended_to"] = one.matures + timedelta(
            days=rng.choice([1, 90, 90, 365, 366]) if rng.random() < 0.95 else 0
        )
    if rng.random() < 0.2:
        days = rng.choice([0, 30, rng.randrange(900), rng.randrange(900)])
        new["ineligible_from"] = one.disbursed + timedelta(days=days)
        if rng.random() < 0.3:
            new["ineligible_from"] = quarter_of(new["ineligible_from"]).last
    if rng.random() < 0.15:
        new["refinances"] = rng.choice([*(other.loan_id for other in loans), "elsewhere"])
    if rng.random() < 0.1 and None not in (one.evidence, one.investment, one.reduction):
        new["planned"] = True  # a plan always gives these
    return dataclasses.replace(one, **new)


def cut(rng: random.Random, amount: int, parts: int) -> list[int]:
    """An amount in some parts, none of them 0."""
    if amount < parts:
        return [amount]
    places = sorted({rng.randrange(1, amount) for _ in range(parts - 1)}) if amount > 1 else []
    return [b - a for a, b in zip([0, *places], [*places, amount], strict=True)]


def random_schedule(rng: random.Random, loans: Sequence[Loan]) -> list[Instalment]:
    """The instalments of some loans: right ones, and now and then a day, an amount or a sum that is wrong."""
    found = []
    for one in loans:
        if rng.random() > 0.3:
            continue
        last = one.matures if rng.random() < 0.7 else one.matures + timedelta(days=rng.choice([-1, 40]))
        span = max((last - one.disbursed).days, 1)
        amounts = cut(rng, one.principal, rng.choice([1, 2, 5]))
        days = [one.disbursed + timedelta(days=rng.randrange(1, span + 1)) for _ in amounts[1:]]
        rows = [
            Instalment(loan_id=one.loan_id, date=d, principal=a) for d, a in zip([*days, last], amounts, strict=True)
        ]
        if rng.random() < 0.12:
            wrong = rng.choice([{"date": one.disbursed}, {"principal": rows[0].principal + 1}, {"principal": 0}])
            rows[0] = dataclasses.replace(rows[0], **wrong)
        found += rows
    rng.shuffle(found)
    if rng.random() < 0.2:
        found.append(Instalment(loan_id="nobody", date=date(2023, 1, 1), principal=1))
    return found


def random_balances(rng: random.Random, loans: Sequence[Loan]) -> list[Balance]:
    """Balances that fall or rise against the contract, of loans that run and of loans that should be over."""
    found = []
    for one in loans:
        if rng.random() > 0.35:
            continue
        span = (one.matures - one.disbursed).days
        for _ in range(rng.choice([1, 1, 2, 3])):
            day = one.disbursed + timedelta(days=rng.randrange(span + rng.choice([0, 0, 0, 200])))
            if rng.random() < 0.25:
                day = max(one.disbursed, quarter_of(day).last)
            part = rng.choice([100, 100, 99, 50, rng.randrange(101), 0])
            found.append(Balance(loan_id=one.loan_id, date=day, outstanding=one.principal * part // 100))
        if rng.random() < 0.03:
            found.append(dataclasses.replace(found[-1], outstanding=one.principal + 1))
        if rng.random() < 0.03:
            found.append(dataclasses.replace(found[-1], date=one.disbursed - timedelta(days=1)))
        if rng.random() < 0.2:
            found.append(found[-1])  # an equal repetition
    rng.shuffle(found)
    return found


def random_applications(rng: random.Random, loans: Sequence[Loan], sc: Scenario) -> list[Application]:
    """The record of most loans; all rows of one loan are of one facility and of its frequency."""
    found = []
    for one in loans:
        if rng.random() < 0.2:
            continue
        found += of_loan(rng, one, sc)
    rng.shuffle(found)
    if rng.random() < 0.2:
        found.append(Application(loan_id="nobody", period="2023Q1", status="applied"))
    return found


def of_loan(rng: random.Random, one: Loan, sc: Scenario) -> list[Application]:
    """Refused and then funded, funded in parts, only applied, withdrawn, in conflict: the rows of one loan."""
    name = candidate(one, sc)
    facility = name or rng.choice([*sc.facilities])
    rules = sc.facilities[facility]
    if name is None:
        given = rng.choice([facility, facility, facility, None])
    else:
        given = rng.choice([None, None, facility])
    frequency = rules.on("frequency", one.disbursed)
    period = period_of(max(one.disbursed, rules.latest("launch")), frequency)
    most = one.principal * rules.on("ratio", one.disbursed) // 10_000
    rows = []
    common = {"loan_id": one.loan_id, "facility": given}
    for status in rng.choice(STORIES):
        if status == "funded":
            share = rng.choice([100, 100, 100, 60, 35])
            left = most - sum(row.funded_amount or 0 for row in rows)
            amount = left * share // 100
            day = max(one.disbursed, period.last + timedelta(days=rng.choice([0, 0, 0, 1, 12, 40])))
            if rng.random() < 0.02:
                day = one.disbursed - timedelta(days=1)
            if rng.random() < 0.02:
                amount = left + 1
            if amount == 0 and rng.random() < 0.9:
                continue  # a receipt of nothing is an error
            rate, text = rng.choice([(None, None), (None, None), (17500, None), (21234, None), (19000, "T/7")])
            rows.append(
                Application(
                    **common, period=period.name, status=status, funded_on=day, funded_amount=amount, rate=rate,
                    tranche=text, applied_amount=rng.choice([None, None, left, amount]),
                )
            )  # fmt: skip
        else:
            rows.append(
                Application(**common, period=period.name, status=status, applied_amount=rng.choice([None, most]))
            )
        if status != "applied" or rng.random() < 0.4:
            period = period.next(frequency)
    return rows


STORIES = [
    ["funded"],
    ["funded"],
    ["funded"],
    ["applied", "funded"],
    ["funded", "funded"],
    ["refused", "funded"],
    ["refused", "applied"],
    ["refused"],
    ["applied"],
    ["withdrawn"],
    ["applied", "withdrawn"],
    ["funded", "refused", "funded"],
]


def random_opening(rng: random.Random, sc: Scenario) -> list[OpeningTranche]:
    """What stood open on the first day, of some lenders and facilities; now and then due on another day."""
    first = quarter_of(sc.start).first
    found = []
    for name, rules in sc.facilities.items():
        for lender in ("alpha", "beta", "delta"):
            for _ in range(rng.choice([0, 0, 1, 2, 3])):
                # back from a due date in the run's first year
                term = rules.on("term_months", first)
                used = rng.randrange(rules.on("rollovers", first) + 1)
                due = first + timedelta(days=rng.choice([0, rng.randrange(150), rng.randrange(150)]))
                drawn = add_months(due, -term * (used + 1))
                due = add_months(drawn, term * (used + 1))
                if due < first or rules.on("rollovers", drawn) < used or rules.on("term_months", drawn) != term:
                    continue
                found.append(
                    OpeningTranche(
                        lender=lender,
                        facility=name,
                        drawn_on=drawn,
                        due_on=due + timedelta(days=rng.choice([0, 0, 0, 3])),
                        principal=rng.choice([1, 7 * 10**9, rng.randrange(1, 10**11)]),
                        rate=rng.choice([17500, 15000, 0, 22222]),
                        rollovers_used=used,
                        tranche=rng.choice([None, None, f"old {len(found)}"]),
                    )
                )
                if rng.random() < 0.3 and found[-1].tranche is None:
                    found.append(found[-1])  # two of one id; a number given twice stops the run
    return found


def in_contract(rng: random.Random, one: Loan) -> Loan:
    """A loan under a contract that others may share, with or without its limit; or of a syndicate."""
    new: dict[str, Any] = {}
    if rng.random() < 0.5:
        new["contract_id"] = rng.choice("ABCDEFGHIJKLMNOP")
    if rng.random() < 0.3:
        new["contract_limit"] = rng.choice([one.principal, 10**12, 10**13, 10**13])
    if rng.random() < 0.2:
        new["syndicate_total"] = rng.choice([one.principal * 4, 10**13, 10**13])
        new["syndicate_share"] = rng.choice([250_000, 249_900, 249_899, 1_000_000])
        if rng.random() < 0.2:
            del new[rng.choice(["syndicate_total", "syndicate_share"])]
    return dataclasses.replace(one, **new)


def with_code(rng: random.Random, one: Loan) -> Loan:
    """A loan of a project that may have a code, one that other project_ids may have too."""
    codes = [None, None, f"C-{one.project_id}", f"C-{one.project_id}", f"C{one.project_id[-1]}"]
    return dataclasses.replace(one, project_code=rng.choice(codes))


def random_others(rng: random.Random, loans: Sequence[Loan]) -> list[OtherLoan]:
    """Loans of other banks to the book's projects, and to one nobody knows."""
    found = []
    for one in rng.sample(list(loans), k=len(loans) // 4):
        by_code = one.project_code is not None and rng.random() < 0.7
        found.append(
            OtherLoan(
                project_id=None if by_code else one.project_id,
                project_code=one.project_code if by_code else None,
                disbursed=one.disbursed + timedelta(days=rng.choice([-30, 0, 0, 30])),
                principal=rng.choice(
                    [1, one.principal, (one.investment or 10**12) - one.principal + rng.choice([0, 1])]
                ),
            )
        )
    found = [dataclasses.replace(one, principal=max(one.principal, 1)) for one in found]
    if rng.random() < 0.3:
        found.append(OtherLoan(project_id="unheard of", disbursed=date(2023, 1, 1), principal=1))
    return found


def random_revisions(rng: random.Random, loans: Sequence[Loan]) -> list[Revision]:
    """New figures of some projects, once or twice, of all figures or of some."""
    found: dict[tuple[str, date], Revision] = {}
    for one in rng.sample(list(loans), k=len(loans) // 4):
        largest = max(other.principal for other in loans if other.project_id == one.project_id)
        for _ in range(rng.choice([1, 1, 2])):
            since = one.disbursed + timedelta(days=rng.choice([0, 1, -40, rng.randrange(-300, 300)]))
            found[one.project_id, since] = Revision(
                project_id=one.project_id,
                since=since,
                investment=rng.choice([None, 10**12, 10**13, largest]),
                reduction=rng.choice([None, 0, rng.randrange(10**12)]),
                evidence=rng.choice([None, "third_party"]),
                reason="final accounts",
            )
    if rng.random() < 0.3:
        found["-", date.min] = Revision(project_id="unheard of", since=date(2023, 1, 1), reason="none", reduction=1)
    return list(found.values())


def repriced(rng: random.Random, one: Loan) -> Loan:
    """A loan of a rate that floats, or of one that was changed by agreement."""
    new: dict[str, Any] = {"rate_type": rng.choice([None, "fixed", "floating", "floating"])}
    if rng.random() < 0.4:
        new["rate_now"] = rng.choice([0, 31111, one.rate])
    if rng.random() < 0.8:
        new["reprice_months"] = rng.choice([1, 3, 12])
    if rng.random() < 0.5:
        new["spread_bp"] = rng.choice([-40, 0, 15])
    if rng.random() < 0.4:
        new["next_reprice"] = one.disbursed + timedelta(days=rng.randrange(800))
    return dataclasses.replace(one, **new)


def random_totals(rng: random.Random, sc: Scenario, loans: Sequence[Loan]) -> list[OpeningTotal]:
    """Figures of the last statement, of sectors, fields or the total alone; those of one field add up."""
    first = quarter_of(sc.start)
    found: list[OpeningTotal] = []
    for name, rules in sc.facilities.items():
        codes = [code for code in rules.codes(list(sc.fields)) if code in sc.fields]
        for lender in ("alpha", "beta", "delta"):
            if not codes or rng.random() < 0.5:
                continue
            for horizon in rng.choice([["since_start"], ["year"], ["since_start", "year"]]):
                if horizon == "year" and first.first.month == 1:
                    continue  # no quarter of that year is before the first
                through = quarter_of(first.first - timedelta(days=1 if horizon == "year" else rng.choice([1, 1, 200])))
                rows = [total_of(rng, lender, name, horizon, through.name, code, loans) for code in codes]
                found += reported(rng, rows, sc)
    return found


def total_of(
    rng: random.Random, lender: str, facility: str, horizon: str, through: str, code: str, loans: Sequence[Loan]
) -> OpeningTotal:
    """One sector's figures, with ids that are right, wrong in number, or not given."""
    ids = rng.sample(sorted({one.project_id for one in loans} | {"old 1", "old 2", "old 3"}), k=rng.randrange(3))
    amount = rng.randrange(1, 10**12) if ids else 0
    return OpeningTotal(
        lender=lender,
        facility=facility,
        horizon=horizon,
        through=through,
        code=code,
        projects=len(ids),
        amount=amount,
        weighted_rate=rng.randrange(10**7) if amount else None,
        reduction=rng.randrange(10**12) if ids else 0,
        project_ids=rng.choice("；;，,、\n").join(ids),
    )


def reported(rng: random.Random, sectors: list[OpeningTotal], sc: Scenario) -> list[OpeningTotal]:
    """What of the sectors' figures is given: all of them, by field, the total alone, or two levels."""
    fields = [one for one in (summed(sectors, code, sc) for code in dict.fromkeys(sc.fields.values())) if one]
    total = summed(fields, "", sc)
    assert total is not None
    how = rng.choice(["sectors", "fields", "total", "all", "sectors and total"])
    rows = {
        "sectors": sectors,
        "fields": fields,
        "total": [total],
        "all": [*sectors, *fields, total],
        "sectors and total": [total, *sectors],
    }[how]
    if rng.random() < 0.3:
        rows = [dataclasses.replace(one, project_ids=None) for one in rows]
    if rng.random() < 0.1:
        rows = [dataclasses.replace(rows[0], project_ids="one;two;three;four;five;six;seven"), *rows[1:]]
    return rows


def summed(rows: Sequence[OpeningTotal], code: str, sc: Scenario) -> OpeningTotal | None:
    """The figures of a field from its sectors', or of all from the fields'; the rate to eight decimals."""
    here = [one for one in rows if code in ("", sc.fields.get(one.code))]
    if not here:
        return None
    amount = sum(one.amount for one in here)
    ids = sorted({i for one in here for i in ids_of(one) or ()})
    rate = half_even(sum(one.amount * (one.weighted_rate or 0) for one in here), amount) if amount else None
    return dataclasses.replace(
        here[0],
        code=code,
        projects=len(ids),
        amount=amount,
        weighted_rate=rate,
        reduction=sum(one.reduction for one in here),
        project_ids=";".join(ids),
    )
