"""Bad input: a clear message each, all at once, no traceback, nothing half-written; row errors set the loan aside."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from relending.cli import main
from relending.runfolder import open_run

HEADER = "loan_id,project_id,sector,principal,rate,disbursed,matures,project_investment,project_reduction,evidence"
GOOD = "G{n},PG{n},wind,1000000,0.03,2022-01-05,2030-01-05,5000000,100,eia"
SCENARIO = """
[scenario]
name = "s"
book = "book.csv"
{more}
lender = "icbc"
start = 2022-01-01
end = 2023-12-31
facilities = ["cerf"]
[market]
own_rate = 0.03
"""


def invoke(
    tmp: Path, rows: list[str], *args: str, header: str = HEADER, more: str = "", scenario: str = SCENARIO
) -> Result:
    (tmp / "book.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    (tmp / "s.toml").write_text(scenario.format(more=more), encoding="utf-8")
    return CliRunner().invoke(main, ["run", str(tmp / "s.toml"), "--out", str(tmp / "out"), *args])


def good(n: int = 1) -> str:
    return GOOD.format(n=n)


ROW_ERRORS = {
    "principal_not_positive": ("B1,P1,wind,-5,0.03,2022-01-05,2030-01-05,5000000,100,eia", "principal", "-5"),
    "finer_than_fen": ("B1,P1,wind,1000000.005,0.03,2022-01-05,2030-01-05,5000000,100,eia", "principal", "1000000.005"),
    "matures_before_disbursed": (
        "B1,P1,wind,1000000,0.03,2022-01-05,2021-01-05,5000000,100,eia",
        "matures",
        "2021-01-05",
    ),
    "rate_ambiguous": ("B1,P1,wind,1000000,4.35,2022-01-05,2030-01-05,5000000,100,eia", "rate", "4.35"),
    "share_over_one": ("B1,P1,wind,6000000,0.03,2022-01-05,2030-01-05,5000000,100,eia", "principal", "6,000,000.00"),
}


@pytest.mark.parametrize("code", ROW_ERRORS)
def test_a_row_error_sets_its_loan_aside_and_says_where(tmp_path: Path, code: str) -> None:
    row, column, found = ROW_ERRORS[code]
    done = invoke(tmp_path, [good(), row])
    assert done.exit_code == 0, done.output
    run = open_run(tmp_path / "out")
    f = run.findings.set_index("code").loc[code]
    assert (f["severity"], f["file"], f["row"], f["loan"], f["column"], f["found"]) == (
        "error",
        "book.csv",
        3,
        "B1",
        column,
        found,
    )
    assert f["expected"] and f["fix"] and f["fix_zh"] and f["message_zh"]
    states = run.attribution.set_index("loan_id")["state"]
    assert states["B1"] == "set_aside" and states["G1"] == "held"
    assert code in done.output and "set aside" in done.output


def test_every_row_of_a_duplicated_id_is_set_aside(tmp_path: Path) -> None:
    done = invoke(tmp_path, [good(1), good(2), good(1)])
    run = open_run(tmp_path / "out")
    assert done.exit_code == 0
    assert run.findings[run.findings["code"] == "duplicate_loan_id"]["row"].tolist() == [2, 4]
    assert run.attribution["state"].tolist() == ["set_aside", "held", "set_aside"]


def test_a_prepayment_above_what_is_outstanding(tmp_path: Path) -> None:
    (tmp_path / "pre.csv").write_text("loan_id,date,amount\nG1,2023-01-05,1000000.01\n", encoding="utf-8")
    done = invoke(tmp_path, [good(1), good(2)], more='prepayments = "pre.csv"')
    assert done.exit_code == 0, done.output
    run = open_run(tmp_path / "out")
    f = run.findings.set_index("code").loc["prepayment_over_outstanding"]
    assert (f["file"], f["row"], f["column"]) == ("pre.csv", 2, "amount"), "the prepayment's place, not the loan's"
    assert (f["loan"], f["found"], f["expected"]) == ("G1", "1,000,000.01 (2023-01-05)", "<= 1,000,000.00")
    assert run.attribution["state"].tolist() == ["set_aside", "held"]


def test_prepayments_that_cannot_be_are_each_said_once_and_set_their_loans_aside(tmp_path: Path) -> None:
    """Two of one day are one; of nothing; unreadable: every fault at its own row, and only its loan is set aside."""
    rows = ["G1,2023-01-05,600000", "G1,2023-01-05,500000", "G2,2023-01-05,0", "G3,soon,5", "G4,2023-01-05,400000"]
    (tmp_path / "pre.csv").write_text("\n".join(["loan_id,date,amount", *rows]) + "\n", encoding="utf-8")
    done = invoke(tmp_path, [good(n) for n in (1, 2, 3, 4)], more='prepayments = "pre.csv"')
    assert done.exit_code == 0, done.output
    run = open_run(tmp_path / "out")
    errors = run.findings[run.findings["severity"] == "error"]
    told = errors.set_index("loan")[["code", "row"]].to_dict("index")
    assert told["G1"] == {"code": "prepayment_over_outstanding", "row": 2}
    assert told["G2"] == {"code": "prepayment_not_positive", "row": 4}
    assert told["G3"]["row"] == 5 and len(errors) == 3
    assert run.attribution["state"].tolist() == ["set_aside", "set_aside", "set_aside", "held"]


def test_strict_stops_on_a_row_error_and_writes_nothing(tmp_path: Path) -> None:
    done = invoke(tmp_path, [good(), ROW_ERRORS["rate_ambiguous"][0]], "--strict")
    assert done.exit_code == 1
    assert "rate_ambiguous" in done.output
    assert not (tmp_path / "out").exists()


def stops(done: Result, tmp: Path, *words: str) -> None:
    assert done.exit_code == 1, done.output
    assert "Traceback" not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    for word in words:
        assert word in done.output
    assert not (tmp / "out").exists()
    assert [p.name for p in tmp.iterdir() if p.name.startswith(".relending")] == []


def test_missing_columns_are_all_named(tmp_path: Path) -> None:
    header = "loan_id,project_id,sector,合同金额,rate,disbursed"
    done = invoke(tmp_path, ["A,P,wind,5,0.03,2022-01-05"], header=header)
    stops(done, tmp_path, "book.csv", "principal", "matures", "合同金额")


def test_an_unreadable_book(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(b"PK\x03\x04 this is no workbook")
    done = invoke(tmp_path, [good()], scenario=SCENARIO.replace("book.csv", "x.xlsx"))
    stops(done, tmp_path, "x.xlsx")


def test_an_empty_book(tmp_path: Path) -> None:
    stops(invoke(tmp_path, []), tmp_path, "book.csv")


def test_a_book_without_a_usable_loan(tmp_path: Path) -> None:
    done = invoke(tmp_path, [ROW_ERRORS["rate_ambiguous"][0]])
    stops(done, tmp_path, "no_usable_loan", "rate_ambiguous")


def test_a_prepayment_of_an_unknown_loan(tmp_path: Path) -> None:
    (tmp_path / "pre.csv").write_text("loan_id,date,amount\nNOBODY,2023-01-05,1\nG1,2023-01-05,1\n", encoding="utf-8")
    done = invoke(tmp_path, [good()], more='prepayments = "pre.csv"')
    stops(done, tmp_path, "unknown_prepayment_loan", "NOBODY", "pre.csv", "row 2")


def test_unknown_keys_and_wrong_types_all_at_once_with_the_nearest_name(tmp_path: Path) -> None:
    text = SCENARIO.replace('lender = "icbc"', 'lendr = "icbc"').replace("own_rate = 0.03", "own_rate = true")
    text += "[facility.cerf]\nratoi = 0.5\nratio = 7\n"
    done = invoke(tmp_path, [good()], scenario=text)
    stops(done, tmp_path, "scenario.lendr", "lender", "market.own_rate", "facility.cerf.ratoi", "ratio", "7")


def test_chinese_messages(tmp_path: Path) -> None:
    done = invoke(tmp_path, [good(), ROW_ERRORS["rate_ambiguous"][0]], "--lang", "zh")
    assert done.exit_code == 0
    assert "暂不计入" in done.output and "错误 rate_ambiguous" in done.output and "处理：" in done.output


def test_hostile_texts_stay_text(tmp_path: Path) -> None:
    """A formula in a cell does not reach a spreadsheet as one, and reads back as it was."""
    row = good().replace("G1,PG1", '=1+1,"@SUM(A1)"')
    done = invoke(tmp_path, [row])
    assert done.exit_code == 0, done.output
    raw = (tmp_path / "out" / "loans.csv").read_text(encoding="utf-8-sig").splitlines()[1]
    assert raw.startswith("'=1+1,") and "'@SUM(A1)" in raw
    assert open_run(tmp_path / "out").loans["loan_id"].tolist() == ["=1+1"]


def test_an_unknown_scenario_names_the_nearest(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["run", "demmo", "--out", str(tmp_path / "out")])
    stops(done, tmp_path, "demo")


def test_a_broken_invariant_is_exit_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from relending.engine import quotas

    monkeypatch.setattr(quotas, "ration", lambda asking, available, method: [a.amount.copy() for a in asking])
    monkeypatch.setattr(quotas.Quotas, "_available", lambda self, day, pool: 1)
    done = invoke(tmp_path, [good()])
    assert done.exit_code == 3
    assert "cerf/2022-03-31" in done.output
    assert not (tmp_path / "out").exists()


def test_findings_file_is_never_capped(tmp_path: Path) -> None:
    rows = [good(n) for n in range(50)] + [
        f"B{n},P{n},wind,-5,0.03,2022-01-05,2030-01-05,5000000,100,eia" for n in range(500)
    ]
    done = invoke(tmp_path, rows)
    assert "500 × error principal_not_positive: " in done.output
    table = pd.read_csv(tmp_path / "out" / "findings.csv", encoding="utf-8-sig")
    assert (table["code"] == "principal_not_positive").sum() == 500
