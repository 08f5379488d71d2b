"""Figures in print: one rounding from the exact figure, half up, in the unit and to the decimals asked for."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relending.lineage.disclosed import Figures
from relending.statement.printed import Options, options_of, printed

UNITS = {"wan_yuan": 10**6, "yi_yuan": 10**10, "t": 10**6, "wan_t": 10**10}
options = st.builds(
    Options,
    amount_unit=st.sampled_from(["wan_yuan", "yi_yuan"]),
    reduction_unit=st.sampled_from(["t", "wan_t"]),
    amount=st.integers(0, 6),
    rate=st.integers(0, 4),
    reduction=st.integers(0, 6),
)


def half_up(value: Fraction, decimals: int) -> int:
    scaled = value * 10**decimals
    return int((2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator))


@given(options, st.integers(0, 10**6), st.integers(1, 2**63 - 1), st.integers(0, 10**30), st.integers(0, 2**63 - 1))
def test_every_figure_is_rounded_once_half_up(
    choice: Options, projects: int, amount: int, weighted: int, reduction: int
) -> None:
    found = printed(Figures(projects, amount, weighted, reduction), choice)
    assert found.projects == projects
    assert found.amount == half_up(Fraction(amount, UNITS[choice.amount_unit]), choice.amount)
    assert found.rate == half_up(Fraction(weighted, amount) / 10**6, choice.rate)
    assert found.reduction == half_up(Fraction(reduction, UNITS[choice.reduction_unit]), choice.reduction)


def test_a_rate_that_eight_decimals_would_round_twice_is_rounded_once() -> None:
    # 2.5049999996 %: to eight decimals 0.02505000, which half up would print as 2.51
    amount = 10**12
    figures = Figures(1, amount, amount * 2_504_999_9996 // 10**4, 0)
    assert figures.rate_e8 == 2_505_000
    assert printed(figures, Options()).text("rate") == "2.50"


def test_a_half_is_rounded_up_and_not_to_even() -> None:
    figures = Figures(1, 12_345_000, 0, 500_000 + 2 * 10**6)  # 12.345 wan yuan, 2.5 t
    assert printed(figures, Options(reduction=0)).text("amount") == "12.35"
    assert printed(figures, Options(reduction=0)).text("reduction") == "3"
    assert Decimal("12.345").quantize(Decimal("0.01"), ROUND_HALF_UP) == Decimal("12.35")


def test_nothing_to_weigh_is_a_dash_and_no_rate_of_nothing() -> None:
    one = printed(Figures(), Options())
    assert [one.text(m) for m in ("projects", "amount", "rate", "reduction")] == ["0", "0.00", "—", "0.00"]
    assert one.number("rate") is None


@pytest.mark.parametrize(
    ("unit", "decimals", "text", "yuan"),
    [("wan_yuan", 2, "1,324,620.45", "13,246,204,500"), ("yi_yuan", 4, "132.4620", "13,246,200,000")],
)
def test_the_amount_in_yuan_is_that_of_the_printed_figure(unit: str, decimals: int, text: str, yuan: str) -> None:
    one = printed(Figures(189, 1_324_620_450_000, 0, 0), Options(amount_unit=unit, amount=decimals))
    assert (one.text("amount"), one.yuan()) == (text, yuan)


def test_options_come_from_the_runs_record_and_an_older_record_has_the_usual_ones() -> None:
    old = {"scenario": {"disclosure": {"rate_basis": "issue", "decimals": {"amount": 0, "rate": 4, "reduction": 1}}}}
    assert options_of(old) == Options(amount=0, rate=4, reduction=1)
    new = {"scenario": {"disclosure": {"amount_unit": "yi_yuan", "projects": 5, "year_text": "always"}}}
    assert options_of(new) == Options(amount_unit="yi_yuan", projects=5, year_text="always")
