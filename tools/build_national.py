"""Build the plan and the published figures of the national scenarios from ``scenarios/national/aggregates.csv``.

    python tools/build_national.py

The plan is calibrated on published loan totals and nothing else: between two totals lending is spread evenly over the
quarters, so that the loans add up to each total at the end of its quarter. Of the clean-coal facility one loan total is
published (July 2022); after it the plan takes the published balance for the loans, which at 100 % of principal it must
at least be, and these balances are marked as inputs: they test nothing.
"""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

from relending.dates import parse_quarter, quarter_text
from relending.shipped.published_rows import aggregate_source, told

HERE = Path(__file__).resolve().parents[1] / "scenarios" / "national"

KINDS = {kind: (one["horizon"], one["measure"], one["bound"]) for kind, one in told("aggregates")["kind"].items()}
"""Kind of a row of aggregates.csv: horizon, measure, bound."""
QUARTER = {  # date of the figure -> the quarter at whose end it is compared
    "2021-12-30": "2021Q4",
    "2022-05": "2022Q1",
    "2022-07-13": "2022Q2",
    "2022-12-31": "2022Q4",
    "2023-06-30": "2023Q2",
    "2023-12-31": "2023Q4",
    "2024-06-30": "2024Q2",
    "2025-06-30": "2025Q2",
}
ON = {"2022-05": "2022-05-15", "2022-07-13": "2022-07-13"}
"""Days of funds between two quarters' ends. Of May 2022 any day but the last gives the same. The first batch, of
30 December 2021, is held against the quarter's end a day later, the model's day for it."""
QUARTER_ENDS = ("2022-12-31", "2023-06-30", "2023-12-31", "2024-06-30", "2025-06-30")
FACILITY = {tool: one for tool, one in told("aggregates")["tool"].items() if ";" not in one}
UNIT = {"yi_yuan": ("亿元", 1), "tCO2e_per_year": ("万吨", 10_000)}
INPUT_MEASURES = ("amount",)
FIRST = {"cerf": "2021Q3", "clean_coal": "2022Q1"}
"""The first quarter of lending: CERF counts loans from July 2021, clean coal was set up in the middle of 2021Q4."""
# what no total says: see docs/national.md
SPREAD_BP, MONTHS, REPAYMENT, LOANS, SHARE = 0, 164, "equal_principal", 90, "0.5"
SECTORS = {
    "cerf": (("other_clean_energy", 1),),
    "clean_coal": (("coal_power", 2), ("coal_supply_security", 1)),
}
"""Sectors lent to, with weights: of clean coal as its quota's two pools, from the quarter after the second began."""
POOL_2_FROM = "2022Q3"


def rows() -> list[dict[str, str]]:
    """The published figures that a run of all lenders has a cell for, in the order of the file."""
    text = (HERE / "aggregates.csv").read_text(encoding="utf-8")
    given = [r | {"row": str(i)} for i, r in enumerate(csv.DictReader(text.splitlines()), 2)]
    out = []
    for r in given:
        if r["scope"] != "all" or r["tool"] not in FACILITY or r["unit"] not in UNIT:
            continue  # parts of the country, both tools together, firms: no cell of a run
        horizon, measure, bound = KINDS[r["kind"]]
        unit, scale = UNIT[r["unit"]]
        facility = FACILITY[r["tool"]]
        first_batch = measure == "reduction" and bound == "exact"
        coal_balance = facility == "clean_coal" and r["date"] == "2023-06-30"
        is_input = measure in INPUT_MEASURES or first_batch or coal_balance
        out.append(
            {
                "facility": facility,
                "quarter": QUARTER[r["date"]],
                "on": ON.get(r["date"], "") if measure in ("drawn", "balance") else "",
                "horizon": horizon,
                "measure": measure,
                "value": f"{Decimal(r['value']) / scale:f}",
                "unit": unit,
                "bound": bound,
                "role": "input" if is_input else "test",
                "source": aggregate_source(r),
                "grade": r["grade"],
                "note": f"aggregates.csv, row {r['row']}{_day(r['date'], measure)}",
            }
        )
    return with_implied(out)


