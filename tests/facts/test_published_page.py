"""The register of published figures: complete, as declared, and what docs/published.md says."""

from __future__ import annotations

import doctest
import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from relending import policy
from relending.engine import costing
from relending.scenario import shipped_group
from relending.scenario.places import shipped_names
from tests.facts import books, page, runs
from tests.facts.entry import (
    CARRIED,
    COMPUTED,
    DIFFERS,
    EQUAL,
    HOLDS,
    INPUT,
    NONE,
    Entry,
    NotAsDeclaredError,
    given,
    half_up,
    held,
)
from tests.facts.facts import FILES, HERE, ROOT, numbers
from tests.facts.register import MAKERS, build, register

ROWS = [(file, row) for file, facts in FILES.items() for row in range(len(facts.rows()))]
PAGE = page.PLACE.read_text(encoding="utf-8")


def of(file: str, *outcomes: str) -> list[Entry]:
    return [e for e in register()[file] if not outcomes or e.outcome in outcomes]


# -- complete ---------------------------------------------------------------------------------------------------------


def test_every_file_of_facts_is_registered_and_on_the_page() -> None:
    factors = (ROOT / "relending" / "policy" / "factors").glob("*.csv")
    on_disk = {p.name for p in (*(HERE / "data").iterdir(), *factors)} | {"statements.csv", "aggregates.csv"}
    assert set(FILES) == on_disk == set(MAKERS) == set(page.SECTIONS)


@pytest.mark.parametrize("file", FILES)
def test_every_column_of_a_file_is_said_to_hold_figures_or_not(file: str) -> None:
    facts = FILES[file]
    named = [*facts.key, *facts.figures, *facts.rest]
    assert sorted(facts.rows()[0]) == sorted(named)
    # what names a row or stands beside it may hold a number, but a file without figures would hide one
    assert facts.figures and facts.rows()


@pytest.mark.parametrize(("file", "row"), ROWS, ids=[f"{file}-{row}" for file, row in ROWS])
def test_every_number_of_a_row_has_an_entry(file: str, row: int) -> None:
    cells = FILES[file].rows()[row]
    mine = [e for e in register()[file] if e.row == row]
    assert mine
    for column in FILES[file].figures:
        said = [n for e in mine if column in e.columns for n in numbers(e.said)]
        assert set(numbers(cells[column])) <= set(said), column


@pytest.mark.parametrize("file", FILES)
def test_an_entry_says_only_what_its_row_says(file: str) -> None:
    for e in register()[file]:
        cells = FILES[file].rows()[e.row]
        assert e.columns and set(numbers(e.said)) <= {n for c in e.columns for n in numbers(cells[c])}, e


@pytest.mark.parametrize("file", FILES)
def test_no_figure_is_registered_twice(file: str) -> None:
    keys = [(e.row, e.columns, e.what, e.published) for e in register()[file]]
    assert len(set(keys)) == len(keys)
    # and none both computed and left out
    for e in of(file, NONE, INPUT):
        computed = {c for o in of(file, *COMPUTED) if o.row == e.row for c in o.columns}
        assert not computed & set(e.columns), e


def test_the_facts_are_cited_without_addresses_and_end_lines_plainly() -> None:
    for path in (HERE / "data").iterdir():
        text = path.read_bytes().decode()
        assert not re.search(r"://|www\.", text) and "\r" not in text and text.endswith("\n"), path.name
        assert not text.startswith("#"), path.name


# -- as declared ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES)
def test_what_is_marked_reproduced_is_equal_at_the_digits_printed(file: str) -> None:
    for e in of(file, EQUAL, CARRIED):
        assert Decimal(e.reproduced) == Decimal(e.published) and not Decimal(e.difference), e
        assert Decimal(e.reproduced).as_tuple().exponent == min(0, int(Decimal(e.published).as_tuple().exponent)), e


