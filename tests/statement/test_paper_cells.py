"""Every cell of the table is what the rows it names add up to, by values a reader takes from the sheet."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest

from relending.engine.disclosure import HORIZONS
from relending.statement.printed import FEN_IN, GRAMS_IN, MEASURES
from relending.statement.words import word
from tests.statement.papers import (
    CASES,
    Case,
    formulas_of,
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
def test_cells_with_loans_name_rule_and_source(case: Case) -> None:
    for told in index_rows(case):
        assert told["rule"]
        none = word("paper.no_clause", case.lang)
        assert (told["clause"] == none) == (told["loans"] == 0)
        if told["loans"]:
            assert word("paper.sectors", case.lang) in told["clause"]
            assert word("paper.lenders", case.lang) in told["clause"]


def test_of_a_loan_claimed_in_part_that_part_counts_and_the_book_says_what_is_left() -> None:
    case = next(c for c in CASES if "funded" in str(c))
    loan = next(r for r in loan_rows(case).values() if r["loan_id"] == "LD240226")
    assert loan["amount"] < loan["principal"]
    rows = grid(sheet(values_of(case), "book", "zh"))
    line = next(r for r in rows if r[0] == word("paper.minus", "zh", text=word("paper_book.part", "zh")))
    assert line[3] == pytest.approx(loan["principal"] - loan["amount"])
