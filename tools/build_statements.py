"""Build the statement scenarios: for each published statement a book that, run, prints the statement again.

    python tools/build_statements.py

Everything comes from ``scenarios/statements/statements.csv``, the figures as printed. A statement says how many
projects got how much, at which average rate and for how many tonnes, in up to three horizons, each inside the next: the
quarter, the year to date, everything since first support. By subtraction that is one to three windows of time that do
not overlap. In each window the book has the smallest number of loans that can be: one for each project that appears
first there. The amount and the reduction of a window are the exact difference of the printed figures; the one rate of
its loans is the whole ppm that brings the average of the horizon closest to the printed rate, and must print as it.

What a statement does not say is chosen, the same for every statement, and the header of such a column ends with a star:
the sector (a remainder code, so as to claim none), equal loans evenly spread over the window, ten years to maturity, an
investment of twice the loan, and the kind of study. None of them moves a compared figure.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

from relending import policy
from relending.dates import add_months, iso, parse_quarter, quarter_end, quarter_start, quarter_text, to_date, to_day
from relending.shipped.published_rows import statement_source, told
from relending.units import PPM, divide

HERE = Path(__file__).resolve().parents[1] / "scenarios" / "statements"
FACILITY = "cerf"
FEN_IN_WAN = 1_000_000
GRAMS = 1_000_000
PPM_IN_PERCENT = 10_000
SECTOR = "other_clean_energy"
NAME = "no real project: derived from a published statement 由公布信息推得，非真实项目"
NO_STUDY = "none: chosen 无，另行设定"
MONTHS = 120
INVESTMENT_OVER_LOAN = 2
PUBLISHED_ZH = {
    "": "",
    "(as reported in the press)": "（据媒体报道）",
    "(from address)": "（日期取自网址）",
    "or before": "或更早",
}
"""What a source says behind the date of publication, in Chinese."""
OWN_RATE = "0.0200"
HORIZON = told("statements")["horizon"]
PRINTED = {  # column of statements.csv -> measure and unit
    "projects": ("projects", "个"),
    "loan_wan_yuan": ("amount", "万元"),
    "rate_pct": ("weighted_rate", "%"),
    "reduction_tCO2e": ("reduction", "吨"),
}


@dataclass(frozen=True)
class Cell:
    """One row of statements.csv: the figures of a horizon, rate and reduction None where they were not printed."""

    horizon: str
    projects: int
    fen: int
    rate: Decimal | None
    grams: int | None
    printed: dict[str, str]
    row: int


@dataclass(frozen=True)
class Statement:
    """A published statement: who, which quarter, and its horizons from the narrowest to the widest."""

    bank: str
    lender: str
    period: str
    quarter: int
    published: str
    grade: str
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        """The scenario's name: lender and quarter, or lender and year."""
        return f"{self.lender}-{self.period.removeprefix('FY').lower()}"

    @property
    def source(self) -> str:
        """How the statement is cited."""
        row = {"bank": self.bank, "period": self.period, "published": self.published, "grade": self.grade}
        return statement_source(row)


@dataclass(frozen=True)
class Window:
    """A stretch of days with the loans that one horizon has and the narrower one has not; fen, grams, ppm."""

    first: int
    last: int
    projects: int
    fen: int
    rate: int
    grams: int


def statements() -> list[Statement]:
    """The statements of the file, in its order."""
    rows = list(csv.DictReader((HERE / "statements.csv").read_text(encoding="utf-8").splitlines()))
    out = []
    for bank, period in dict.fromkeys((r["bank"], r["period"]) for r in rows):
        mine = [r | {"row": i} for i, r in enumerate(rows, 2) if (r["bank"], r["period"]) == (bank, period)]
        lender = policy.lender_of(bank)
        if lender is None:
            raise SystemExit(f"no lender is called {bank!r}")
        quarter = parse_quarter(period if "Q" in period else f"{period.removeprefix('FY')}Q4")
        cells = sorted((_cell(r) for r in mine), key=lambda c: list(HORIZON.values()).index(c.horizon))
        out.append(Statement(bank, lender, period, quarter, mine[0]["published"], mine[0]["grade"], tuple(cells)))
    return out


def _cell(row: dict[str, str]) -> Cell:
    rate, tonnes = row["rate_pct"], row["reduction_tCO2e"]
    return Cell(
        HORIZON[row["horizon"]],
        int(row["projects"]),
        _whole(Decimal(row["loan_wan_yuan"]) * FEN_IN_WAN),
        Decimal(rate) if rate else None,
        _whole(Decimal(tonnes) * GRAMS) if tonnes else None,
        {name: row[name] for name in PRINTED if row[name]},
        int(row["row"]),
    )


def _whole(value: Decimal) -> int:
    if value != int(value):
        raise SystemExit(f"{value} is no whole number of fen or grams")
    return int(value)


