"""Defects by name: so many rows as asked for, each with the finding it promises and no other error."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relending.book.synth import make_book, plan
from relending.book.synth_defects import SynthError, counted, defects
from relending.book.synth_write import write
from relending.engine.check import check_book
from relending.findings import messages
from relending.scenario import load_scenario
from relending.scenario.inputs import read_loans

LOANS = 600
NAMES = list(defects())
TYPED = [d.name for d in defects().values() if not d.text]


def said(scenario: Path) -> tuple[Counter[str], Counter[str]]:
    """Findings by code, but for mere notes, and loans by reason of the screening: of a book as `check` sees it."""
    loaded = load_scenario(scenario)
    read = read_loans(loaded)
    checked = check_book(read, loaded.context())
    codes = Counter((loaded.findings + read.findings + checked.findings).codes())
    known, promised = messages(), {d.code for d in defects().values()}
    skipped = {"policy_not_checked"}  # about the scenario's horizon, not the book
    found = Counter(
        {c: n for c, n in codes.items() if c in promised or (known[c].severity != "note" and c not in skipped)}
    )
    return found, Counter({reason: loans for reason, (loans, _) in checked.reasons.items()})


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".xlsx"])
def test_a_sound_book_has_no_error_and_no_warning(tmp_path: Path, suffix: str) -> None:
    found, reasons = said(write(tmp_path / f"b{suffix}", LOANS, 3, sound=True).scenario)
    assert found == {}
    assert set(reasons) <= {"lender_not_admitted"}  # of banks the list knows not yet


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["csv", "parquet", "bank"])
def test_a_defect_gives_just_the_finding_it_promises(tmp_path: Path, name: str, kind: str) -> None:
    if kind == "parquet" and name not in TYPED:
        pytest.skip("a typed column cannot hold it")
    out = tmp_path / ("b.parquet" if kind == "parquet" else "b.csv")
    style = "bank" if kind == "bank" else "plain"
    done = write(out, LOANS, 3, named={name: Decimal("2.5")}, sound=True, style=style, prepaid=0.1)
    defect = defects()[name]
    assert done.rows == {name: 15}
    found, reasons = said(done.scenario)
    if kind == "bank":  # the total a bank's table ends with; where amounts are spoilt it is not their sum
        found["total_row"] -= 1
        found.pop("total_differs", None)
        found = +found
    if defect.code:
        assert found.pop(defect.code) == 15
    else:
        assert reasons[defect.reason] == 15
    assert found == {}


@pytest.mark.parametrize("name", ["unreadable_number", "unreadable_date", "finer_than_fen", "implausible_date"])
def test_a_workbook_holds_them_too(tmp_path: Path, name: str) -> None:
    found, _ = said(write(tmp_path / "b.xlsx", 200, 3, named={name: Decimal(5)}, sound=True, prepaid=0.5).scenario)
    assert found == {defects()[name].code: 10}


def test_in_a_book_with_loans_refused_on_purpose_a_defect_adds_just_its_own(tmp_path: Path) -> None:
    named = {name: Decimal("0.5") for name in TYPED}
    before, reasons_before = said(write(tmp_path / "a.parquet", 4_000, 9).scenario)
    after, reasons_after = said(write(tmp_path / "b.parquet", 4_000, 9, named=named).scenario)
    wanted = Counter(defects()[name].code for name in TYPED if defects()[name].code)
    assert {c: n - before[c] for c, n in after.items() if n != before[c]} == {c: 20 * n for c, n in wanted.items()}
    assert reasons_after["evidence_missing"] - reasons_before["evidence_missing"] == 20


def test_two_rows_have_one_id_and_an_odd_number_ends_in_three() -> None:
    ids = Counter(make_book(1_000, 4, named={"duplicate_id": Decimal("0.7")})["loan_id"].to_pylist())
    assert sorted(n for n in ids.values() if n > 1) == [2, 2, 3]
    ids = Counter(make_book(1_000, 4, named={"duplicate_id": Decimal("0.1")})["loan_id"].to_pylist())
    assert [n for n in ids.values() if n > 1] == [2]


@given(
    loans=st.integers(40, 3_000),
    seed=st.integers(0, 99),
    percents=st.dictionaries(st.sampled_from(NAMES), st.decimals(0, 4, places=2), max_size=8),
)
def test_the_number_of_rows_is_the_rounded_percentage_and_no_row_has_two(
    loans: int, seed: int, percents: dict[str, Decimal]
) -> None:
    made = plan(loans, seed, named=percents, text=True)
    wanted = {name: round(loans * p / 100) for name, p in percents.items() if round(loans * p / 100)}
    if wanted.get("duplicate_id") == 1:
        wanted["duplicate_id"] = 2
    assert {name: len(rows) for name, rows in made.chosen.items()} == wanted
    rows = [r for name, chosen in made.chosen.items() if name != "total_row" for r in chosen.tolist()]
    assert len(rows) == len(set(rows))


def test_the_same_seed_chooses_the_same_rows() -> None:
    named = {"bare_rate": Decimal(1), "missing_id": Decimal(2)}
    assert make_book(500, 1, named=named).equals(make_book(500, 1, named=named))


def test_all_rows_can_be_spoilt_and_the_count_stays_exact() -> None:
    assert sum(map(len, plan(900, 2, defects=1).chosen.values())) == 900


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"duplicat_id": "1"}, "nearest: duplicate_id"),
        ({"bare_rate": "101"}, "0 to 100"),
        ({"bare_rate": "-1"}, "0 to 100"),
        ({"bare_rate": "60", "missing_id": "60"}, "120 %"),
        ({"unreadable_date": "1"}, "write .csv or .xlsx"),
        ({"project_differs": "90"}, "ask for less"),
    ],
)
def test_what_cannot_be_had_is_refused_with_the_way_out(named: dict[str, str], words: str) -> None:
    with pytest.raises(SynthError, match=words) as refused:
        make_book(300, 1, named={name: Decimal(p) for name, p in named.items()})
    assert any("\u4e00" <= c <= "\u9fff" for c in str(refused.value))


def test_one_loan_has_no_second_of_its_id() -> None:
    with pytest.raises(SynthError, match="no second"):
        make_book(1, 1, named={"duplicate_id": Decimal(100)})


def test_every_defect_promises_a_code_or_a_reason_that_exists() -> None:
    for defect in defects().values():
        assert (defect.code in messages()) != bool(defect.reason), defect.name
        assert defect.en and defect.zh
    assert counted(10_000, 0.5, text=True).keys() == {n for n in NAMES if not defects()[n].adds}
