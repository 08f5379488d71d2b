"""Scenarios that look ahead leave the past as it was, or it is said that they do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import relending as rl
from relending.study import compare_runs
from relending.study.history import BALANCE, differs_before, last_real_quarter
from relending.study.panel import Panel
from tests.study.shared import write

UNDATED = "[facility.cerf]\nratio = 0.4"
DATED = "[facility.cerf]\nratio = [{ from = 2021-11-08, value = 0.6 }, { from = 2022-10-01, value = 0.4 }]"
PLANNED = 'book = "book.csv"\nplan = "plan.csv"'


def of(balances: dict[tuple[str, str], int]) -> Panel:
    keys = tuple((quarter, lender, "cerf") for quarter, lender in balances)
    values: Any = np.array(list(balances.values()), dtype=np.int64)
    return Panel(keys, {BALANCE: values}, {BALANCE: np.ones(len(keys), bool)})


def test_the_first_quarter_that_differs_and_both_balances_of_all_lenders() -> None:
    base = of({("2026Q1", "a"): 5, ("2026Q1", "b"): 7, ("2026Q2", "a"): 5, ("2026Q2", "b"): 8})
    other = of({("2026Q1", "a"): 5, ("2026Q1", "b"): 7, ("2026Q2", "b"): 9, ("2026Q2", "a"): 5})
    assert differs_before(base, other, "2026Q2") == ("2026Q2", 13, 14)
    assert differs_before(base, other, "2026Q1") is None and differs_before(base, base, "2030Q4") is None


def test_what_one_lender_gains_and_another_loses_is_a_difference_too() -> None:
    base, other = of({("2026Q1", "a"): 5, ("2026Q1", "b"): 7}), of({("2026Q1", "a"): 6, ("2026Q1", "b"): 6})
    assert differs_before(base, other, "2026Q1") == ("2026Q1", 5, 6)


def test_planned_loans_and_loans_without_a_date_are_no_past() -> None:
    days = pd.array([None, pd.Timestamp("2026-06-29"), pd.Timestamp("2027-01-04")], dtype=pd.ArrowDtype(pa.date32()))
    assert last_real_quarter(pd.DataFrame({"disbursed": days, "planned": [False, False, True]})) == "2026Q2"
    assert last_real_quarter(pd.DataFrame({"disbursed": days, "planned": [True] * 3})) is None


@pytest.mark.parametrize(("more", "codes"), [(UNDATED, ["history_differs"]), (DATED, [])])
def test_a_rule_without_dates_is_warned_of_and_a_dated_one_is_not(tmp_path: Path, more: str, codes: list[str]) -> None:
    some = [rl.run(write(tmp_path, "a", files=PLANNED)), rl.run(write(tmp_path, "b", files=PLANNED, more=more))]
    found = compare_runs(some, measures=["drawn"], with_causes=False)
    assert list(found.findings.codes()) == codes and found.differences["absolute"].any()
    if codes:  # 60 % and 40 % of the ten million and the twenty of 2022Q1
        row = found.findings.frame().iloc[0]
        assert (row["file"], row["found"]) == ("b", "2022Q1: 12,002,000.00")
        assert row["expected"] == "a 2022Q1: 18,003,000.00"


def test_the_shipped_outlook_leaves_the_past_alone() -> None:
    some = [rl.run(f"outlook/{name}") for name in ("baseline", "rates-fall", "rebased")]
    assert not compare_runs(some, measures=["drawn"], with_causes=False).findings
