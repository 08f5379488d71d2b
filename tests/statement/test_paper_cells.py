"""Every cell of the table is what the rows it names add up to, by values a reader takes from the sheet."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pytest

from relending import policy
from relending.dates import to_day
from relending.engine.disclosure import HORIZONS
from relending.lineage.cell_loans import cell_loans
from relending.lineage.clauses import windows
from relending.statement.paper_cells import HEADS
from relending.statement.paper_loans import counted_days
from relending.statement.paper_rules import clause_name, make_rules, remark_told
from relending.statement.printed import FEN_IN, GRAMS_IN, MEASURES
from relending.statement.words import word
from tests.statement.papers import (
    CASES,
    Case,
    changed_ledger,
    formulas_of,
    found_of,
    grid,
    index_rows,
    loan_rows,
    rows_named,
    sheet,
    statement_of,
    values_of,
)


def recomputed(case: Case, horizon: str, total: bool, rows: list[int]) -> dict[str, Decimal | None]:
    """Figures of a cell from the values of these rows: as printed."""
    options, loans = statement_of(case).options, loan_rows(case)
    amount = weighted = reduction = Decimal(0)
    projects = 0
    for i in rows:
        one = loans[i]
        yuan = Decimal(repr(one["amount"]))
        amount += yuan
        weighted += yuan * Decimal(repr(one["rate"]))
        reduction += Decimal(repr(one["reduction"]))
        projects += one[f"{'total' if total else 'field'}_{horizon}"] or 0

    def rounded(value: Decimal, decimals: int) -> Decimal:
        return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)

    return {
        "projects": Decimal(projects),
        "amount": rounded(amount * 100 / FEN_IN[options.amount_unit], options.amount),
        "rate": rounded(weighted * 100 / amount, options.rate) if amount else None,
        "reduction": rounded(reduction * 10**6 / GRAMS_IN[options.reduction_unit], options.reduction),
    }


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rows_of_every_cell_add_up_to_it(case: Case) -> None:
    statement, seen = statement_of(case), 0
    index = iter(index_rows(case))
    for row in statement.rows:
        for horizon in HORIZONS:
            for measure in MEASURES:
                told = next(index)
                assert told["field"] == row.name[case.lang]
                assert told["measure"] == word(f"paper_measure.{measure}", case.lang)
                rows = rows_named(told["range"], case.lang)
                figures = recomputed(case, horizon, row is statement.total, rows)
                shown = statement.printed(row, horizon).number(measure)
                assert figures[measure] == shown, (horizon, row.code, measure)
                assert told["printed"] == ("—" if shown is None else float(shown))
                seen += 1
    assert seen == len(statement.rows) * len(HORIZONS) * len(MEASURES)
    assert next(index, None) is None


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_cell_of_a_field_is_one_range(case: Case) -> None:
    for told in index_rows(case):
        rows = rows_named(told["range"], case.lang)
        loans = rows[: told["loans"]]
        if told["field"] != word("table.total", case.lang):
            assert loans == list(range(loans[0], loans[-1] + 1)) if loans else not told["loans"]


@pytest.mark.parametrize("case", CASES[:6], ids=str)
def test_the_helper_columns_count_each_project_once(case: Case) -> None:
    loans = loan_rows(case)
    for told in index_rows(case):
        if told["measure"] == word("paper_measure.projects", case.lang):
            rows = rows_named(told["range"], case.lang)
            assert told["printed"] == len({loans[i]["project_id"] for i in rows})


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_table_is_printed_as_the_statement_and_every_figure_is_live(case: Case) -> None:
    statement = statement_of(case)
    values, formulas = (grid(sheet(b, "table", case.lang)) for b in (values_of(case), formulas_of(case)))
    first = next(i for i, row in enumerate(values) if row[0] == word("table.field", case.lang)) + 1
    for i, row in enumerate(statement.rows):
        shown = [statement.printed(row, h).number(m) for h in HORIZONS for m in MEASURES]
        assert values[first + i][1:13] == ["—" if v is None else float(v) for v in shown]
        assert all(str(f).startswith("=") for f in formulas[first + i][1:13])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_exact_figures_agree_with_the_run(case: Case) -> None:
    rows = grid(sheet(values_of(case), "table", case.lang))
    first = next(i for i, row in enumerate(rows) if row[0] == word("paper_column.cell", case.lang)) + 1
    said = [row[9] for row in rows[first : first + 3 * len(statement_of(case).rows)]]
    assert said == [word("paper.same", case.lang)] * len(said)
    for row in rows[first : first + len(said)]:
        assert (row[1], row[2], row[4]) == (row[5], row[6], row[8])
        assert row[3] == row[7] == "—" or abs(row[3] - row[7]) <= 5e-9


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_figure_with_loans_links_to_its_first_row(case: Case) -> None:
    index = {(t["field"], t["horizon"], t["measure"]): t for t in index_rows(case)}
    one = sheet(formulas_of(case), "table", case.lang)
    names = {word(f"paper_horizon.{h}", case.lang): h for h in HORIZONS}
    first = next(i for i, row in enumerate(grid(one), 1) if row[0] == word("table.field", case.lang)) + 1
    fields = [row.name[case.lang] for row in statement_of(case).rows]
    for (field, horizon, measure), told in index.items():
        at = HORIZONS.index(names[horizon]) * 4 + [word(f"paper_measure.{m}", case.lang) for m in MEASURES].index(
            measure
        )
        link = one.cell(first + fields.index(field), 2 + at).hyperlink
        rows = rows_named(told["range"], case.lang)
        assert (link is None) == (not rows)
        if link is not None:
            assert f"$A${rows[0]}" in link.location


def test_a_zero_quarter_has_no_rows_and_no_rate() -> None:
    case = next(c for c in CASES if c.quarter == "2026Q3")
    told = [t for t in index_rows(case) if t["horizon"] == word("paper_horizon.quarter", "zh")]
    assert {t["range"] for t in told} == {word("paper.no_rows", "zh")}
    assert {t["printed"] for t in told} == {0, "—"}


def test_what_was_brought_forward_stands_apart_and_counts() -> None:
    case = next(c for c in CASES if c.scenario == "ledger")
    opening = [r for r in loan_rows(case).values() if r["loan_id"] == word("paper.opening", "zh")]
    assert [r["amount"] for r in opening] == [700_000_000, 120_000_000, 820_000_000]
    apart = [r["total_since_start"] for r in loan_rows(case).values() if r["loan_id"] in ("LD230315", "LD230620")]
    assert apart == [word("paper.covered", "zh")] * 2


def test_a_loan_taken_out_again_is_told_and_in_no_cell() -> None:
    case = next(c for c in CASES if "restated" in str(c))
    at, loan = next((i, r) for i, r in loan_rows(case).items() if r["loan_id"] == "LD240520")
    assert loan["total_since_start"] == word("paper.left", "zh")
    assert all(at not in rows_named(told["range"], "zh") for told in index_rows(case))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_cells_with_loans_name_the_numbers_of_rules_and_lead_to_them(case: Case) -> None:
    rules = sheet(values_of(case), "rules", case.lang)
    cells = sheet(formulas_of(case), "cells", case.lang)
    sectors, lenders = word("paper.sectors", case.lang), word("paper.lenders", case.lang)
    for i, told in enumerate(index_rows(case), 4):
        none = set(told["clauses"].values()) == {word("paper.no_clause", case.lang)}
        assert none == (told["loans"] == 0)
        links = [c for c in cells[i] if c.hyperlink is not None and rules.title in c.hyperlink.location]
        assert len(links) == 2 + (0 if none else sum(v is not None for v in told["clauses"].values()))
        for cell in links:
            row = int(cell.hyperlink.location.rpartition("$")[2])
            assert rules.cell(row, 1).value == str(cell.value).split(word("paper.and", case.lang))[0].split(" ")[0]
            if cell.column > len(HEADS):
                assert rules.cell(row, 2).value == cells.cell(3, cell.column).value
        if told["loans"]:
            assert told["clauses"][sectors] and told["clauses"][lenders]


def windows_of(case: Case) -> list[list[object]]:
    name = clause_name("window", case.lang)
    return [r for r in grid(sheet(values_of(case), "rules", case.lang)) if r[1] == name]


def test_no_rule_is_younger_than_the_quarter_and_the_window_is_the_one_known_then() -> None:
    case = next(c for c in CASES if (c.scenario, c.quarter) == ("ledger", "2024Q1"))
    rules = grid(sheet(values_of(case), "rules", "zh"))[3:]
    assert all(str(r[3]) <= "2024-03-31" for r in rules if r[3] and str(r[3])[0] == "2")
    (window,) = windows_of(case)
    assert (window[3], window[2], window[7]) == ("2023-01-29", "2021-07-01 至 2024-12-31", None)
    shown = {t["clauses"][clause_name("window", "zh")] for t in index_rows(case)}
    assert shown == {window[0], word("paper.no_clause", "zh")}


def test_a_window_extended_after_the_loan_says_so(tmp_path: Path) -> None:
    run = changed_ledger(tmp_path, {})
    rules = run.context().facilities[0]
    early = rules["window"].values
    late = dataclasses.replace(early[1], start=dt.date(2024, 6, 1))
    changed = dataclasses.replace(rules["window"], values=(early[0], late, early[2]))
    found = dataclasses.replace(
        found_of(CASES[7], run),
        facility=dataclasses.replace(rules, parameters={**rules.parameters, "window": changed}),
    )
    cells = cell_loans(found)
    made = make_rules(run.context(), found, cells, counted_days(found, run, cells), "zh")
    told = [c for some in made.of.values() for c in some if c.parameter == "window"]
    assert {(c.place, remark_told(c.remark, "zh")) for c in told} == {(1, "以后延期")}
    (listed,) = [c for c in made.clauses if c.key == ("window", 1)]
    assert listed.remark == "extended"


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (("2022-05-01", "2024-12-31"), [(1, "")]),  # the earliest that covers both
        (("2022-05-01", "2025-01-02"), [(2, "")]),
        (("2023-01-28", "2025-01-02"), [(2, "extended")]),
        (("2024-08-10", "2031-01-01"), [(1, "uncovered")]),
        (("2021-07-01",), [(0, "")]),  # the first text began with the facility: nothing was extended
    ],
)
def test_of_the_windows_the_earliest_that_covers_all_loans_stands(days: tuple[str, ...], expected: object) -> None:
    given = np.array([to_day(dt.date.fromisoformat(d)) for d in days])
    assert windows(policy.facility("cerf")["window"], given) == expected


def test_windows_that_do_not_meet_stand_side_by_side() -> None:
    dated = policy.facility("cerf")["window"]
    apart = tuple(
        dataclasses.replace(v, value=policy.Window(dt.date(y, 1, 1), dt.date(y, 12, 31)))
        for v, y in zip(dated.values, (2021, 2023, 2025), strict=True)
    )
    days = np.array([to_day(dt.date(2021, 5, 1)), to_day(dt.date(2025, 5, 1))])
    assert windows(dataclasses.replace(dated, values=apart), days) == [(0, ""), (2, "")]


def test_of_a_loan_claimed_in_part_that_part_counts_and_the_book_says_what_is_left() -> None:
    case = next(c for c in CASES if "funded" in str(c))
    loan = next(r for r in loan_rows(case).values() if r["loan_id"] == "LD240226")
    assert loan["amount"] < loan["principal"]
    rows = grid(sheet(values_of(case), "book", "zh"))
    line = next(r for r in rows if r[0] == word("paper.minus", "zh", text=word("paper_book.part", "zh")))
    assert line[5] == pytest.approx(loan["principal"] - loan["amount"])