def windows(statement: Statement) -> list[Window]:
    """The windows of a statement, the latest first; SystemExit where its horizons contradict each other."""
    rules = policy.facility(FACILITY)
    lender = policy.lenders()[statement.lender]
    admitted = rules.admitted_from(lender.id, lender.cls)
    if admitted is None:
        raise SystemExit(f"{lender.id} is not admitted")
    starts = {
        "quarter": int(quarter_start(statement.quarter)),
        "year": int(quarter_start(statement.quarter // 4 * 4)),
        "since_start": max(to_day(admitted), to_day(rules["window"].latest().value.first)),
    }
    out: list[Window] = []
    last = int(quarter_end(statement.quarter))
    projects = fen = grams = weighted = 0
    for cell in statement.cells:
        first = max(starts[cell.horizon], starts["since_start"])
        more = (cell.projects - projects, cell.fen - fen, (cell.grams or 0) - grams)
        if any(n < 0 for n in more) or (more[1] == 0) != (more[0] == more[2] == 0):
            raise SystemExit(f"{statement.name}: {cell.horizon} does not hold the narrower horizon: {more}")
        if more[1]:
            rate = _rate(cell, more[1], weighted) if cell.rate is not None else _lpr(first)
            out.append(Window(first, last, more[0], more[1], rate, more[2]))
            weighted += rate * more[1]
        if not prints_as(weighted, cell):
            raise SystemExit(f"{statement.name}: no rate of whole ppm prints as {cell.rate} % in {cell.horizon}")
        projects, fen, grams, last = cell.projects, cell.fen, cell.grams or 0, min(last, first - 1)
    return out


def _rate(cell: Cell, fen: int, weighted: int) -> int:
    """The rate of the loans that are new in a horizon, ppm, which brings its average closest to the printed one."""
    assert cell.rate is not None
    return divide(_whole(cell.rate * PPM_IN_PERCENT) * cell.fen - weighted, fen, "half_even")


def _lpr(day: int) -> int:
    """Where no rate was printed: the 5-year LPR at the beginning of the window, which the rule names."""
    fixing = policy.lpr().on(to_date(day))
    assert fixing is not None
    return fixing.lpr_5y_ppm


def prints_as(weighted: int, cell: Cell) -> bool:
    """Whether loans of ``weighted`` fen x ppm have the printed average rate of a horizon, at its digits."""
    if cell.rate is None:
        return True
    step = Decimal(1).scaleb(int(cell.rate.as_tuple().exponent))
    return (Decimal(weighted) / cell.fen / PPM_IN_PERCENT).quantize(step, ROUND_HALF_UP) == cell.rate


def loan_rows(statement: Statement) -> list[list[str]]:
    """The rows of the book, earliest window first, in the columns of its header."""
    rows: list[list[str]] = []
    made = 0
    for window in reversed(windows(statement)):
        # where no project is new, one that is already there borrows again
        n = max(window.projects, 1)
        days = window.last - window.first + 1
        for j in range(1, n + 1):
            fen = window.fen // n + (window.fen % n if j == n else 0)
            grams = window.grams // n + (window.grams % n if j == n else 0)
            day = window.first + (2 * j - 1) * days // (2 * n)
            project = f"P{made + j if window.projects else 1:04d}"
            rows.append(
                [
                    f"{statement.name}-{len(rows) + 1:04d}",
                    project,
                    NAME,
                    SECTOR,
                    f"{Decimal(fen) / 100:.2f}",
                    f"{Decimal(window.rate) / PPM:.6f}",
                    iso(day),
                    iso(int(add_months(day, MONTHS))),
                    f"{Decimal(fen * INVESTMENT_OVER_LOAN) / 100:.2f}",
                    f"{Decimal(grams * INVESTMENT_OVER_LOAN) / GRAMS:.6f}",
                    "feasibility_study",
                    NO_STUDY,
                ]
            )
        made += window.projects
    return rows


def book_text(statement: Statement) -> str:
    """The book as CSV: two lines that say what it is, the header with a star at what was chosen, the loans."""
    has_rate = all(c.rate is not None for c in statement.cells)
    has_tonnes = all(c.grams is not None for c in statement.cells)
    header = ["loan_id*", "project_id*", "project_name*", "sector*", "principal", "rate", "disbursed*", "matures*"]
    header += ["project_investment*", "project_reduction", "evidence*", "evidence_doc*"]
    header[header.index("rate")] += "" if has_rate else "*"
    header[header.index("project_reduction")] += "" if has_tonnes else "*"
    said = [
        [f"Derived from: {statement.source}. These are no real loans. 由公布的信息披露推得，并非真实借据。"],
        ["A star marks what the statement does not say and was chosen. 带 * 的列为披露中没有、另行设定的内容。"],
    ]
    return _csv([*said, header, *loan_rows(statement)])


def published_text(statement: Statement) -> str:
    """The figures as printed, for the comparison."""
    rows = [["lender", "facility", "quarter", "horizon", "measure", "value", "unit", "role", "source", "grade", "note"]]
    for cell in statement.cells:
        for column, text in cell.printed.items():
            measure, unit = PRINTED[column]
            where = [statement.lender, FACILITY, quarter_text(statement.quarter), cell.horizon]
            said = [statement.source, statement.grade, f"statements.csv, row {cell.row}"]
            rows.append([*where, measure, text, unit, "derived", *said])
    return _csv(rows)


def published_zh(source: str) -> str:
    """When a statement was published, in Chinese, as its source says in English."""
    found = re.search(r"published (\d+)-(\d+)(?:-(\d+))?(.*)$", source)
    if found is None:
        return "原文公布日期不详"
    year, month, day, rest = found.groups()
    when = f"{year}年{int(month)}月" + (f"{int(day)}日" if day else "")
    return f"原文公布于{when}{PUBLISHED_ZH[rest.strip()]}"


def scenario_text(statement: Statement) -> str:
    """The scenario file."""
    lender = policy.lenders()[statement.lender]
    first = min(w.first for w in windows(statement))
    year, q = statement.quarter // 4, statement.quarter % 4 + 1
    when = (f"{year}年", str(year)) if statement.period.startswith("FY") else (f"{year}年第{q}季度", f"{year}Q{q}")
    title_zh = f"{lender.short_name['zh']}{when[0]}碳减排贷款信息披露"
    return f"""# Made by tools/build_statements.py from statements.csv; a change there, not here.
[scenario]
name = "{statement.name}"
title = {{ zh = "{title_zh}", en = "{statement.bank}, statement of {when[1]}" }}
description = "The published statement, printed again from a book derived from it. Source: {statement.source}."
description_zh = "由已公布的信息披露反推台账，再按同一口径复现。{published_zh(statement.source)}"
book = "books/{statement.name}.csv"
published = "published/{statement.name}-published.csv"
lender = "{statement.lender}"
start = {to_date(int(quarter_start(_quarter(first))))}
end = {to_date(int(quarter_end(statement.quarter)))}
facilities = ["{FACILITY}"]

[market]
own_rate = {OWN_RATE}    # chosen; no figure compared here depends on it
"""


def _quarter(day: int) -> int:
    date: dt.date = to_date(day)
    return date.year * 4 + (date.month - 1) // 3


def _csv(rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def implied(statement: Statement) -> list[tuple[Fraction, Fraction]]:
    """Of each window, latest first, the rates in per cent that the digits printed allow: lowest and highest.

    A printed rate stands for half a unit of its last digit to either side. The narrower horizon's taken from the wider
    one's leaves the window's, the more loosely the smaller the window is against its horizon.
    """
    out = []
    fen, low, high = 0, Fraction(0), Fraction(0)
    for cell in statement.cells:
        more = cell.fen - fen
        if cell.rate is None:
            continue
        half = Fraction(1, 2 * 10 ** -int(cell.rate.as_tuple().exponent))
        lowest, highest = (Fraction(cell.rate) - half) * cell.fen, (Fraction(cell.rate) + half) * cell.fen
        if more:
            out.append(((lowest - high) / more, (highest - low) / more))
        fen, low, high = cell.fen, lowest, highest
    return out


def windows_page() -> str:
    """The windows of every statement as a table of Markdown: what subtraction leaves, and what was chosen in it."""
    head = ["scenario", "window", "projects", "10,000 yuan", "rate %", "rate % the digits allow", "t for 10,000 yuan"]
    lines = ["| " + " | ".join(head) + " |", "| --- | --- " + "| ---: " * (len(head) - 2) + "|"]
    for one in statements():
        between = implied(one)
        for i, w in enumerate(windows(one)):
            rate = f"{Decimal(w.rate) / PPM_IN_PERCENT:.4f}" if between else "not printed"
            allowed = f"{float(between[i][0]):.4f} – {float(between[i][1]):.4f}" if between else "—"
            tonnes = f"{Decimal(w.grams) / w.fen:.3f}" if w.grams else "not printed"
            row = [f"`{one.name}`", f"{iso(w.first)} – {iso(w.last)}", f"{w.projects:,}"]
            row += [f"{Decimal(w.fen) / FEN_IN_WAN:,.2f}", rate, allowed, tonnes]
            lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def files() -> dict[Path, str]:
    """Every file of the statement scenarios by its place, as it should be."""
    out = {}
    for one in statements():
        out[HERE / f"{one.name}.toml"] = scenario_text(one)
        out[HERE / "books" / f"{one.name}.csv"] = book_text(one)
        out[HERE / "published" / f"{one.name}-published.csv"] = published_text(one)
    return out


def main() -> None:
    """Write every file that differs; files of statements that are no longer there are taken away."""
    made = files()
    for pattern in ("*.toml", "books/*.csv", "published/*.csv"):
        for path in HERE.glob(pattern):
            if path not in made:
                path.unlink()
                print(f"{path.relative_to(HERE)}: removed")
    for path, text in made.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"{path.relative_to(HERE)}: written")


if __name__ == "__main__":
    main()
