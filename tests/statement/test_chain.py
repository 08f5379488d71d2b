"""Statements quarter after quarter: their figures go over into one another, or the loans are named that stop them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import relending as rl
from relending.dates import parse_quarter, quarter_text
from relending.engine.columns import frame_of
from relending.findings import InputError, InvariantError, messages
from relending.lineage.disclosed import Disclosed, Disclosures, Figures
from relending.policy import facility
from relending.statement import moved as moving
from relending.statement.archive import Archive
from relending.statement.chain import LOAN_DIFFERS, Chain, compare, in_words
from relending.statement.chain_note import comparison_note
from relending.statement.document import Document, Paragraph, Table
from relending.statement.moved import change_of, moved
from relending.statement.printed import Options, options_of
from relending.statement.record import LOANS, Accepted, Record, of_code, record_of, sums
from relending.statement.statement import make_statement
from tests.disclosure.test_published_chain import BANKS, FACTS, HORIZON
from tests.statement.archived import BOOK, Loan, archive_at, compared, differing, record, run_of, stated, swapped

WEIGHTED = 100
"""Fen x ppm to fen x rate scaled 10**8."""


def texts(document: Document) -> str:
    """Everything a document says."""
    out = [document.title]
    for block in document.blocks:
        if isinstance(block, Paragraph):
            out.append(block.text)
        else:
            out += [block.caption, *(cell.text for row in (*block.header, *block.rows) for cell in row)]
    return "\n".join(out)


def check_of(chain: Chain, horizon: str, code: str, measure: str) -> Any:
    [one] = [c for c in chain.checks if (c.horizon, c.code, c.measure) == (horizon, code, measure)]
    return one


def adds_up(chain: Chain) -> None:
    """The loans' changes are each broken figure, by hand."""
    for one in chain.checks:
        if one.before is None or one.measure == "projects" or one.result == "not_tested":
            continue
        mine = chain.loans[chain.loans["horizon"].eq(one.horizon).to_numpy(dtype=bool)]
        change = change_of(mine, one.code)
        name = {"amount": "amount", "rate": "weighted", "reduction": "reduction"}[one.measure]
        assert one.now - one.before - one.quarter == getattr(change, name), one


# ---- whole runs through an archive


@pytest.mark.parametrize("name", ["demo", "ledger"])
def test_every_quarter_of_a_run_ties_out_with_the_one_published_before(name: str, tmp_path: Path) -> None:
    run = rl.run(name)
    disclosures, context, archive = Disclosures(run), run.context(), Archive(tmp_path)
    last = min(context.last_quarter, context.first_quarter + 13)
    seen = 0
    for rules in context.facilities:
        for lender in disclosures.lenders(rules.id):
            for quarter in range(context.first_quarter, last + 1):
                found = disclosures.of(lender, rules.id, quarter)
                statement = make_statement(run, found, options_of(run.manifest))
                chain = compare(archive.before(lender, rules.id, quarter), found, statement)
                assert chain.ties and not len(chain.points()), quarter_text(quarter)
                if chain.before is not None:
                    assert chain.before.quarter == quarter - 1
                    assert chain.count("ok") == len(chain.checks) == 8 * (len(found.fields) + 1)
                    seen += 1
                archive.keep(record_of(found, statement, claim="", run="", previous=chain.before), {})
    assert seen >= 10


@pytest.mark.parametrize("name", BANKS)
def test_published_statements_follow_from_the_quarter_before(name: str) -> None:
    """The cumulative figures banks published are those of the quarter before and the quarter's own."""
    quarter = next(r["period"] for r in FACTS if r["bank"] == BANKS[name] and r["horizon"] == "year_to_date")
    run = rl.run(f"statements/{name}")
    lender, before = name.partition("-")[0], quarter_text(parse_quarter(quarter) - 1)
    found, statement = stated(run, quarter, lender)
    chain = compare(record(run, before, lender), found, statement)
    assert chain.ties and not chain.count("differs")
    row = next(
        r
        for r in FACTS
        if (r["bank"], r["period"]) == (BANKS[name], quarter) and HORIZON[r["horizon"]] == "since_start"
    )
    digits = -int(Decimal(row["loan_wan_yuan"]).as_tuple().exponent)
    like = replace(statement, options=statement.options.but(amount=digits, amount_unit="wan_yuan"))
    assert like.printed(like.total, "since_start").number("amount") == Decimal(row["loan_wan_yuan"])


