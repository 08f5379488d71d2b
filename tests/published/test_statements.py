"""Every published statement of scenarios/statements/statements.csv is printed again, each figure at its digits.

Sources: the banks' statements, as cited in the ``source`` column of each figure.
"""

from __future__ import annotations

import csv
import itertools
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import relending as rl
from relending.scenario import shipped_group
from tools import build_statements as tool

ROOT = Path(__file__).resolve().parents[2]
FACTS = list(csv.DictReader((ROOT / "scenarios/statements/statements.csv").read_text(encoding="utf-8").splitlines()))
STATEMENTS = {one.name: one for one in tool.statements()}
HORIZON = {"quarter": "quarter", "year_to_date": "year", "calendar_year": "year", "since_first_support": "since_start"}


def test_there_is_a_scenario_for_each_statement_and_no_other() -> None:
    assert len({(r["bank"], r["period"]) for r in FACTS}) == len(STATEMENTS) == 11
    assert set(shipped_group("statements")) == {f"statements/{name}" for name in STATEMENTS}


def test_the_shipped_files_are_what_the_tool_makes_of_the_facts() -> None:
    made = tool.files()
    assert len(made) == 33
    for path, text in made.items():
        assert path.read_bytes() == text.encode(), path.name


@pytest.mark.parametrize("row", FACTS, ids=[f"{r['bank']} {r['period']} {r['horizon']}" for r in FACTS])
def test_published_statement_is_printed_again(row: dict[str, str], shipped_run: Any) -> None:
    """Straight from the facts to the run's disclosure table, past the comparison of the product."""
    one = next(s for s in STATEMENTS.values() if (s.bank, s.period) == (row["bank"], row["period"]))
    run = shipped_run(f"statements/{one.name}")
    cells = run.tables["disclosure"]
    quarter = one.period if "Q" in one.period else f"{one.period.removeprefix('FY')}Q4"
    mine = cells[
        (cells["quarter"] == quarter) & (cells["horizon"] == HORIZON[row["horizon"]]) & (cells["code"] == "total")
    ]
    cell = mine.iloc[0]
    assert len(mine) == 1 and cell["lender"] == one.lender
    printed = {
        "projects": Decimal(int(cell["projects"])),
        "loan_wan_yuan": Decimal(int(cell["amount_fen"])) / 1_000_000,
        "rate_pct": Decimal(int(cell["weighted_rate_e8"])) / 1_000_000,
        "reduction_tCO2e": Decimal(int(cell["reduction_g"])) / 1_000_000,
    }
    for column, value in printed.items():
        if row[column]:
            digits = Decimal(1).scaleb(int(Decimal(row[column]).as_tuple().exponent))
            assert value.quantize(digits, "ROUND_HALF_UP") == Decimal(row[column]), column


def test_all_figures_of_all_statements_are_compared_and_equal(shipped_run: Any) -> None:
    printed = [(r["bank"], r[c]) for r in FACTS for c in tool.PRINTED if r[c]]
    got = [row for name in STATEMENTS for row in shipped_run(f"statements/{name}").published.itertuples()]
    assert len(got) == len(printed) == 90
    assert {row.outcome for row in got} == {"equal"}
    assert sorted(row.published for row in got) == sorted(text for _, text in printed)
    for row in got:
        assert any(row.source.startswith(bank) for bank, text in printed if text == row.published)


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_loan_of_a_statement_is_supported_and_nothing_is_found(name: str, shipped_run: Any) -> None:
    run = shipped_run(f"statements/{name}")
    assert run.attribution["supported"].all() and not run.loans["planned"].any()
    assert run.all_findings.codes() == {"header_below": 1}  # a line above the header says where the book is from


@pytest.mark.parametrize("name", STATEMENTS)
def test_rates_of_the_windows_lie_inside_what_the_printed_digits_allow(name: str) -> None:
    """By interval arithmetic of its own: each printed rate to half a unit of its last digit to either side."""
    one = STATEMENTS[name]
    rates = [c.rate for c in one.cells]
    if None in rates:
        assert name == "ccb-2022q3" and not tool.implied(one)
        return
    windows, between = tool.windows(one), tool.implied(one)
    assert len(windows) == len(between)
    for window, (low, high) in zip(windows, between, strict=True):
        assert low <= Fraction(window.rate, 10_000) < high
        # what methods, section 6, calls plausible of an implied remainder
        assert Fraction(3, 2) <= low and high <= 7
        assert Decimal("0.3") <= Decimal(window.grams) / window.fen <= 8


