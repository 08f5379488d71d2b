"""Amounts whose unit was most likely forgotten, and the cells a refused loan lacks: told by loan, and nothing moves."""

from __future__ import annotations

from dataclasses import fields

import pandas as pd
import pytest

from relending.engine import pipeline
from relending.engine import prepare as prepare_module
from relending.engine.prepare import prepare
from relending.findings import Findings
from relending.policy.plausibility import small
from tests.plausibility.book import CODES, WAN, T, context, frames, loan
from tests.plausibility.test_warnings_only import tables_of

LEAST = small().principal_fen
AMOUNTS = {"principal_small", "share_low", "evidence_incomplete"}


def told(loans, cut=0):
    found = Findings.concat(prepare(frames(loans, cut), {}, context()).findings).frame()
    return [r for r in found.itertuples(index=False) if r.code in CODES | AMOUNTS]


def said(loans):
    return [(r.code, r.loan) for r in told(loans)]


@pytest.mark.parametrize(("fen", "warned"), [(LEAST - 1, True), (LEAST, False)])
def test_a_loan_below_ten_thousand_yuan_is_told_and_one_of_just_that_is_not(fen, warned):
    found = [r for r in told([loan(principal_fen=fen, project_investment_fen=fen * 2)]) if r.code == "principal_small"]
    assert [(r.loan, r.column) for r in found] == ([("L1", "principal")] if warned else [])
    if warned:
        assert found[0].found == "9,999.99 CNY" and "万元" in found[0].expected


@pytest.mark.parametrize(("fen", "warned"), [(4 * WAN - 1, True), (4 * WAN, False)])
def test_lending_below_a_thousandth_of_the_investment_is_told_once_a_project(fen, warned):
    # 4,000 x 10,000 yuan of investment; two loans of the project count together
    found = told([loan(principal_fen=fen - WAN), loan(principal_fen=WAN)])
    assert [(r.code, r.loan) for r in found] == ([("share_low", "L1")] if warned else [])
    if warned:
        assert (
            found[0].found == "39,999.99 / 40,000,000.00 = 0.001000"
            and found[0].expected == ">= 1/1,000; principal x 1000: 千元 -> 元?"
        )


@pytest.mark.parametrize(("fen", "factor"), [(4000 * WAN // 10_000, 10_000), (4000 * WAN // 10_000 + 1, 1000)])
def test_the_slip_named_is_the_largest_that_keeps_the_loans_within_the_investment(fen, factor):
    (finding,) = [r for r in told([loan(principal_fen=fen)]) if r.code == "share_low"]
    assert finding.expected.startswith(f">= 1/1,000; principal x {factor}: ")
    assert (
        "share_over_one"
        not in Findings.concat(prepare(frames([loan(principal_fen=fen * factor)]), {}, context()).findings).codes()
    )


@pytest.mark.parametrize(("fen", "warned"), [(1000, True), (1001, False)])
def test_a_thousandth_that_is_no_whole_fen_is_not_rounded_away(fen, warned):
    # a thousandth of 1,000,001 fen is 1,000.001 fen: 1,000 are below it
    codes = [
        code
        for code, _ in said(
            [
                loan(
                    principal_fen=fen,
                    project_investment_fen=1_000_001,
                    capacity_kw=None,
                    project_reduction_g=240 * 10**4,
                    output_kwh=3000,
                )
            ]
        )
    ]
    assert ("share_low" in codes) == warned


def test_of_a_project_with_a_slip_told_the_low_share_is_not_told_too():
    # a loan of 10,000 yuan in a plant of 40 m yuan; its capacity is a thousand times too small
    assert said([loan(principal_fen=WAN)]) == [("share_low", "L1")]
    assert said([loan(principal_fen=WAN, capacity_kw=10)]) == [("unit_slip_suspected", "L1")]


def test_the_first_suggestion_followed_does_not_end_in_a_clean_book():
    """万元 typed under 元, a plant of 400 m yuan lent 120 m: with the investment alone put right, the share speaks."""
    typed = loan(
        principal_fen=12_000 * 100,
        project_investment_fen=40_000 * 100,
        project_reduction_g=96_000 * T,
        output_kwh=None,
        capacity_kw=None,
    )
    (finding,) = told([typed])
    assert finding.column == "project_investment" and finding.expected.startswith("project_investment x 10000: ")
    half_right = {**typed, "project_investment_fen": 40_000 * WAN}
    assert said([half_right]) == [("share_low", "L1")]
    assert said([{**half_right, "principal_fen": 12_000 * WAN}]) == []


@pytest.mark.parametrize("cut", [1, 2])
def test_amounts_are_told_alike_however_blocks_are_cut(cut):
    some = [loan(project_id=f"P{i % 2}", principal_fen=fen) for i, fen in enumerate([WAN - 1, 5, WAN, 5, 7])]
    assert told(some, cut) == told(some)
    assert sum(r.code == "principal_small" for r in told(some)) == 4


def test_a_whole_book_in_ten_thousand_yuan_read_as_yuan_does_not_pass_in_silence():
    shrunk = [
        loan(project_id=f"P{i}", principal_fen=100 * WAN // 10**4, project_investment_fen=4000 * WAN // 10**4)
        for i in range(3)
    ]
    codes = {code for code, _ in said(shrunk)}
    assert codes == {"principal_small", "unit_slip_suspected"}


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_loan_refused_for_want_of_evidence_names_its_empty_cells(cut):
    loans = [
        loan(),
        loan(project_id="P2", project_reduction_g=None, evidence=None),
        loan(project_id="P3", evidence=None),
    ]
    found = [r for r in told(loans, cut) if r.code == "evidence_incomplete"]
    assert [(r.loan, r.column, r.expected) for r in found] == [
        ("L2", "project_reduction", "project_reduction 项目年度碳减排量; evidence 碳减排量测算依据"),
        ("L3", "evidence", "evidence 碳减排量测算依据"),
    ]


def test_a_planned_loan_has_no_cells_to_fill_and_no_amount_of_its_own():
    odd = frames([loan(project_investment_fen=None, principal_fen=1), loan(project_id="P2")])
    planned = [f.assign(planned=pd.array([True, False], "boolean[pyarrow]")) for f in odd]
    prepared = prepare(planned, {}, context())
    assert prepared.works[0].screened.eligible.tolist() == [False, True]
    assert not AMOUNTS & set(Findings.concat(prepared.findings).codes())


def test_warnings_only_no_table_moves(monkeypatch):
    odd = [loan(principal_fen=1), loan(project_id="P2", principal_fen=WAN), loan(project_id="P3", evidence=None)]
    with_warnings = tables_of(odd)
    assert set(with_warnings.findings.codes()) >= AMOUNTS
    for name in ("project_findings", "small_findings", "evidence_findings"):
        monkeypatch.setattr(prepare_module, name, lambda *given: Findings())
    without = tables_of(odd)
    assert not AMOUNTS & set(without.findings.codes())
    for field in fields(pipeline.Tables):
        one, two = getattr(with_warnings, field.name), getattr(without, field.name)
        if one is None:
            assert two is None  # a table that this run has not
        elif field.name != "findings":
            pd.testing.assert_frame_equal(one, two)