@pytest.mark.parametrize("file", FILES)
def test_what_differs_or_is_left_out_has_a_reason_in_words(file: str) -> None:
    for e in of(file, DIFFERS):
        assert Decimal(e.difference) == Decimal(e.reproduced) - Decimal(e.published) != 0 and e.why, e
    for e in of(file, NONE, INPUT):
        assert len(e.why.split()) >= 4 and e.figures >= 1 and not e.reproduced, e


@pytest.mark.parametrize("file", [file for file in FILES if of(file, *COMPUTED)])
def test_what_is_computed_has_a_command(file: str) -> None:
    assert page.SECTIONS[file].command or all(e.how for e in of(file, *COMPUTED))


def test_all_figures_of_all_statements_come_out() -> None:
    assert [e.outcome for e in of("statements.csv")] == [EQUAL] * 90


def test_the_totals_that_the_run_was_made_from_prove_nothing() -> None:
    inputs = [e for e in of("aggregates.csv", INPUT) if "calibration" in e.why]
    assert len(inputs) == 9
    assert {e.label for e in inputs} >= {"2021-12-30 · CERF · all · loans, first batch"}


def test_a_figure_is_rounded_once_half_up() -> None:
    assert [str(half_up(Fraction(x), d)) for x, d in (("2.675", 2), ("-2.675", 2), ("0.5", 0), ("-0.4", 0))] == [
        "2.68",
        "-2.68",
        "1",
        "0",
    ]


LPR = ("lpr.csv", 0, "lpr_1y", "1 year")


@pytest.mark.parametrize(
    ("published", "exact", "more"),
    [
        ("4.25", Fraction("4.245"), {"differs": "a reason where none is needed"}),
        ("4.25", Fraction("4.244"), {}),
        ("4.25", Fraction("4.255"), {}),
        ("4.25", Fraction("4.25"), {"bound": "more_than"}),
    ],
)
def test_a_figure_that_comes_out_otherwise_than_declared_stops_the_page(
    published: str, exact: Fraction, more: dict[str, Any]
) -> None:
    with pytest.raises(NotAsDeclaredError, match=r"2019-08-20, 1 year: 4\.25 published"):
        held(*LPR, published, exact, **more)


def test_the_outcomes_of_a_figure() -> None:
    assert held(*LPR, "4.25", Fraction("4.2451")).outcome == EQUAL
    assert held(*LPR, "4.25", Fraction("4.3"), differs="why").difference == "0.05"
    assert held(*LPR, "4.25", Fraction("4.26"), bound="more_than").outcome == HOLDS
    assert held(*LPR, "4.25", 4, bound="about").outcome == "about"
    assert given("lpr.csv", 0, "lpr_1y", "lpr_5y").figures == 2


# -- a change in the product shows ------------------------------------------------------------------------------------


def test_a_changed_method_stops_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    true = costing.subsidy_rate

    def subsidy_rate(share: Any, facility_rate: Any, own_rate: Any) -> Any:
        return true(share, facility_rate, own_rate) + Fraction(1, 10_000)

    monkeypatch.setattr(subsidy_rate, "__module__", true.__module__)
    monkeypatch.setattr(costing, "subsidy_rate", subsidy_rate)
    with pytest.raises(NotAsDeclaredError, match=r"gain, %: 0\.27 published, 0\.28 computed"):
        build("cost_examples.csv")


def test_a_changed_run_stops_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    true = runs.figure

    monkeypatch.setattr(runs, "figure", lambda run, **cell: dict(true(run, **cell)) | {"reproduced": "1"})
    with pytest.raises(NotAsDeclaredError, match="projects: 189 published, 1 computed"):
        build("statements.csv")


def test_a_changed_fixing_stops_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = policy.lpr().fixings
    changed = policy.Fixing(first.date, first.lpr_1y_ppm, first.lpr_5y_ppm + 100, *fields(first)[3:])
    monkeypatch.setattr(policy, "lpr", lambda: policy.Lpr((changed, *others)))
    with pytest.raises(NotAsDeclaredError, match=r"5 years: 4\.85 published, 4\.86 computed"):
        build("lpr.csv")