def test_a_run_that_begins_with_what_was_published_follows_from_it(tmp_path: Path) -> None:
    """The next year is run from the opening totals alone; the loans before are in the book no more."""
    whole = run_of(tmp_path / "whole")
    before = record(whole, "2022Q3")
    opening = rl.opening_from(whole, "2022Q3").to_csv(index=False)
    later = run_of(tmp_path / "later", BOOK[5:], {"opening": opening}, start="2022-10-01")
    chain = compared(before, later, "2022Q4")
    assert chain.ties and chain.count("not_tested") == 0 and not chain.begun["since_start"]
    # the rate of an opening has eight decimals, the published one is exact
    rates = [one for one in chain.checks if one.measure == "rate"]
    assert {one.why for one in rates} <= {"", "opening_rounded"} and all(one.result == "ok" for one in rates)
    assert any(one.difference for one in rates)
    # and the quarter after, where both began so
    assert compared(record(later, "2022Q4"), later, "2023Q1").ties
    # the other way round: the whole book again, after a statement that began with totals
    again = compared(record(later, "2022Q4"), whole, "2023Q1")
    assert again.ties and not len(again.loans)


def test_opening_totals_that_are_not_those_published_are_named(tmp_path: Path) -> None:
    whole = run_of(tmp_path / "whole")
    table = rl.opening_from(whole, "2022Q3")
    since = table["horizon"].eq("since_start")
    table.loc[since & table["code"].isin(["wind", "clean_energy", "total"]), "amount"] += 1
    later = run_of(tmp_path / "l", BOOK[5:], {"opening": table.to_csv(index=False)}, start="2022-10-01")
    chain = compared(record(whole, "2022Q3"), later, "2022Q4")
    assert not chain.ties and not len(chain.loans)
    assert list(chain.begun["since_start"]) == ["clean_energy", "total"] and not chain.begun["year"]
    old, new = chain.begun["since_start"]["total"]
    assert new.amount - old.amount == 100 == check_of(chain, "since_start", "total", "amount").difference
    assert chain.points().values.tolist() == [["opening", LOAN_DIFFERS, "since_start/clean_energy; since_start/total"]]
    # with a quarter missing the figures cannot be followed, what the run began with can
    over = compared(record(whole, "2022Q3"), later, "2023Q1")
    assert not over.count("differs") and not over.ties and over.begun["since_start"]
    for lang, said in (("zh", "请更正期初披露数"), ("en", "Correct the opening totals")):
        assert said in texts(comparison_note(chain, stated(later, "2022Q4")[1], lang))


def test_points_say_in_a_language_what_differs_and_in_signs_without_one(tmp_path: Path) -> None:
    before = record(run_of(tmp_path / "before"), "2022Q2")
    loans = swapped(BOOK[0].but(project_investment="4000000"), BOOK[2].but(sector="ccus"), without=["B2"])
    chain = compared(before, run_of(tmp_path / "now", loans), "2022Q3")
    signs, zh, en = (
        dict(zip(*chain.points(lang)[["loan_id", "found"]].T.values, strict=True)) for lang in ("", "zh", "en")
    )
    assert signs["B2"].startswith("gone: energy_saving → —; P3 → —")
    assert zh["A1"] == ("归因的年度碳减排量（吨） 200.140000 → 250.175000；项目总投资（元） 5000000.00 → 4000000.00")
    assert "领域 清洁能源 → 碳减排技术" in zh["B1"] and "field Clean energy → Carbon reduction technology" in en["B1"]
    assert zh["B2"].startswith("原已计入") and "领域 节能环保；项目编号 P3" in zh["B2"] and "→ —" not in zh["B2"]
    for said in (zh, en):
        assert not any(code in text for text in said.values() for code in ("clean_energy", "gone", "energy_saving"))
    # the list of open points, made without a language, said in one
    other = frame_of({n: pa.array(["X"], pa.string()) for n in ("loan_id", "code", "found")})
    points = pd.concat([other, chain.points()], ignore_index=True).assign(kind="k")
    told = in_words(points, chain, "zh")
    assert told["found"].tolist() == ["X", zh["A1"], zh["B1"], zh["B2"]] and list(told) == list(points)


