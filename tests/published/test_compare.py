"""Published figures read, checked and held against a run: every outcome, every way a figure can be wrong."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import relending as rl
from relending.audit import compare, read_published
from relending.audit.show import show
from relending.cli import main
from relending.dates import parse_quarter, quarter_end, to_date
from relending.policy import facility
from relending.runfolder import verify

HEADER = "lender,facility,quarter,horizon,code,measure,value,unit,bound,role,source,grade,note"
SCENARIO = """
[scenario]
name = "s"
book = "book.csv"
published = "published.csv"
lender = "icbc"
start = 2022-01-01
end = 2025-12-31
facilities = ["cerf"]
[market]
own_rate = 0.02
"""
BOOK = """\
loan_id,lender,project_id,sector,principal,rate,disbursed,matures,project_investment,project_reduction,evidence
A,icbc,P1,wind,1000000.50,0.0305,2023-02-01,2033-02-01,5000000,100,eia
B,icbc,P1,solar,2000000,0.0315,2023-05-01,2033-05-01,5000000,100,eia
C,abc,P1,wind,500000,0.03,2023-05-01,2033-05-01,5000000,100,eia
"""


def made(tmp: Path, *figures: str, header: str = HEADER) -> Path:
    (tmp / "book.csv").write_text(BOOK, encoding="utf-8")
    (tmp / "published.csv").write_text("\n".join([header, *figures]) + "\n", encoding="utf-8")
    (tmp / "s.toml").write_text(SCENARIO, encoding="utf-8")
    return tmp / "s.toml"


CASES = [
    # cell and what was printed -> what comes out; all worked by hand from the three loans above
    ("icbc,cerf,2023Q2,quarter,total,projects,1,个", "exact", "1", "0", "equal"),
    ("icbc,cerf,2023Q2,since_start,total,projects,1,个", "exact", "1", "0", "equal"),
    ("icbc,cerf,2023Q2,year,total,amount,300.00,万元", "exact", "300.00", "0.00", "equal"),
    ("icbc,cerf,2023Q2,year,total,amount,300.0001,万元", "exact", "300.0001", "0.0000", "equal"),
    ("icbc,cerf,2023Q2,year,total,amount,300.001,万元", "exact", "300.000", "-0.001", "differs"),
    ("icbc,cerf,2023Q2,year,wind,amount,1000000.50,元", "exact", "1000000.50", "0.00", "equal"),
    ("icbc,cerf,2023Q2,quarter,clean_energy,reduction,40.00,吨", "exact", "40.00", "0.00", "equal"),
    # (1,000,000.50 x 3.05 % + 2,000,000 x 3.15 %) / 3,000,000.50 = 3.11666664 %
    ("icbc,cerf,2023Q2,year,total,weighted_rate,3.12,%", "exact", "3.12", "0.00", "equal"),
    ("icbc,cerf,2023Q2,year,total,weighted_rate,3.1167,%", "exact", "3.1167", "0.0000", "equal"),
    ("icbc,cerf,2023Q2,year,total,weighted_rate,0.031,fraction", "exact", "0.031", "0.000", "equal"),
    # half-up: 0.0305 as a percentage of one decimal is 3.1, not 3.0
    ("icbc,cerf,2023Q1,quarter,total,weighted_rate,3.1,%", "exact", "3.1", "0.0", "equal"),
    ("icbc,cerf,2023Q3,quarter,total,weighted_rate,3.1,%", "exact", None, None, "differs"),
    (",cerf,2023Q2,since_start,total,amount,350.00,万元", "exact", "350.00", "0.00", "equal"),
    (",cerf,2023Q2,quarter,total,drawn,150.0,万元", "exact", "150.0", "0.0", "equal"),
    ("icbc,cerf,2023Q2,since_start,total,drawn,180,万元", "exact", "180", "0", "equal"),
    (",cerf,2023Q2,quarter,total,balance,210.0,万元", "exact", "210.0", "0.0", "equal"),
    (",cerf,2023Q4,year,total,balance_change,210.0,万元", "exact", "210.0", "0.0", "equal"),
    (",cerf,2024Q4,year,total,balance_change,1,元", "exact", "0", "-1", "differs"),
    (",cerf,2024Q4,year,total,balance_change,0,万元", "exact", "0", "0", "equal"),
    (",cerf,2023Q2,quarter,total,balance,209,万元", "more_than", "210", "1", "holds"),
    (",cerf,2023Q2,quarter,total,balance,211,万元", "more_than", "210", "-1", "fails"),
    (",cerf,2023Q2,quarter,total,balance,211,万元", "about", "210", "-1", "compared"),
    (",cerf,2023Q2,quarter,total,balance,211,万元", "nearly", "210", "-1", "compared"),
    (",cerf,2023Q2,quarter,total,balance,209,万元", "nearly", "210", "1", "fails"),
    (",cerf,2023Q2,quarter,total,balance,210,万元", "implied", "210", "0", "equal"),
]


@pytest.mark.parametrize(("cell", "bound", "reproduced", "difference", "outcome"), CASES)
def test_a_figure_beside_the_runs_at_the_digits_printed(
    tmp_path: Path, cell: str, bound: str, reproduced: str | None, difference: str | None, outcome: str
) -> None:
    row = rl.run(made(tmp_path, f"{cell},{bound},test,somebody 2023,,")).tables["published"].to_dict("records")[0]
    empty = [None if not isinstance(row[n], str) else row[n] for n in ("reproduced", "difference")]
    assert [*empty, row["outcome"]] == [reproduced, difference, outcome]
    assert row["scenario"] == "s" and row["file"] == "published.csv" and row["row"] == 2


ON = "facility,quarter,horizon,measure,value,unit,on,source"


def test_a_draw_or_a_balance_may_be_of_another_day_than_the_quarters_last(tmp_path: Path) -> None:
    days = ("2023-06-29", "2023-06-30", "2023-07-13", "2023-09-30")
    lines = [f"cerf,2023Q2,since_start,drawn,60,万元,{day},x" for day in days]
    run = rl.run(made(tmp_path, *lines, header=ON))
    assert run.published["reproduced"].tolist() == ["60", "210", "210", "210"]
    assert [row[0] for row in show([run.tables["published"]], "en").rows[1:]] == [
        "cerf/2023-06-29/since_start/total/drawn",
        "cerf/2023Q2/since_start/total/drawn",
        "cerf/2023-07-13/since_start/total/drawn",
        "cerf/2023-09-30/since_start/total/drawn",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "cerf,2023Q2,since_start,drawn,60,万元,2023-03-31,x",
        "cerf,2023Q2,since_start,drawn,60,万元,2023-10-01,x",
        "cerf,2023Q2,since_start,amount,60,万元,2023-06-29,x",
    ],
)
def test_a_day_outside_the_quarter_and_the_next_or_of_loans_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(rl.InputError) as stop:
        rl.run(made(tmp_path, line, header=ON))
    assert stop.value.findings.frame()["column"].tolist() == ["on"]


def test_a_day_after_the_run_is_refused_for_the_ledger_ends_before(tmp_path: Path) -> None:
    with pytest.raises(rl.InputError) as stop:
        rl.run(made(tmp_path, "cerf,2025Q4,since_start,drawn,60,万元,2026-01-10,x", header=ON))
    assert stop.value.findings.codes() == {"published_outside": 1}


def test_an_unknown_lender_of_a_figure_stops_with_an_error(tmp_path: Path) -> None:
    with pytest.raises(rl.InputError) as stop:
        rl.run(made(tmp_path, "nobody,cerf,2023Q2,,,amount,3,万元,,,x,,"))
    assert stop.value.findings.codes() == {"published_bad_value": 1, "unknown_lender": 1}


def test_an_input_proves_nothing_whatever_it_is(tmp_path: Path) -> None:
    run = rl.run(made(tmp_path, ",cerf,2023Q2,quarter,total,balance,1,万元,exact,input,x,,"))
    assert run.published["outcome"].tolist() == ["input"] and run.published["difference"].tolist() == ["209"]


def test_defaults_are_the_total_of_the_quarter_as_an_exact_test(tmp_path: Path) -> None:
    run = rl.run(made(tmp_path, "cerf,2023年第二季度,贷款金额,250.00,万元,x", header="工具,季度,指标,公布值,单位,来源"))
    row = run.published.iloc[0]
    assert row[["horizon", "code", "bound", "role", "outcome"]].tolist() == [
        "quarter",
        "total",
        "exact",
        "test",
        "equal",
    ]


def test_thousands_separators_and_wide_digits_are_the_same_figure(tmp_path: Path) -> None:
    run = rl.run(
        made(
            tmp_path,
            'icbc,cerf,2023Q2,year,total,amount,"3,000,000.50",元,,,x,,',
            "icbc,cerf,2023Q2,year,total,amount,３００．００,万元,,,x,,",
        )
    )
    assert run.published["outcome"].tolist() == ["equal", "equal"]
    assert run.published["published"].tolist() == ["3000000.50", "300.00"]


BAD = [
    ("icbc,cerf,2023Q2,,,amount,many,万元,,,x,,", "published_bad_value", "value"),
    ("icbc,cerf,2023Q2,,,amount,3e5,万元,,,x,,", "published_bad_value", "value"),
    ("icbc,cerf,2023Q2,,,amount,300,吨,,,x,,", "published_bad_value", "unit"),
    ("icbc,cerf,2023Q2,,,weighted_rate,3,万元,,,x,,", "published_bad_value", "unit"),
    ("icbc,cerf,2023Q2,year,,balance,3,万元,,,x,,", "published_bad_value", "horizon"),
    ("icbc,cerf,2023Q2,quarter,,balance_change,3,万元,,,x,,", "published_bad_value", "horizon"),
    ("icbc,clean_coal,2023Q2,,,amount,3,万元,,,x,,", "published_bad_value", "facility"),
    ("icbc,cerf,2023Q2,,coal_mining,amount,3,万元,,,x,,", "published_bad_value", "code"),
    ("icbc,cerf,2023Q2,,wind,balance,3,万元,,,x,,", "published_bad_value", "code"),
    ("icbc,cerf,2021Q4,,,amount,3,万元,,,x,,", "published_outside", "quarter"),
    ("boc,cerf,2023Q2,,,amount,3,万元,,,x,,", "published_outside", "lender"),
    (",cerf,2023Q2,,,projects,3,个,,,x,,", "published_bad_value", "lender"),
    (",cerf,2023Q2,,,weighted_rate,3,%,,,x,,", "published_bad_value", "lender"),
    ("icbc,cerf,2023Q2,,,amount,-3,万元,,,x,,", "published_bad_value", "value"),
    ("icbc,cerf,2023Q2,,,projects,1.0,个,,,x,,", "published_bad_value", "value"),
    ("icbc,cerf,2023Q2,,,amount,3.00,万元,,,y,,", "published_twice", "value"),
    ("icbc,cerf,soon,,,amount,3,万元,,,x,,", "unreadable_quarter", "quarter"),
    ("icbc,cerf,2023Q2,,,profit,3,万元,,,x,,", "unknown_value", "measure"),
    ("icbc,cerf,2023Q2,,,amount,3,万元,perhaps,,x,,", "unknown_value", "bound"),
    ("icbc,cerf,2023Q2,,,amount,,万元,,,x,,", "value_missing", "value"),
    ("icbc,cerf,2023Q2,,,amount,3,万元,,,,,", "value_missing", "source"),
]


@pytest.mark.parametrize(("line", "code", "column"), BAD, ids=[f"{b[1]}-{i}" for i, b in enumerate(BAD)])
def test_a_figure_that_cannot_be_compared_stops_the_run_and_nothing_is_written(
    tmp_path: Path, line: str, code: str, column: str
) -> None:
    path = made(tmp_path, "icbc,cerf,2023Q2,,,amount,3,万元,,,x,,", line)
    with pytest.raises(rl.InputError) as stop:
        rl.run(path)
    said = stop.value.findings.frame()
    assert [(r.code, r.column, r.row) for r in said.itertuples()] == [(code, column, 3)]
    done = CliRunner().invoke(main, ["run", str(path), "--out", str(tmp_path / "out"), "--lang", "zh"])
    assert done.exit_code == 1 and "Traceback" not in done.output and not (tmp_path / "out").exists()


def test_a_table_of_published_figures_without_rows_stops(tmp_path: Path) -> None:
    with pytest.raises(rl.InputError) as stop:
        rl.run(made(tmp_path))
    assert stop.value.findings.codes() == {"table_empty": 1}


def test_what_rounds_to_nothing_has_no_minus(tmp_path: Path) -> None:
    path = made(tmp_path, ",cerf,2024Q4,year,total,balance_change,0.0,亿元,,,x,,")
    run = rl.run(rl.load_scenario(path, {"facility.cerf.rollovers": 0}))
    change = (
        run.funding.query("quarter == '2024Q4'")["balance"].sum()
        - run.funding.query("quarter == '2023Q4'")["balance"].sum()
    )
    assert change == -2_100_000.30  # a hundredth of a unit of the last digit
    assert run.published.iloc[0][["reproduced", "difference", "outcome"]].tolist() == ["0.0", "0.0", "equal"]


def test_every_problem_of_the_figures_is_said_at_once(tmp_path: Path) -> None:
    lines = [b[0] for b in BAD if b[1].startswith("published") and b[2] != "lender" and b[1] != "published_twice"]
    with pytest.raises(rl.InputError) as stop:
        rl.run(made(tmp_path, *lines))
    assert set(stop.value.findings.frame()["row"]) == set(range(2, len(lines) + 2))


def test_balances_are_those_of_the_funding_table_in_every_quarter() -> None:
    run = rl.run("demo")
    from relending.audit.published import Figure

    cells = [(f, q) for f in ("cerf", "clean_coal") for q in sorted(set(run.tables["funding"]["quarter"]))]
    figures = [
        Figure(
            lender="",
            facility=f,
            quarter=parse_quarter(q),
            on=int(quarter_end(parse_quarter(q))),
            horizon="quarter",
            code="total",
            measure="balance",
            published="0.00",
            unit="元",
            bound="exact",
            role="test",
            source="x",
            grade="",
            note="",
            file="",
            row=i,
            scale=100,
        )
        for i, (f, q) in enumerate(cells)
    ]
    got = compare("demo", figures, run.tables)
    funding = run.tables["funding"].groupby(["facility", "quarter"])["balance_fen"].sum()
    assert len(got) > 20
    for row in got.itertuples():
        assert Decimal(row.reproduced) * 100 == funding[row.facility, row.quarter], row.quarter
        end = to_date(int(quarter_end(parse_quarter(row.quarter))))
        assert end <= run.scenario.end


def test_published_csv_holds_numbers_as_numbers_and_hostile_text_as_text(tmp_path: Path) -> None:
    run = rl.run(made(tmp_path, ",cerf,2023Q2,quarter,total,balance,211,万元,,,=cmd|' /C calc'!A0,,@x"))
    run.save(tmp_path / "out")
    with (tmp_path / "out" / "published.csv").open(encoding="utf-8-sig", newline="") as file:
        row = next(csv.DictReader(file))
    assert (row["published"], row["reproduced"], row["difference"]) == ("211", "210", "-1")
    assert row["source"].startswith("'=") and row["note"] == "'@x"
    back = rl.open_run(tmp_path / "out").published
    assert back["source"].tolist() == ["=cmd|' /C calc'!A0"] and back.equals(run.published)
    assert verify(tmp_path / "out") == []


def test_a_run_without_published_figures_has_no_such_table(tmp_path: Path) -> None:
    run = rl.run("demo")
    assert "published" not in run.tables and len(run.published) == 0
    run.save(tmp_path / "out")
    assert not (tmp_path / "out" / "published.csv").exists()
    assert not list((tmp_path / "out" / "figures").glob("balances*"))
    assert len(rl.open_run(tmp_path / "out").published) == 0
    assert read_published(rl.load_scenario("demo")).figures == ()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_figures_are_shown_with_what_is_printed_and_what_differs(tmp_path: Path, lang: str) -> None:
    lines = [f"{cell},{bound},test,x,," for cell, bound, *_ in CASES]
    shown = show([rl.run(made(tmp_path, *lines)).tables["published"]], lang)
    assert len(shown.rows) == len(CASES) + 1 and len({len(row) for row in shown.rows}) == 1
    texts = {" | ".join(row) for row in shown.rows}
    unit = {"en": "10,000 yuan", "zh": "万元"}[lang]
    outcome = {"en": ("differs", "holds"), "zh": ("不一致", "成立")}[lang]
    assert f"icbc/cerf/2023Q2/year/total/amount | {unit} | 300.001 | 300.000 | -0.001 | {outcome[0]}" in texts
    assert f"cerf/2023Q2/quarter/total/balance | {unit} | > 209 | 210 | +1 | {outcome[1]}" in texts
    assert f"{len(CASES)}" in shown.notes[0] and len(shown.notes) == 2


def test_runs_held_against_the_same_figures_stand_side_by_side(tmp_path: Path) -> None:
    path = made(
        tmp_path, ",cerf,2024Q4,quarter,total,balance,211,万元,,,x,,", "icbc,cerf,2023Q2,,,amount,200,万元,,input,x,,"
    )
    both = [
        rl.run(rl.load_scenario(path, {"scenario.name": n, "facility.cerf.rollover_base": n}))
        for n in ("original", "outstanding")
    ]
    rows = show([run.tables["published"] for run in both], "en").rows
    assert rows[0] == ("figure", "unit", "published", "original ±", "outstanding ±", "")
    assert rows[1][2:] == ("211", "210 -1", "210 -1", "")
    assert rows[2][-1] == "input"


def test_the_codes_of_a_measure_are_those_of_the_disclosure_table() -> None:
    from relending.audit.published import cell_codes

    run: Any = rl.run("demo")
    cells = run.disclosure[run.disclosure["facility"] == "cerf"]
    assert set(cell_codes(facility("cerf"), "amount")) == set(cells["code"])
