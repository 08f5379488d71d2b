"""The steps called one by one give what a run gives, and refuse what would give something else."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import relending as rl
from relending.engine.context import Context


@pytest.fixture(scope="module")
def demo() -> tuple[rl.Run, Context, rl.Book]:
    scenario = rl.load_scenario("demo")
    # as a notebook would: no lenders handed over, the context knows the scenario's own banks
    return rl.run(scenario), scenario.context(), rl.read_book(scenario.book)


def test_the_steps_give_the_tables_of_the_run(demo: tuple[rl.Run, Context, rl.Book]) -> None:
    run, context, book = demo
    screening = rl.screen(book.loans, context, book.prepayments)
    funded = rl.fund(book.loans, screening, context, book.prepayments)
    attribution = rl.attribute(funded, context)
    for name, table in (
        ("screening", screening),
        ("draws", funded.draws),
        ("ledger", funded.ledger),
        ("funding", funded.funding),
        ("attribution", attribution),
        ("disclosure", rl.disclose(attribution, context)),
        ("cost", rl.cost(funded, context)),
    ):
        pd.testing.assert_frame_equal(table, run.tables[name], obj=name)


def test_schedule_is_what_the_draws_rest_on(demo: tuple[rl.Run, Context, rl.Book]) -> None:
    _, context, book = demo
    owed = rl.schedule(book.loans, [dt.date(2022, 6, 30), dt.date(2024, 6, 30)], context, book.prepayments)
    at = owed[owed["loan_id"] == "SF2022062101"]["outstanding_fen"].tolist()
    assert at == [840_000_000_00, 802_388_059_71]  # the figures of docs/one_loan.md


def test_a_set_aside_loan_is_never_funded(demo: tuple[rl.Run, Context, rl.Book]) -> None:
    _, context, book = demo
    screening = rl.screen(book.loans, context, book.prepayments)
    wrong = (screening["reasons"] == "data_error").to_numpy(dtype=bool)
    screening.loc[wrong, "facility"] = "cerf"
    screening["eligible"] = pd.array([True] * len(screening), pd.ArrowDtype(pa.bool_()))
    screening["facility"] = screening["facility"].replace("", "cerf")
    draws = rl.fund(book.loans, screening, context, book.prepayments).draws
    assert not set(draws["loan_id"]) & set(screening.loc[wrong, "loan_id"])


def test_screening_of_other_rows_is_refused(demo: tuple[rl.Run, Context, rl.Book]) -> None:
    _, context, book = demo
    screening = rl.screen(book.loans, context, book.prepayments)
    for other in (screening.iloc[::-1], screening.iloc[1:]):
        with pytest.raises(ValueError, match="the rows of loans, in their order"):
            rl.fund(book.loans, other.reset_index(drop=True), context)
    with pytest.raises(ValueError, match="not a facility"):
        rl.fund(book.loans, screening.assign(facility="cref"), context)
    with pytest.raises(ValueError, match="balloon"):
        rl.screen(book.loans.assign(repayment="balloon"), context)
    with pytest.raises(ValueError, match="columns missing"):
        rl.screen(book.loans.drop(columns=["rate_ppm"]), context)


def test_disclose_refuses_a_basis_it_does_not_have(demo: tuple[rl.Run, Context, rl.Book]) -> None:
    run, context, _ = demo
    with pytest.raises(ValueError, match="rate at issue"):
        rl.disclose(run.tables["attribution"], dataclasses.replace(context, rate_basis="current"))


def test_a_lender_of_set_aside_loans_alone_needs_no_own_rate(tmp_path: Path) -> None:

    (tmp_path / "b.csv").write_text(
        "loan_id,lender,project_id,sector,principal,rate,disbursed,matures,project_investment,project_reduction,evidence\n"
        "A,icbc,P,wind,1000000,0.03,2022-01-05,2030-01-05,5000000,100,eia\n"
        "B,nobank,Q,wind,-1,0.03,2022-01-05,2030-01-05,5000000,100,eia\n",
        encoding="utf-8",
    )
    (tmp_path / "s.toml").write_text(
        '[scenario]\nbook = "b.csv"\nlender = "icbc"\nstart = 2022-01-01\nend = 2022-12-31\nfacilities = ["cerf"]\n'
        "[lenders.icbc]\nown_rate = 0.03\n",
        encoding="utf-8",
    )
    run = rl.run(tmp_path / "s.toml")
    assert run.cost["lender"].unique().tolist() == ["icbc", "nobank"], "every lender in the book has its rows"
    assert run.cost[run.cost["lender"] == "nobank"]["own_rate"].isna().all()
