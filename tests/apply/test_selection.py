"""Which loans are applied for and which are not, with every reason; the two together are all loans of the period."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relending.dates import parse_quarter
from relending.findings import InputError
from relending.lineage.applying import ApplicationList, apply_list, lenders_of
from relending.runfolder import OpenedRun, run
from tests.apply.conftest import BOOK, row, saved

Q2 = parse_quarter("2024Q2")


def asked(found: ApplicationList) -> dict[str, int]:
    return dict(zip(found.listed["loan_id"], found.listed["asked_fen"], strict=True))


def reasons(found: ApplicationList) -> dict[str, list[str]]:
    kinds = [[one.kind for one in some] for some in found.reasons]
    return dict(zip(found.others["loan_id"], kinds, strict=True))


def test_every_loan_of_the_quarter_is_on_one_of_the_two_sheets(simulated: OpenedRun) -> None:
    found = apply_list(simulated, Q2, "icbc", "cerf")
    # 60 % of the amount, down to the fen; by field, then day
    assert asked(found) == {"0001": 60_000_000, "0002": 120_000_000, "0003": 19_999_999}
    assert list(found.listed["loan_id"]) == ["0001", "0002", "0003"]
    assert reasons(found) == {
        "DEAR": ["rate_above_limit"],
        "NOEV": ["rate_above_limit", "evidence_missing"],
        "COAL": ["other_facility"],
        "NONE": ["sector_not_listed"],
        "BACK": ["repaid"],
        "LOST": ["ineligible"],
        "OVER": ["set_aside"],
    }
    over = dict(zip(found.others["loan_id"], found.reasons, strict=True))["OVER"][0]
    assert [code for code, _ in over.names["errors"]] == ["share_over_one"]
    assert found.nowhere == 1 and found.whole.loans == 10


def test_asked_is_what_the_run_drew(simulated: OpenedRun) -> None:
    drawn = simulated.tables["draws"].set_index("loan_id")["drawn_fen"]
    for lender in ("icbc", "boc", "abc"):
        for loan, fen in asked(apply_list(simulated, Q2, lender, "cerf")).items():
            assert drawn[loan] == fen


def test_three_banks_have_three_lists_and_nothing_twice(simulated: OpenedRun) -> None:
    assert lenders_of(simulated) == ["abc", "boc", "icbc"]
    lists = [apply_list(simulated, Q2, lender, "cerf") for lender in lenders_of(simulated)]
    seen = [loan for one in lists for frame in (one.listed, one.others) for loan in frame["loan_id"]]
    attribution = simulated.tables["attribution"]
    days = attribution["disbursed"].astype("string")
    assert sorted(seen) == sorted(attribution["loan_id"][(days >= "2024-04-01") & (days <= "2024-06-30")])


def test_a_monthly_facility_is_applied_for_by_month() -> None:
    done = run("demo")
    found = apply_list(done, -(2021 * 12 + 11), "demo", "clean_coal")
    # loans from the launch on; of the month of the launch were none
    assert found.text == "2021-12" and len(found.listed) == 1
    assert {str(d)[:7] for d in found.others["disbursed"]} <= {"2021-12"}
    with pytest.raises(InputError, match="apply_period_kind"):
        apply_list(done, parse_quarter("2021Q4"), "demo", "clean_coal")
    with pytest.raises(InputError, match="apply_period_kind"):
        apply_list(done, -(2021 * 12 + 11), "demo", "cerf")


@pytest.mark.parametrize("period", ["2023Q4", "2025Q1"])
def test_a_quarter_outside_the_run_is_none(simulated: OpenedRun, period: str) -> None:
    with pytest.raises(InputError, match=r"apply_period_outside.*2024Q1 – 2024Q4"):
        apply_list(simulated, parse_quarter(period), "icbc", "cerf")


def test_what_the_record_has_is_not_applied_for_again(recorded: OpenedRun) -> None:
    found = apply_list(recorded, Q2, "icbc", "cerf")
    assert asked(found) == {"0001": 60_000_000, "0002": 120_000_000}
    said = reasons(found)
    assert said["0003"] == ["applied"]
    # of an earlier quarter: refused and withdrawn ones are shown, a funded one is not of this quarter
    assert said["OLD1"] == ["refused"] and said["OLD2"] == ["withdrawn"] and "OLD3" not in said
    assert said["OLD4"] == ["refused", "repaid"]
    assert (found.whole.loans, found.before.loans) == (10, 3)
    first = apply_list(recorded, parse_quarter("2024Q1"), "icbc", "cerf")
    assert {k: v[0] for k, v in reasons(first).items()} == {
        "OLD1": "refused",
        "OLD2": "withdrawn",
        "OLD3": "funded",
        "OLD4": "refused",
    }


def test_again_puts_refused_and_withdrawn_loans_on_the_list(recorded: OpenedRun) -> None:
    found = apply_list(recorded, Q2, "icbc", "cerf", again=True)
    assert asked(found) == {"OLD1": 30_000_000, "OLD2": 36_000_000, "0001": 60_000_000, "0002": 120_000_000}
    # repaid before the draw day of this quarter, though not before that of its own
    assert reasons(found)["OLD4"] == ["repaid"]
    assert found.before.loans == 3 and int(found.listed["earlier"].sum()) == 2
    # in its own quarter a refused loan has its row: it is not asked for twice
    first = apply_list(recorded, parse_quarter("2024Q1"), "icbc", "cerf", again=True)
    assert not len(first.listed)


def test_a_loan_repaid_by_the_one_that_replaces_it_is_not_applied_for(tmp_path: Path) -> None:
    lines = (
        row("A", "2024-04-10"),
        # of no facility; of another bank; set aside, but not for its own row; set aside for its own row
        row("B", "2024-05-10", refinances="A", sector="hotel"),
        row("C", "2024-04-11"),
        row("D", "2024-05-11", refinances="C", lender="boc"),
        row("E", "2024-04-12"),
        row("F", "2024-05-12", refinances="E"),
        row("G", "2024-04-12"),
        row("H", "2024-05-12", refinances="G", matures="2024-01-01"),
    )
    opened = saved(tmp_path, lines, prepaid="loan_id,date,amount\nF,2025-01-05,9000000\n")
    found = apply_list(opened, Q2, "icbc", "cerf")
    states = opened.tables["attribution"].set_index("loan_id")["state"]
    repaid = {loan for loan, state in states.items() if state == "repaid_before_draw"}
    assert {loan for loan, why in reasons(found).items() if "repaid" in why} == repaid
    assert repaid == {"A", "C", "E"} and set(asked(found)) == {"G"}
    assert reasons(found)["F"] == ["set_aside"] and reasons(found)["H"] == ["set_aside"]


def test_a_planned_loan_is_not_applied_for(tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_text(
        "quarter,sector,amount,rate,spread_bp,months,repayment,loans,reduction_per_10k,investment_share\n"
        "2024Q2,wind,3000000,,0,120,equal_principal,3,2.5,0.5\n",
        encoding="utf-8",
    )
    (tmp_path / "s.toml").write_text(
        '[scenario]\nplan = "plan.csv"\nlender = "icbc"\nstart = 2024-01-01\nend = 2024-12-31\nfacilities = ["cerf"]\n'
        "[market]\nown_rate = 0.02\n",
        encoding="utf-8",
    )
    found = apply_list(run(tmp_path / "s.toml"), Q2, "icbc", "cerf")
    assert not len(found.listed) and {why[0] for why in reasons(found).values()} == {"planned"}


@settings(max_examples=20)
@given(data=st.data())
def test_the_two_sheets_are_all_loans_whatever_became_of_them(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any record over the loans: each loan of the quarter is on one sheet, and each listed one may be asked for."""
    names = [line.split(",")[0] for line in BOOK if line.split(",")[0] not in ("BADD", "OVER")]
    status = st.sampled_from(["applied", "refused", "withdrawn", "funded"])
    period = st.sampled_from(["2024Q1", "2024Q2", "2024Q3"])
    rows = data.draw(st.lists(st.tuples(st.sampled_from(names), period, status), max_size=8, unique_by=lambda t: t[:2]))
    money = {"funded": "1,2024-09-30,1"}
    lines = [f"{loan},{p},{s},{money.get(s, ',,')}" for loan, p, s in rows]
    record = "\n".join(["loan_id,period,status,applied_amount,funded_on,funded_amount", *lines]) + "\n"
    opened = saved(tmp_path_factory.mktemp("any"), record=record if rows else "")
    again = data.draw(st.booleans())
    found = apply_list(opened, Q2, "icbc", "cerf", again=again)
    both = [*found.listed["loan_id"], *found.others["loan_id"]]
    assert len(both) == len(set(both)) == found.whole.loans + found.before.loans
    taken = {loan for loan, p, s in rows if s in ("applied", "funded") or p == "2024Q2"}
    assert not taken & set(found.listed["loan_id"])
    eligible = opened.tables["screening"].set_index("loan_id")["eligible"]
    assert all(eligible[loan] for loan in found.listed["loan_id"])
    if not again:
        assert not found.listed["earlier"].any()