def _day(date: str, measure: str) -> str:
    """What is said where a figure is not compared on its own day."""
    if date in QUARTER_ENDS or (date in ON and measure == "drawn" and date != "2022-05"):
        return ""
    day = "the middle of the month" if date in ON and measure == "drawn" else "the end of the quarter"
    return f"; of {date}, compared at {day}"


def with_implied(figures: list[dict[str, str]]) -> list[dict[str, str]]:
    """The figures and, before each change since the start of 2023, the balance at the end of 2022 that it implies."""
    out = []
    for f in figures:
        if f["measure"] == "balance_change" and f["quarter"] == "2023Q2":
            balance = next(
                g["value"]
                for g in figures
                if (g["facility"], g["quarter"], g["measure"]) == (f["facility"], f["quarter"], "balance")
            )
            implied = Decimal(balance) - Decimal(f["value"])
            note = f"{balance} at 2023-06-30 less the change of {f['value']} since the start of the year; {f['note']}"
            cell = {"quarter": "2022Q4", "horizon": "quarter", "measure": "balance", "value": f"{implied:f}"}
            out.append({**f, **cell, "bound": "implied", "note": note})
        out.append(f)
    return sorted(out, key=lambda f: (f["facility"], f["quarter"]))


def totals(facility: str) -> list[tuple[str, int]]:
    """Cumulative loans at the end of quarters, in 10,000 yuan: what the plan is calibrated on."""
    wan = 10_000
    got = [
        (f["quarter"], int(Decimal(f["value"]) * wan))
        for f in rows()
        if f["facility"] == facility
        and (f["measure"] == "amount" or (f["measure"] == "balance" and f["role"] == "input"))
    ]
    return sorted(got)


def lending(facility: str) -> list[tuple[str, int]]:
    """Loans of each quarter in 10,000 yuan, even between two totals."""
    out = []
    before, done = parse_quarter(FIRST[facility]) - 1, 0
    for quarter, total in totals(facility):
        n = parse_quarter(quarter) - before
        cuts = [done + (total - done) * k // n for k in range(n + 1)]
        out += [(quarter_text(before + k), cuts[k] - cuts[k - 1]) for k in range(1, n + 1)]
        before, done = parse_quarter(quarter), total
    return out


def per_10k() -> str:
    """Tonnes a year for 10,000 yuan of loans in the first batch, to the gram: the only ratio of published totals."""
    figures = {(f["quarter"], f["measure"]): Decimal(f["value"]) for f in rows() if f["facility"] == "cerf"}
    wan_tonnes, yi_yuan = figures["2021Q4", "reduction"], figures["2021Q4", "amount"]
    return f"{wan_tonnes / yi_yuan:.6f}"


def plan_text() -> str:
    """The lending plan as CSV."""
    header = ["quarter", "sector", "amount（万元）", "spread_bp", "months", "repayment", "loans"]
    out = [[*header, "reduction_per_10k", "investment_share"]]
    for facility in FACILITY.values():
        for quarter, wan in lending(facility):
            split = SECTORS[facility] if facility == "cerf" or quarter >= POOL_2_FROM else SECTORS[facility][:1]
            weights, given = sum(w for _, w in split), 0
            for i, (sector, weight) in enumerate(split):
                part = wan - given if i == len(split) - 1 else wan * weight // weights
                given += part
                project = [per_10k(), SHARE] if facility == "cerf" else ["", ""]
                out.append([quarter, sector, str(part), str(SPREAD_BP), str(MONTHS), REPAYMENT, str(LOANS), *project])
    return _csv(out)


def published_text() -> str:
    """The published figures as CSV."""
    figures = rows()
    return _csv([list(figures[0]), *(list(f.values()) for f in figures)])


def _csv(table: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(table)
    return out.getvalue()


def files() -> dict[Path, str]:
    """The generated files by their place, as they should be."""
    return {HERE / "plan.csv": plan_text(), HERE / "published.csv": published_text()}


def main() -> None:
    """Write every file that differs."""
    for path, text in files().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"{path.name}: written")


if __name__ == "__main__":
    main()