def fields(fixing: policy.Fixing) -> Sequence[Any]:
    return [getattr(fixing, name) for name in policy.Fixing.__dataclass_fields__]


# -- the page ---------------------------------------------------------------------------------------------------------


def test_the_books_are_made_of_the_facts() -> None:
    made = books.files()
    assert {p.name for p in made} == {p.name for p in books.FOLDER.iterdir()}
    for path, text in made.items():
        assert path.read_bytes() == text.encode(), f"{path.name}: python -m tests.facts.page"


@pytest.mark.parametrize("name", [p.stem for p in sorted(books.FOLDER.glob("*.toml"))])
def test_every_loan_of_the_books_is_supported_and_nothing_is_found(name: str) -> None:
    run = runs.mine(name)
    assert run.attribution["supported"].all()
    assert run.all_findings.codes() == {"header_below": 1}  # a line above the header says what the book is
    if len(run.published):
        assert set(run.published["outcome"]) == {"equal"}


def test_the_page_is_what_the_register_says() -> None:
    assert page.page() == PAGE, "make docs"


def test_the_counts_of_the_page_add_up() -> None:
    counted = [line for line in PAGE.splitlines() if re.match(r"\| (`\w+\.csv`|all 合计) \|", line)]
    rows = [line.strip("| ").split(" | ") for line in counted]
    counts = [[int(c.replace(",", "").replace("—", "0")) for c in row[1:]] for row in rows]
    *files, every = counts
    assert len(files) == len(FILES)
    assert every == [sum(column) for column in zip(*files, strict=True)]
    assert all(row[0] == sum(row[1:]) for row in counts)
    assert every[0] == sum(e.figures for entries in register().values() for e in entries)
    assert f"{every[0]:,} in all" in re.sub(r"\s+", " ", PAGE)


def test_every_run_the_page_names_can_be_carried_out() -> None:
    named = {n for text in re.findall(r"relending run ([^`\n]+)", PAGE) for n in text.split()}
    assert len(named) > 8
    for name in named:
        assert name in shipped_names() or shipped_group(name) or (ROOT / name).is_file(), name


def test_the_calls_of_the_page_give_its_figures_when_they_are_pasted_into_python() -> None:
    lines = [">>> from relending import units", ">>> from relending.engine import costing"]
    for e in [e for entries in register().values() for e in entries]:
        if call := re.fullmatch(r"`((?:[\d.]+ - )?(?:costing|units)\.[^`]*)`", e.how):
            scale = 10**9 if e.what == "bn yuan" else 1
            half = Decimal(scale).scaleb(int(Decimal(e.reproduced).as_tuple().exponent)) * Decimal("0.51")
            lines += [f">>> bool(abs({call[1]} - {Decimal(e.reproduced) * scale}) < {half})", "True"]
    assert len(lines) > 50
    test = doctest.DocTestParser().get_doctest("\n".join(lines) + "\n", {}, "the calls of the page", None, None)
    told: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(test, out=told.append)
    assert result.failed == 0 and result.attempted > 25, "".join(told)


def test_every_policy_command_names_a_facility_that_is_shipped() -> None:
    named = set(re.findall(r"relending policy (\S+) --on (\d{4}-\d\d-\d\d)", PAGE))
    assert len(named) > 10 and {facility for facility, _ in named} <= set(policy.facilities())


def test_every_file_the_page_names_is_there() -> None:
    for name in set(re.findall(r"\b((?:tests|scenarios)/[\w./-]+\.(?:csv|toml|py))", PAGE)):
        assert (ROOT / name).is_file(), name


def test_both_languages_stand_in_every_heading() -> None:
    headings = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    assert len(headings) == len(FILES) + 3
    assert all(re.search("[\u4e00-\u9fff]", h) for h in headings)
    assert all(re.search("[A-Za-z]", h) for h in headings[:-1])