def test_what_the_run_began_with_is_said_in_words(tmp_path: Path) -> None:
    whole = run_of(tmp_path / "whole")
    table = rl.opening_from(whole, "2022Q3")
    table.loc[table["horizon"].eq("since_start") & table["code"].isin(["wind", "clean_energy", "total"]), "amount"] += 1
    later = run_of(tmp_path / "l", BOOK[5:], {"opening": table.to_csv(index=False)}, start="2022-10-01")
    [found] = compared(record(whole, "2022Q3"), later, "2022Q4").points("zh")["found"]
    assert "累计发放碳减排贷款/清洁能源；" in found and "/合计" in found and "clean_energy" not in found


# ---- each kind of break, in a small book


def test_nothing_changed_and_nothing_differs(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    for before, quarter in (("2022Q1", "2022Q2"), ("2022Q4", "2023Q1"), ("2023Q1", "2023Q2")):
        chain = compared(record(run, before), run, quarter)
        assert chain.ties and chain.count("ok") == 32 and len(chain.points()) == 0
    found = stated(run, "2023Q1")[0].cells
    assert check_of(compared(record(run, "2022Q4"), run, "2023Q1"), "year", "total", "amount").expected == (
        (found["quarter", "total"].amount,) * 2
    )


CHANGES: dict[str, tuple[list[Loan], dict[str, str]]] = {
    "a corrected investment": (swapped(BOOK[0].but(project_investment="4000000")), {"A1": "reduction"}),
    "a moved field": (swapped(BOOK[2].but(sector="ccus")), {"B1": "field"}),
    "another sector of the field": (swapped(BOOK[2].but(sector="wind")), {}),
    "a loan removed": (swapped(without=["B2"]), {"B2": "gone"}),
    "a loan refused": (swapped(BOOK[3].but(evidence="")), {"B2": "gone"}),
    "a rate corrected": (swapped(BOOK[1].but(rate="0.0295")), {"A2": "rate"}),
    "an amount corrected": (swapped(BOOK[1].but(principal="700000.08")), {"A2": "amount;reduction"}),
    "another project": (swapped(BOOK[3].but(project_id="P9")), {"B2": "project"}),
    "a loan booked late": (swapped(Loan("N1", "P7", disbursed="2022-03-03")), {"N1": "new"}),
    "a date within what is closed": (swapped(BOOK[3].but(disbursed="2022-03-01")), {"B2": "quarter"}),
    "a date into this quarter": (swapped(BOOK[3].but(disbursed="2022-07-01")), {"B2": "later"}),
    "all of it": (
        swapped(
            BOOK[0].but(project_investment="4000000", rate="0.03", principal="999999.99"),
            BOOK[2].but(sector="ccus", project_id="P8"),
            Loan("N1", "P7", disbursed="2022-03-03"),
            without=["A2"],
        ),
        {"A1": "amount;rate;reduction", "A2": "gone", "B1": "field;project", "N1": "new"},
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_breaks_the_chain_is_named_to_the_loan_and_adds_up(name: str, tmp_path: Path) -> None:
    loans, wanted = CHANGES[name]
    before = record(run_of(tmp_path / "before"), "2022Q2")
    run = run_of(tmp_path / "now", loans)
    chain = compared(before, run, "2022Q3")
    assert differing(chain.loans) == wanted == differing(chain.loans, "year")
    adds_up(chain)
    assert chain.ties == (not wanted)
    points = chain.points()
    assert points["loan_id"].tolist() == sorted(wanted) and set(points["code"]) <= {LOAN_DIFFERS} <= set(messages())
    statement = stated(run, "2022Q3")[1]
    for lang in ("zh", "en"):
        note = comparison_note(chain, statement, lang)
        assert note.kind == "internal" and all(loan in texts(note) for loan in wanted)
    # a year on only what was published since first support can tell
    if name != "a date into this quarter":
        later = compared(replace(before, quarter=parse_quarter("2022Q4")), run, "2023Q1")
        assert differing(later.loans) == wanted | {"C1": "new", "D1": "new"}


def test_a_loan_out_of_the_horizons_again_is_named(tmp_path: Path) -> None:
    before = record(run_of(tmp_path / "before"), "2022Q4")
    tail = '[disclosure]\nineligible = "restated"'
    run = run_of(tmp_path / "now", swapped(BOOK[2].but(ineligible_from="2023-02-01")), tail=tail)
    chain = compared(before, run, "2023Q1")
    assert differing(chain.loans) == {"B1": "restated"} and differing(chain.loans, "year") == {}
    adds_up(chain)
    assert check_of(chain, "since_start", "total", "amount").difference == -200_000_000
    assert chain.points()["found"].iloc[0].startswith("restated: ")


APPLICATIONS = "loan_id,period,status,applied_on,applied_amount,funded_on,funded_amount\n"
ROWS = {
    "A1": "A1,2022Q1,funded,2022-04-05,600000,2022-04-20,600000\n",
    "A2": "A2,2022Q1,funded,2022-04-05,420000.04,2022-04-20,420000.04\n",
    "B1": "B1,2022Q2,funded,2022-07-05,1200000,2022-07-20,1200000\n",
}


def test_money_that_comes_late_for_a_loan_of_a_closed_quarter_is_named(tmp_path: Path) -> None:
    few = APPLICATIONS + ROWS["A1"] + ROWS["B1"]
    before_run = run_of(tmp_path / "before", BOOK[:3], {"applications": few})
    before = record(before_run, "2022Q2")
    assert before.loans["loan_id"].tolist() == ["A1", "B1"]
    run = run_of(tmp_path / "now", BOOK[:3], {"applications": few + ROWS["A2"]})
    chain = compared(before, run, "2022Q3")
    assert differing(chain.loans) == {"A2": "new"} and not chain.ties
    adds_up(chain)
    total = check_of(chain, "since_start", "total", "amount")
    assert (total.before, total.quarter, total.now, total.difference) == (300_000_000, 0, 370_000_007, 70_000_007)


def test_rates_of_each_quarters_end_are_not_added_up_and_it_is_said(tmp_path: Path) -> None:
    tail = '[disclosure]\nrate_basis = "current"'
    now = [one.but(rate_now="0.02") for one in BOOK]
    before = record(run_of(tmp_path / "before", tail=tail), "2022Q2")
    run = run_of(tmp_path / "now", now, tail=tail)
    chain = compared(before, run, "2022Q3")
    assert chain.ties and not len(chain.loans)
    rates = [one for one in chain.checks if one.measure == "rate"]
    assert {(one.result, one.why) for one in rates} == {("not_tested", "current")}
    statement = stated(run, "2022Q3")[1]
    assert "未予核对" in texts(comparison_note(chain, statement, "zh"))
    assert "were not checked" in texts(comparison_note(chain, statement, "en"))
    # where only one of both is, neither is compared
    mixed = compared(record(run_of(tmp_path / "issue"), "2022Q2"), run, "2022Q3")
    assert mixed.ties and {one.result for one in mixed.checks if one.measure == "rate"} == {"not_tested"}
    assert "发放时的利率改为季末" in texts(comparison_note(mixed, statement, "zh"))


def test_a_gap_is_said_and_the_loans_are_compared_all_the_same(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    chain = compared(record(run, "2022Q1"), run, "2022Q4")
    assert chain.ties and chain.missing == (parse_quarter("2022Q2"), parse_quarter("2022Q3"))
    assert {(one.result, one.why) for one in chain.checks} == {("not_tested", "gap")}
    assert "2022年第二季度、2022年第三季度" in texts(comparison_note(chain, stated(run, "2022Q4")[1], "zh"))
    gone = run_of(tmp_path / "gone", swapped(without=["A2"]))
    assert differing(compared(record(run, "2022Q1"), gone, "2022Q4").loans) == {"A2": "gone"}
    # a year is not compared over its end
    over = compared(record(run, "2022Q3"), run, "2023Q2")
    assert {one.why for one in over.checks if one.horizon == "year"} == {"no_year_before"}


def test_the_first_statement_says_that_it_is(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    chain = compared(None, run, "2022Q3")
    assert chain.ties and {one.why for one in chain.checks} == {"first"} and len(chain.points()) == 0
    statement = stated(run, "2022Q3")[1]
    assert "首期" in texts(comparison_note(chain, statement, "zh"))
    assert "the first" in texts(comparison_note(chain, statement, "en"))


def test_a_run_that_begins_after_the_statement_before_cannot_be_compared(tmp_path: Path) -> None:
    whole = run_of(tmp_path / "whole")
    opening = rl.opening_from(whole, "2022Q3").to_csv(index=False)
    later = run_of(tmp_path / "later", BOOK[5:], {"opening": opening}, start="2022-10-01")
    chain = compared(record(whole, "2022Q1"), later, "2022Q4")
    assert chain.ties and not len(chain.loans)
    assert {(one.result, one.why) for one in chain.checks} == {("not_tested", "opening_later")}
    said = texts(comparison_note(chain, stated(later, "2022Q4")[1], "zh"))
    assert "期初披露数截至上期之后" in said and "逐笔核对" not in said


@pytest.mark.parametrize(("was", "quarter", "now", "off"), [(2, 3, 2, -1), (4, 1, 3, -1), (2, 3, 6, 1), (2, 3, 5, 0)])
def test_projects_lie_between_the_larger_and_the_sum(
    was: int, quarter: int, now: int, off: int, tmp_path: Path
) -> None:
    run = run_of(tmp_path / "run")
    before, (found, statement) = record(run, "2022Q2"), stated(run, "2022Q3")
    cells, figures, key = dict(found.cells), dict(before.figures), ("since_start", "total")
    figures[key] = replace(figures[key], projects=was)
    cells[key] = replace(cells[key], projects=now)
    cells["quarter", "total"] = replace(cells["quarter", "total"], projects=quarter)
    chain = compare(replace(before, figures=figures), replace(found, cells=cells), statement)
    one = check_of(chain, "since_start", "total", "projects")
    assert (one.difference, one.result) == (off, "differs" if off else "ok")
    assert one.expected == (max(was, quarter), was + quarter)


def test_another_lender_or_a_later_quarter_is_not_compared(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    before = record(run, "2022Q2")
    for other in (replace(before, lender="boc"), replace(before, quarter=before.quarter + 1)):
        with pytest.raises(ValueError, match="not an earlier statement"):
            compared(other, run, "2022Q3")


def test_a_redacted_record_is_compared_under_its_key(tmp_path: Path) -> None:
    def rehash(kind: str, value: str) -> str:
        return f"{kind}:{value[::-1]}"

    run = run_of(tmp_path / "run")
    before = record(run, "2022Q2", rehash=rehash, redacted="f00")
    assert compared(before, run, "2022Q3", rehash).ties
    now = run_of(tmp_path / "now", swapped(BOOK[1].but(rate="0.0295"), without=["B2"]))
    # the loan that is there is called as in the book, the one that is gone as in the record
    assert differing(compared(before, now, "2022Q3", rehash).loans) == {"A2": "rate", "loan:2B": "gone"}
    for one, key in ((before, None), (record(run, "2022Q2"), rehash)):
        with pytest.raises(InputError, match="published_key"):
            compared(one, run, "2022Q3", key)


def test_a_difference_that_no_loan_explains_is_an_error_of_the_program(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    before = record(run, "2022Q2")
    figures = dict(before.figures)
    figures["since_start", "total"] += Figures(0, 1, 0, 0)
    with pytest.raises(InvariantError, match="since_start/total amount"):
        compared(replace(before, figures=figures), run, "2022Q3")


# ---- the note


def test_what_was_accepted_is_shown_with_its_reason(tmp_path: Path) -> None:
    before = record(run_of(tmp_path / "before"), "2022Q2")
    run = run_of(tmp_path / "now", swapped(BOOK[1].but(rate="0.0295"), without=["B2"]))
    chain, statement = compared(before, run, "2022Q3"), stated(run, "2022Q3")[1]
    accepted = [Accepted(loan, LOAN_DIFFERS, "核实\x00后无误", "=王") for loan in ("A2", "B2")]
    said = texts(comparison_note(chain, statement, "zh", accepted))
    assert "均已说明原因并经接受" in said and "核实 后无误" in said and "定稿前" not in said
    assert "定稿前" in texts(comparison_note(chain, statement, "zh", accepted[:1]))
    other = [replace(one, code="duplicate_loan_id") for one in accepted]
    assert "核实" not in texts(comparison_note(chain, statement, "zh", other))


def test_a_reader_who_adds_up_the_print_is_told_of_rounding(tmp_path: Path) -> None:
    loans = [Loan("A", principal="1000050"), Loan("B", "P2", principal="1000050", disbursed="2022-05-01")]
    run = run_of(tmp_path / "run", loans, tail="[disclosure.decimals]\namount = 2")
    chain, statement = compared(record(run, "2022Q1"), run, "2022Q2"), stated(run, "2022Q2")[1]
    assert chain.ties and "四舍五入" in texts(comparison_note(chain, statement, "zh"))
    # 100.01 and 100.01 in print make 200.01
    note = comparison_note(chain, statement, "zh")
    [table] = [b for b in note.blocks if isinstance(b, Table)][:1]
    row = [cell.text for cell in table.rows[1]]
    assert row[1:] == ["100.01", "100.01", "200.01", "200.01", "-0.01", "0.00元", "相符"]


def test_another_unit_of_print_is_told(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    before = replace(record(run, "2022Q2"), options=Options(amount_unit="yi_yuan", rate=4))
    said = texts(comparison_note(compared(before, run, "2022Q3"), stated(run, "2022Q3")[1], "zh"))
    assert "金额单位由亿元改为万元" in said and "利率小数位数由4改为2" in said


def test_tables_have_a_cell_in_every_place_and_widths_of_one_page(tmp_path: Path) -> None:
    before = record(run_of(tmp_path / "before"), "2022Q2")
    run = run_of(tmp_path / "now", CHANGES["all of it"][0])
    chain, statement = compared(before, run, "2022Q3"), stated(run, "2022Q3")[1]
    for lang in ("zh", "en"):
        for block in comparison_note(chain, statement, lang, most=2).blocks:
            if isinstance(block, Table):
                whole_table(block)
        said = texts(comparison_note(chain, statement, lang, most=2))
        assert ("另有2笔" in said) if lang == "zh" else ("2 more loans" in said)


def whole_table(table: Table) -> None:
    """Every row has each column once."""
    assert abs(sum(table.widths) - 1) < 1e-9
    for rows in (table.header, table.rows):
        places = [
            (r + i, c + j) for r, c, cell in table.grid(rows) for i in range(cell.down) for j in range(cell.across)
        ]
        assert sorted(places) == [(r, c) for r in range(len(rows)) for c in range(len(table.widths))]


# ---- any loans before and now

FIELDS = {"clean_energy": "wind", "energy_saving": "industrial_efficiency", "carbon_reduction_technology": "ccus"}
Q = parse_quarter("2024Q2")
LOAN = st.tuples(
    st.sampled_from(list(FIELDS)),
    st.sampled_from(["P1", "P2", "P3"]),
    st.integers(Q - 6, Q),
    st.integers(1, 2**52),
    st.integers(0, 10**6),
    st.integers(0, 2**52),
)
BOOKS = st.dictionaries(st.sampled_from([f"L{i}" for i in range(7)]), LOAN, max_size=7)


def disclosed(loans: dict[str, tuple[Any, ...]], quarter: int, began: Figures, through: int) -> Disclosed:
    """What a run of these loans discloses, summed from their definition."""
    rows = [(name, *values) for name, values in loans.items() if values[2] <= quarter]
    early = through if quarter > through else -1
    columns: dict[str, Sequence[Any]] = {
        "loan_id": [r[0] for r in rows],
        "project_id": [r[2] for r in rows],
        "field": [r[1] for r in rows],
        "sector": [FIELDS[r[1]] for r in rows],
        "quarter": [r[3] for r in rows],
        "amount_fen": [r[4] for r in rows],
        "rate_ppm": [r[5] for r in rows],
        "reduction_g": [r[6] for r in rows],
        "in_quarter": [r[3] == quarter for r in rows],
        "in_year": [r[3] // 4 == quarter // 4 for r in rows],
        "in_since_start": [r[3] > early for r in rows],
        "investment_fen": [r[4] for r in rows],
        "project_reduction_g": [r[6] for r in rows],
        "evidence": ["eia"] * len(rows),
        "evidence_doc": [None] * len(rows),
    }
    arrays = {n: pa.array(columns[n], kind) for n, kind in zip(LOANS.names, LOANS.types, strict=True)}
    frame = frame_of({**arrays, "left": pa.nulls(len(rows), pa.int64())})
    opened = {("since_start", "total"): began, ("since_start", "clean_energy"): began} if early > 0 else {}
    cells = {}
    for horizon in ("quarter", "year", "since_start"):
        inside = frame[frame[f"in_{horizon}"].to_numpy(dtype=bool)]
        for code in (*FIELDS, *FIELDS.values(), "total"):
            cells[horizon, code] = sums(of_code(inside, code)) + opened.get((horizon, code), Figures())
    held = {"since_start": early} if early > 0 else {}
    return Disclosed("icbc", facility("cerf"), quarter, frame, cells, opened, "simulated", held)


def kept(found: Disclosed) -> Record:
    loans = frame_of({name: pa.array(found.loans[name]) for name in LOANS.names})
    figures, began = dict(found.cells), dict(found.began)
    held = dict(found.through)
    return Record("icbc", "cerf", found.quarter, 1, figures, Options(), "issue", "", (), loans, began, held)


@given(BOOKS, BOOKS, st.integers(Q - 3, Q - 1), st.integers(Q - 7, Q - 2), st.integers(Q - 7, Q - 2), st.booleans())
def test_the_break_of_any_two_books_is_the_sum_of_what_their_loans_changed(
    was: dict[str, Any], now: dict[str, Any], quarter: int, first: int, second: int, opened: bool
) -> None:
    """Amounts, weights and reductions of every code; the loans of each side counted one by one."""
    none = Figures()
    began = (Figures(3, 2**70, 2**101, 7), Figures(2, 2**70 + 5, 2**101, 9)) if opened else (none, none)
    earlier = disclosed(was, quarter, began[0], first if opened else -1)
    found = disclosed(now, Q, began[1], second if opened else -1)
    before = kept(earlier)
    part = moved(before, found, "since_start")
    if max(before.through.get("since_start", -1), found.through.get("since_start", -1)) > quarter:
        assert not part.shown
        return
    last = max(before.through.get("since_start", -1), found.through.get("since_start", -1))
    loans = {name: one for name, one in was.items() if last < one[2] <= quarter}
    others = {name: one for name, one in now.items() if last < one[2] <= quarter}
    differ = {n for n in loans.keys() | others.keys() if loans.get(n) != others.get(n)}
    assert set(differing(part.loans)) == differ
    for code in (*FIELDS, "total"):
        mine = [[o for o in side.values() if code in ("total", o[0])] for side in (loans, others)]
        change = change_of(part.loans, code)
        assert change.amount == sum(o[3] for o in mine[1]) - sum(o[3] for o in mine[0])
        assert change.reduction == sum(o[5] for o in mine[1]) - sum(o[5] for o in mine[0])
        weights = [sum(o[3] * o[4] * WEIGHTED for o in side) for side in mine]
        assert change.weighted == weights[1] - weights[0]


@given(BOOKS, st.integers(Q - 6, Q - 1))
def test_a_book_compared_with_itself_always_ties(book: dict[str, Any], quarter: int) -> None:
    before, found = kept(disclosed(book, quarter, Figures(), -1)), disclosed(book, Q, Figures(), -1)
    for horizon in ("since_start", *(["year"] if quarter // 4 == Q // 4 else [])):
        part = moved(before, found, horizon)
        assert not len(part.loans) and not part.begun and part.shown


def test_the_columns_of_no_difference_are_those_of_some(tmp_path: Path) -> None:
    before = record(run_of(tmp_path / "run"), "2022Q2")
    some = moved(before, stated(run_of(tmp_path / "now", swapped(without=["B2"])), "2022Q3")[0], "since_start")
    assert moving._nothing().dtypes.to_dict() == some.loans.dtypes.to_dict()


def test_an_archive_leads_from_quarter_to_quarter(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    archive = archive_at(tmp_path / "p", record(run, "2022Q1"), record(run, "2022Q2"))
    assert compared(archive.before("icbc", "cerf", parse_quarter("2022Q3")), run, "2022Q3").ties