@pytest.mark.parametrize("name", STATEMENTS)
def test_windows_do_not_overlap_and_lie_between_admission_and_the_statement(name: str) -> None:
    one = STATEMENTS[name]
    windows = tool.windows(one)
    for later, earlier in itertools.pairwise(windows):
        assert earlier.last < later.first
    book = rl.read_book(ROOT / "scenarios" / "statements" / "books" / f"{name}.csv", lender=one.lender).loans
    assert len(book) == sum(max(w.projects, 1) for w in windows)
    assert book["disbursed"].min() >= tool.to_date(windows[-1].first)
    assert book["disbursed"].max() <= tool.to_date(windows[0].last)


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_book_marks_what_the_statement_does_not_say(name: str) -> None:
    lines = (ROOT / "scenarios" / "statements" / "books" / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    header = next(csv.reader([lines[2]]))
    starred = {h.removesuffix("*") for h in header if h.endswith("*")}
    always = {"loan_id", "project_id", "project_name", "sector", "disbursed", "matures", "project_investment"}
    always |= {"evidence", "evidence_doc"}
    assert starred == always | ({"rate", "project_reduction"} if name == "ccb-2022q3" else set())
    assert STATEMENTS[name].source in lines[0] and "并非真实借据" in lines[0] and "*" in lines[1]


def test_horizons_that_contradict_each_other_are_refused() -> None:
    one = STATEMENTS["cdb-2023q3"]
    quarter, year, since = one.cells
    for wrong in (
        replace(year, projects=quarter.projects - 1),
        replace(year, fen=quarter.fen - 1),
        replace(year, grams=(quarter.grams or 0) - 1),
        replace(year, fen=quarter.fen, grams=quarter.grams),
    ):
        with pytest.raises(SystemExit, match="does not hold the narrower horizon"):
            tool.windows(replace(one, cells=(quarter, wrong, since)))


def test_where_no_project_is_new_one_that_is_there_borrows_again() -> None:
    one = STATEMENTS["cdb-2023q3"]
    quarter, year, since = one.cells
    rows = tool.loan_rows(replace(one, cells=(quarter, replace(year, projects=quarter.projects), since)))
    assert len({r[1] for r in rows}) == since.projects and len(rows) == since.projects + 1


CHANGES = {
    # what is changed in one loan of the book -> the measures that must show it
    "principal": (lambda v: f"{Decimal(v) + 100:.2f}", {"amount"}),
    "project_reduction": (lambda v: f"{Decimal(v) + 1:.6f}", {"reduction"}),
    "rate": (lambda v: "0.100000", {"weighted_rate", "amount", "reduction", "projects"}),  # above the limit: refused
    "disbursed*": (lambda v: "2023-06-30", {"amount", "reduction", "projects"}),
    "project_id*": (lambda v: "P0002", {"projects"}),
}


@pytest.mark.parametrize("column", CHANGES)
def test_a_change_of_one_loan_shows_as_a_difference(column: str, tmp_path: Path) -> None:
    change, measures = CHANGES[column]
    source = ROOT / "scenarios" / "statements"
    for part in ("xiamen-2023q1.toml", "books/xiamen-2023q1.csv", "published/xiamen-2023q1-published.csv"):
        (tmp_path / part).parent.mkdir(exist_ok=True)
        (tmp_path / part).write_bytes((source / part).read_bytes())
    book = tmp_path / "books/xiamen-2023q1.csv"
    rows = list(csv.reader(book.read_text(encoding="utf-8").splitlines()))
    place = rows[2].index(column)
    rows[3][place] = change(rows[3][place])
    with book.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    published = rl.run(
        rl.load_scenario(tmp_path / "xiamen-2023q1.toml", {"scenario.end": rl_date("2023-06-30")})
    ).published
    differing = set(published[published["outcome"] == "differs"]["measure"])
    assert differing and differing <= measures | {"amount", "reduction", "weighted_rate"} and measures & differing


def rl_date(text: str) -> Any:
    import datetime as dt

    return dt.date.fromisoformat(text)


def test_the_page_of_statements_counts_what_is_compared() -> None:
    page = (ROOT / "docs" / "statements.md").read_text(encoding="utf-8")
    told, _, windows = page.partition("tools/build_statements.py -->\n\n")
    assert windows == tool.windows_page()
    banks = {one.lender for one in STATEMENTS.values()}
    assert "eleven published statements of nine banks (six in the bank's wording, five as the press" in told
    assert len(banks) == 9 and [one.grade for one in STATEMENTS.values()].count("B") == 5
    assert "90 figures, 90 equal" in told
