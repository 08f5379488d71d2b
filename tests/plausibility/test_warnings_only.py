"""Warnings and nothing more: the same whatever the blocks, none for a clean book, no table changed."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields, replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relending.engine import prepare as prepare_module
from relending.engine.pipeline import Tables, run_blocks
from relending.findings import Findings
from relending.policy import Dated, DatedValue
from tests.plausibility.book import context, findings, frames, loan, said

ODD = st.fixed_dictionaries(
    {},
    optional={
        "project_id": st.sampled_from(["P1", "P2", "P3"]),
        "project_code": st.sampled_from(["C1", "C2", None]),
        "project_name": st.sampled_from(["n", "Ｎ", "m", None]),
        "borrower": st.sampled_from(["b", "c", None]),
        "sector": st.sampled_from(["solar", "wind", "pumped_storage", "ccus", "coal_mining", "none"]),
        "project_reduction_g": st.sampled_from([0, None, 96 * 10**8, 96 * 10**12, 12 * 10**9]),
        "project_investment_fen": st.sampled_from([None, 4 * 10**9, 4 * 10**13, 3 * 10**9]),
        "output_kwh": st.sampled_from([None, 12 * 10**6, 12 * 10**9, 10**8, 0]),
        "capacity_kw": st.sampled_from([None, 10**4, 10, 10**7]),
        "principal_fen": st.sampled_from([10**8, 2 * 10**9]),
        "rate_ppm": st.sampled_from([10_000, 38_000]),
        "issue_type": st.sampled_from(["new", "refinanced"]),
        "data_error": st.booleans(),
    },
)


@given(st.lists(ODD, max_size=12), st.integers(1, 7))
def test_findings_do_not_depend_on_how_blocks_are_cut(odd: list[dict[str, Any]], cut: int) -> None:
    some = [*(loan(**change) for change in odd), loan(project_id="last")]
    pd.testing.assert_frame_equal(findings(some, cut).frame(), findings(some).frame())


@given(st.integers(1, 30))
def test_a_clean_book_has_none(projects: int) -> None:
    some = [
        loan(project_id=f"P{i}", project_code=f"C{i}", project_name=f"roof {i}", borrower="B", principal_fen=10**8 + n)
        for i in range(projects)
        for n in range(2)
    ]
    assert said(some) == []


def tables_of(loans: list[dict[str, Any]]) -> Tables:
    own = DatedValue(dt.date(2020, 1, 1), 25_000, "test", "assumption", None)
    return run_blocks(frames(loans), {}, replace(context(), own_rate={"": Dated("own_rate", (own,))}))


def test_no_table_and_no_eligibility_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = [
        loan(project_id="slip", project_investment_fen=4 * 10**13),
        loan(project_id="cheap", rate_ppm=10_000, principal_fen=34 * 10**8),
        loan(project_id="two", project_code="C"),
        loan(project_id="three", project_code="C", sector="wind"),
        loan(project_id="none", output_kwh=10**12, project_reduction_g=10),
    ]
    with_warnings = tables_of(odd)
    assert len(with_warnings.findings) >= 6
    assert with_warnings.screening["eligible"].all()
    for name in ("project_findings", "rate_findings", "double_findings"):
        monkeypatch.setattr(prepare_module, name, lambda *given: Findings())
    without = tables_of(odd)
    assert len(without.findings) == 0
    for field in fields(Tables):
        one, two = getattr(with_warnings, field.name), getattr(without, field.name)
        if one is None:
            assert two is None  # a table that this run has not
        elif field.name != "findings":
            pd.testing.assert_frame_equal(one, two)


def test_a_row_of_a_lending_plan_is_spoken_of_once_however_many_loans_it_stands_for() -> None:
    odd = [
        loan(project_id=f"plan-{row}-{n}", row=row, project_reduction_g=11_600 * 10**6, rate_ppm=10_000)
        for row in (2, 3)
        for n in range(3)
    ]
    for cut in (0, 1, 2):
        blocks = [f.assign(planned=pd.array([True] * len(f), "boolean[pyarrow]")) for f in frames(odd, cut)]
        codes = Findings.concat(prepare_module.prepare(blocks, {}, context()).findings).codes()
        assert codes == {"tonnes_per_mwh_unusual": 2, "rate_below_facility": 2}
