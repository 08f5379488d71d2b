"""Amounts whose unit was most likely forgotten, and the cells a refused loan lacks: told by loan, and nothing moves."""

from __future__ import annotations

import pytest

from relending.engine.pipeline import prepare
from relending.findings import Findings
from relending.policy.plausibility import small
from tests.plausibility.book import CODES, WAN, context, frames, loan

LEAST = small().principal_fen
AMOUNTS = {"principal_small", "share_low", "evidence_incomplete"}


def told(loans, cut=0):
    found = Findings.concat(prepare(frames(loans, cut), None, context()).findings).frame()
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
        assert found[0].found == "39,999.99 / 40,000,000.00 = 0.001000" and "principal x 10000" in found[0].expected


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
        ("L2", "project_reduction", "project_reduction; evidence"),
        ("L3", "evidence", "evidence"),
    ]
