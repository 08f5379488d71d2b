"""Synthetic books: the same for the same seed, plausible, exact, and the same loans whatever the file format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import relending as rl
from relending import dates, policy
from relending.book import read_book
from relending.book.synth import make_book, make_prepayments, profile
from relending.book.synth_defects import counted
from relending.book.synth_write import SynthError, write_book

LENDERS = {b["id"]: b["id"] for b in profile()["lenders"]}


@pytest.fixture(scope="module")
def book() -> pa.Table:
    return make_book(20_000, seed=11)


def days(table: pa.Table, name: str) -> np.ndarray:
    return table[name].combine_chunks().cast(pa.int32()).fill_null(-1).to_numpy().astype(np.int64)


def ppm(table: pa.Table) -> np.ndarray:
    return np.array([int(x.scaleb(6)) for x in table["rate"].to_pylist()], np.int64)


def test_a_seed_gives_the_same_book_and_another_seed_another(book: pa.Table) -> None:
    assert book.equals(make_book(20_000, seed=11))
    assert not book.equals(make_book(20_000, seed=12))


@pytest.mark.parametrize("loans", [1, 2, 7, 100])
def test_a_book_has_as_many_loans_as_asked_for(loans: int) -> None:
    made = make_book(loans, seed=3)
    assert made.num_rows == loans
    assert len(set(made["loan_id"].to_pylist())) == loans


@pytest.mark.parametrize(("loans", "defects"), [(0, 0.0), (10, 1.5), (10, -0.1)])
def test_an_impossible_request_is_refused(loans: int, defects: float) -> None:
    with pytest.raises(ValueError, match="expected"):
        make_book(loans, seed=1, defects=defects)


def test_dates_follow_each_other(book: pa.Table) -> None:
    disbursed, matures, grace = days(book, "disbursed"), days(book, "matures"), days(book, "grace_until")
    assert (np.diff(disbursed) >= 0).all()
    assert (matures > disbursed).all()
    given = grace >= 0
    assert given.any()
    assert ((grace > disbursed) & (grace < matures))[given].all()
    assert disbursed.max() <= dates.to_day(profile()["last"])


def test_rates_lie_near_the_lpr_of_the_day_and_few_above_the_limit(book: pa.Table) -> None:
    disbursed, matures = days(book, "disbursed"), days(book, "matures")
    lpr = policy.lpr()
    at = lpr.index(disbursed)
    short = matures <= dates.add_months(disbursed, 12)
    off = ppm(book) - np.where(short, np.asarray(lpr.lpr_1y_ppm)[at], np.asarray(lpr.lpr_5y_ppm)[at])
    assert (off >= -16_000).all()
    assert (off <= 13_000).all()
    above = int((off > 5_000).sum())
    assert 0 < above < 0.01 * book.num_rows


def test_projects_have_several_loans_and_few_are_lent_more_than_they_cost(book: pa.Table) -> None:
    by = book.group_by("project_id").aggregate([("principal", "sum"), ("project_investment", "max")])
    assert 1.8 < book.num_rows / by.num_rows < 2.6
    lent, cost = by["principal_sum"].to_pylist(), by["project_investment_max"].to_pylist()
    share = np.array([float(a / b) for a, b in zip(lent, cost, strict=True)])
    assert 0 < (share > 1).mean() < 0.01
    assert ((share <= 0.7501) | (share > 1)).all()


def test_wind_and_solar_dominate_and_a_tenth_is_clean_coal(book: pa.Table) -> None:
    counts = {str(v["values"]): v["counts"] for v in book["sector"].value_counts().to_pylist()}
    total = book.num_rows
    assert (counts["solar"] + counts["wind"]) / total > 0.6
    coal = sum(n for s, n in counts.items() if s in policy.sectors() and policy.sectors()[s].facility == "clean_coal")
    assert 0.07 < coal / total < 0.12


def test_every_technology_but_the_unlisted_ones_is_a_sector_of_the_policy_files() -> None:
    unknown = {t["sector"] for t in profile()["technology"]} - set(policy.sectors())
    assert unknown == {"核电", "水力发电"}


def test_defects_spoil_exactly_the_share_asked_for_and_each_kind_a_table_holds_occurs() -> None:
    clean, spoilt = make_book(5_000, seed=5), make_book(5_000, seed=5, defects=0.1)
    changed = np.zeros(5_000, bool)
    for name in clean.column_names:
        same = pc.fill_null(pc.equal(clean[name], spoilt[name]), False)
        both_empty = pc.and_(pc.is_null(clean[name]), pc.is_null(spoilt[name]))
        changed |= ~np.asarray(pc.or_(same, both_empty))
    counts = counted(5_000, 0.1, text=False)
    assert sum(counts.values()) == 500
    assert max(counts.values()) - min(counts.values()) <= 1
    # of two rows with one id only one is changed
    assert changed.sum() == 500 - counts["duplicate_id"] // 2
    assert pc.sum(pc.less(spoilt["principal"], 0)).as_py() == counts["negative_principal"]
    assert spoilt["principal"].null_count == counts["no_principal"]
    assert pc.sum(pc.greater(spoilt["rate"], 1)).as_py() == counts["bare_rate"]
    assert pc.sum(pc.less(spoilt["matures"], spoilt["disbursed"])).as_py() >= counts["matures_first"]
    assert pc.sum(pc.greater(spoilt["grace_until"], spoilt["matures"])).as_py() == counts["grace_late"]
    assert spoilt["loan_id"].null_count == counts["missing_id"]
    assert pc.count_distinct(spoilt["loan_id"]).as_py() < 5_000 - counts["missing_id"]
    assert pc.sum(pc.less(spoilt["project_reduction"], 0)).as_py() == counts["negative_reduction"]


def test_prepayments_fall_into_grace_and_never_exceed_the_loan(book: pa.Table) -> None:
    paid = make_prepayments(book, seed=11, share=0.05)
    assert paid.num_rows > 100
    of = {
        loan: (disbursed, grace, principal)
        for loan, disbursed, grace, principal in zip(
            *(book[c].to_pylist() for c in ("loan_id", "disbursed", "grace_until", "principal")), strict=True
        )
    }
    for loan, day, amount in zip(*(c.to_pylist() for c in paid.columns), strict=True):
        disbursed, grace, principal = of[loan]
        assert disbursed < day < grace
        assert 0 < amount <= principal


def test_prepayments_name_each_loan_once_even_where_ids_are_duplicated() -> None:
    spoilt = make_book(3_000, seed=2, defects=0.2)
    ids = make_prepayments(spoilt, seed=2, share=0.9)["loan_id"].to_pylist()
    assert len(ids) == len(set(ids)) > 0


def test_every_format_reads_back_as_the_same_loans(tmp_path: Path) -> None:
    frames = []
    for suffix in (".parquet", ".csv", ".xlsx"):
        out, _, _ = write_book(tmp_path / f"book{suffix[1:]}{suffix}", loans=300, seed=4)
        read = read_book(out, lenders=LENDERS)
        assert read.findings.count("error") == 0
        frames.append(read.loans.drop(columns=["file", "sheet", "row"]))
    assert frames[0].equals(frames[1])
    assert frames[0].equals(frames[2])


def test_the_same_request_writes_the_same_bytes(tmp_path: Path) -> None:
    for suffix in (".parquet", ".csv", ".xlsx"):
        one, two = tmp_path / "one", tmp_path / "two"
        one.mkdir(exist_ok=True)
        two.mkdir(exist_ok=True)
        files = [write_book(folder / f"b{suffix}", 50, 1, prepaid=0.5, overwrite=True) for folder in (one, two)]
        for a, b in zip(*files, strict=True):
            assert a.read_bytes() == b.read_bytes(), a.name


def test_files_that_are_there_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "book.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(SynthError, match=r"already there: book\.toml"):
        write_book(tmp_path / "book.csv", 10, 1)
    assert not (tmp_path / "book.csv").exists()
    assert (tmp_path / "book.toml").read_text(encoding="utf-8") == "mine"


def test_the_scenario_beside_the_book_runs_and_every_reason_occurs(tmp_path: Path) -> None:
    _, _, scenario = write_book(tmp_path / "book.parquet", loans=4_000, seed=9, prepaid=0.05)
    run = rl.run(rl.load_scenario(scenario))
    assert len(run.screening) == 4_000
    eligible = float(run.screening["eligible"].astype(bool).mean())
    assert 0.95 < eligible < 0.985
    reasons = {r for text in run.screening["reasons"].astype(str).unique() for r in text.split(";") if r}
    assert reasons >= {
        "data_error",
        "sector_not_listed",
        "lender_not_admitted",
        "outside_window",
        "rate_above_limit",
        "evidence_missing",
        "not_new",
    }


def test_a_big_book_is_one_of_small_loans(book: pa.Table) -> None:
    """Sizes shrink as loans grow in number, so that no quota binds just because a benchmark is large."""
    most = profile()["most_lent_wan"] * 10_000
    assert 0.9 * most < float(pc.sum(book["principal"]).as_py()) < 1.02 * most
    few = make_book(2_000, seed=11)
    assert float(pc.mean(few["principal"]).as_py()) > 1.5 * float(pc.mean(book["principal"]).as_py())
