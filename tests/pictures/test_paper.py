"""Pictures for a paper: narrow columns, no title, a loan of the reader's own term, figures that can be worked on."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from io import BytesIO
from typing import Any

import pytest

import relending as rl
from relending.engine.costing import cost_over_life, loan_balances
from relending.report.pictures import picture
from relending.report.pictures.files import picture_bytes
from relending.report.pictures.life_of_loan import PER_YEAR, averages, prepare
from relending.report.pictures.source import Source
from relending.report.pictures.untitled import untitled
from tests.pictures.test_pictures import LANGS, ON_THE_PAGE, legible

Shipped = Callable[[str], Any]
COLUMN = (85 / 25.4, 0.0)
"""A column of a journal [inches], as high as the picture likes."""
OF_DEMO = [name for name in ON_THE_PAGE if name != "balances"]


@pytest.mark.parametrize("lang", LANGS)
def test_pictures_of_two_facilities_can_be_read_in_a_narrow_column(lang: str, shipped: Shipped) -> None:
    for name in [*OF_DEMO, "blended_cost", "issued_projects"]:
        drawn = picture(shipped("demo"), name, lang=lang, size=COLUMN)
        legible(drawn)
        assert all(axes.get_position().width > 0.4 for axes in drawn.figure.axes), name
    legible(picture(shipped("national/original"), "balances", lang=lang, size=COLUMN))


@pytest.mark.parametrize("size", [None, COLUMN, (3.5, 5.6)])
@pytest.mark.parametrize("name", OF_DEMO)
def test_without_its_title_a_picture_keeps_everything_else(name: str, size: Any, shipped: Shipped) -> None:
    run = shipped("demo")

    def draw(size: Any) -> Any:
        return picture(run, name, size=size, facility="cerf")

    titled, bare = draw(size), untitled(draw, size)
    legible(bare)
    kept = [t.get_text() for t in titled.figure.texts if t.get_label() not in ("title", "subtitle")]
    assert [t.get_text() for t in bare.figure.texts] == kept
    assert bare.figure.get_label().startswith(bare.title + " · ")
    wide, high = bare.figure.get_size_inches()
    if size and size[1]:
        assert (wide, high) == pytest.approx(size)
    else:
        before = titled.figure.get_size_inches()[1]
        assert 0.3 < before - high < 1.0
        for one, other in zip(titled.figure.axes, bare.figure.axes, strict=True):
            box, now = one.get_position(), other.get_position()
            assert (box.y0 * before, box.height * before) == pytest.approx((now.y0 * high, now.height * high))


def test_a_loan_of_ones_own_term_costs_what_the_method_says(shipped: Shipped) -> None:
    source = Source(shipped("demo"), "demo", "cerf", Fraction(15))
    (life,) = prepare(source)
    ((average, own),) = averages(source)
    owed = loan_balances(Fraction(1), 60, average.repayment, average.rate / PER_YEAR, average.grace)
    rule = {"supported_years": 3, "rollover_base": "original", "periods_per_year": PER_YEAR}
    found = cost_over_life(owed, life.ratio, life.cheap, own, **rule)
    assert life.whole == found.with_facility
    assert (len(life.by_year), life.supported) == (15, 3)
    assert life.by_year[0] < life.by_year[3] == own
    figure = rl.plot(shipped("demo"), "life_of_loan", facility="cerf", years=15)
    assert any("60 % for 3 of 15 years" in t.get_text() for t in figure.texts)


@pytest.mark.parametrize(("what", "years"), [("tranches", 15), ("life_of_loan", 1.1), ("life_of_loan", 0)])
def test_a_term_that_is_none_is_refused(what: str, years: float, shipped: Shipped) -> None:
    with pytest.raises(ValueError, match="years"):
        rl.plot(shipped("demo"), what, years=years)


def test_counts_have_whole_numbers_at_their_axis(shipped: Shipped) -> None:
    for name in ("issued_projects", "projects_since_start"):
        drawn = picture(shipped("demo"), name, lender="demo", facility="cerf", size=(8, 9))
        numbers = [t.get_text() for t in drawn.figure.axes[0].texts]
        assert not any("." in t for t in numbers), numbers


def test_a_figure_can_be_worked_on_and_is_the_same_bytes_again(shipped: Shipped) -> None:
    def made() -> bytes:
        figure = rl.plot(shipped("demo"), "funded_share", facility="cerf", size=COLUMN, title=False)
        axes = figure.axes[0]
        axes.axvline(60, linestyle=":")
        axes.text(50, 3.0, "支持比例", family=figure.texts[0].get_family())
        next(t for t in figure.texts if t.get_text() == "Blended cost (%)").set_text("Cost (%)")
        figure.savefig(BytesIO(), format="svg")
        return picture_bytes(figure, "pdf")

    assert made() == made()


def test_an_unknown_name_is_answered_with_all_there_is(shipped: Shipped) -> None:
    with pytest.raises(rl.InputError, match=r"tranches.*funded_share.*blended_cost.*issued_projects"):
        rl.plot(shipped("demo"), "nonsense")
