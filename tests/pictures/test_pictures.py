"""Every picture can be read: nothing clipped, no text on another, in both languages, for every kind of run."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest

import relending as rl
from relending.report.pictures import Drawn, catalogue, fonts, picture, run_pictures
from relending.report.pictures.catalogue import find
from relending.report.pictures.fonts import NONE
from tests.pictures.conftest import ROW, named
from tests.pictures.test_font import NOWHERE, ROOT, build_font

Shipped = Callable[[str], Any]
ON_THE_PAGE = [name for name, one in catalogue().items() if one.page]
LANGS = ("zh", "en")


def boxes(figure: Any) -> Iterator[tuple[str, Any, Any]]:
    """Every text of a figure with the place it takes and the panel it is in (None: none)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    renderer = FigureCanvasAgg(figure).get_renderer()
    for panel in (None, *figure.axes):
        for text in figure.texts if panel is None else panel.texts:
            if text.get_text().strip():
                yield text.get_text(), text.get_window_extent(renderer), panel


def legible(drawn: Drawn) -> None:
    """No text leaves the figure, and none lies on another."""
    found = list(boxes(drawn.figure))
    whole = drawn.figure.bbox
    for text, box, _ in found:
        inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= whole.x1 + 1 and box.y1 <= whole.y1 + 1
        assert inside, f"{drawn.name} {drawn.lang}: {text!r} leaves the picture"
    for (one, a, _), (other, b, _) in itertools.combinations(found, 2):
        apart = a.x1 <= b.x0 + 1 or b.x1 <= a.x0 + 1 or a.y1 <= b.y0 + 2 or b.y1 <= a.y0 + 2
        assert apart, f"{drawn.name} {drawn.lang}: {one!r} lies on {other!r}"


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", ["demo", "outlook/baseline", "national/original", "ledger", "statements/abc-2022q3"])
def test_pictures_of_shipped_runs_are_legible_and_say_what_they_show(name: str, lang: str, shipped: Shipped) -> None:
    drawn = run_pictures(shipped(name), lang)
    assert [d.name for d in drawn] == [n for n in ON_THE_PAGE if n in {d.name for d in drawn}]
    assert {"fields", "sectors", "tranches", "run_off", "funded_share"} <= {d.name for d in drawn}
    assert ("balances" in {d.name for d in drawn}) == (name == "national/original")
    for d in drawn:
        legible(d)
        assert d.title == catalogue()[d.name].title[lang] == d.figure.texts[0].get_text()
        assert len(d.alt) > 30 and any(c.isdigit() for c in d.alt) and "nan" not in d.alt and "{" not in d.alt
        assert (any("\u4e00" <= c <= "\u9fff" for c in d.alt)) == (lang == "zh")
        assert not len(d.findings)


@pytest.mark.parametrize("lang", LANGS)
def test_every_measure_has_its_picture(lang: str, shipped: Shipped) -> None:
    run, without = shipped("demo"), []
    for name, one in catalogue().items():
        if one.measure:
            try:
                legible(picture(run, name, lang=lang))
            except rl.InputError as stop:
                assert "nothing_to_plot" in str(stop)
                without.append(name)
    assert without == ["collateral_cost", "nim_effect_bp", "reference_rate", "interest_saved_reference"]


def test_simulated_quarters_are_marked_where_others_are_recorded(shipped: Shipped, tmp_path: Any) -> None:
    from tests.lineage.bank import written

    mixed = picture(rl.run(written(tmp_path)), "drawn")
    assert "simulated" in [t.get_text() for t in mixed.figure.texts]
    assert "in part simulated" in mixed.figure.texts[1].get_text()
    legible(mixed)
    alike = picture(shipped("demo"), "drawn")
    assert "simulated" not in [t.get_text() for t in alike.figure.texts]


@pytest.mark.parametrize("size", [(5.0, 3.5), (12.0, 7.0)])
def test_a_size_of_ones_own_is_kept(size: tuple[float, float], shipped: Shipped) -> None:
    for what in ("tranches", "margin", "funded_share"):
        figure = rl.plot(shipped("demo"), what, size=size, facility="cerf")
        assert tuple(figure.get_size_inches()) == size


HOSTILE = {
    "mathtext": "$\\frac{1}{2}$ and $",
    "markup": '<script>alert("x")</script>&amp;',
    "right to left": "\u202egnihton\u202c بنك",
    "endless": "示范" * 250,
    "controls": "a\u0007b\u2028c\u200bd",
    "rare": f"𠮷野家{NOWHERE}",
}


@pytest.fixture
def no_other_font(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A computer without fonts: a character that the shipped one lacks is lent by none, wherever the test runs."""
    monkeypatch.setattr(fonts, "_machine", lambda: ())
    monkeypatch.setattr(fonts, "_borrowed", set())
    fonts._lender.cache_clear()
    yield
    fonts._lender.cache_clear()


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_name_is_markup_or_breaks_a_picture(kind: str, small: Any, no_other_font: None) -> None:
    run = small(lender="x", more=named(HOSTILE[kind]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for lang in LANGS:
            for d in run_pictures(run, lang):
                legible(d)
                svg = d.svg().decode("utf-8")
                assert "<script" not in svg and "alert" not in svg and "<!--" not in svg
                shown = d.figure.texts[1].get_text()
                assert "\u202e" not in shown and "\n" not in shown and len(shown) < 120
                if kind == "rare":
                    assert "野家" in shown and NONE in shown
                    assert "character_replaced" in d.findings.frame()["code"].tolist()
                if kind == "mathtext":
                    assert shown.startswith("$\\frac{1}{2}$ and $")


def test_plot_warns_of_characters_no_font_has(small: Any, no_other_font: None) -> None:
    run = small(lender="x", more=named(HOSTILE["rare"]))
    with pytest.warns(UserWarning, match="character_replaced"):
        rl.plot(run, "tranches")


def test_a_run_without_support_has_no_pictures_and_says_why(small: Any) -> None:
    run = small(**{"0.035": "0.09"})
    for lang in LANGS:
        drawn = run_pictures(run, lang)
        assert {d.name for d in drawn} <= {"balances"}
    for what in ("fields", "sectors", "tranches", "run_off", "funded_share", "life_of_loan", "tonne_cost", "balances"):
        with pytest.raises(rl.InputError) as caught:
            picture(run, what)
        assert "nothing_to_plot" in str(caught.value) and what in str(caught.value)


def test_a_facility_that_lists_no_fields_has_its_loans_in_none(small: Any) -> None:
    run = small(
        ROW.replace("wind", "retail") + ",small",
        head="borrower_type",
        lender="xiamen",
        facilities='["small_business"]',
        end="2023-06-30",
    )
    for lang, told in (("en", "no field told"), ("zh", "未分领域")):
        drawn = {d.name: d for d in run_pictures(run, lang)}
        assert {"fields", "sectors", "tranches"} <= set(drawn)
        for d in drawn.values():
            legible(d)
        assert told in drawn["fields"].alt and told in drawn["sectors"].alt


def test_a_run_of_one_quarter_and_a_loan_not_drawn_yet(small: Any) -> None:
    one = small(start="2023-01-01", end="2023-03-31")
    pending = small(start="2023-01-01", end="2023-03-31", more="[facility.cerf]\nlag_days = 20\n")
    for run in (one, pending):
        for lang in LANGS:
            for d in run_pictures(run, lang):
                legible(d)
        for what in ("blended_cost", "drawn", "loans_outstanding", "own_rate"):
            try:
                legible(picture(run, what))
            except rl.InputError as stop:
                assert "nothing_to_plot" in str(stop)
    assert "tranches" not in {d.name for d in run_pictures(pending, "en")}


def test_sixty_tranches_need_no_legend_of_sixty(small: Any) -> None:
    rows = [
        ROW.replace("L1", f"L{k}").replace("P1", f"P{k}").replace("2023-02-15", f"{2022 + k // 12}-{k % 12 + 1:02d}-10")
        for k in range(36)
    ]
    rows = [r for r in rows if ",wind," in r]
    run = small(*rows, start="2022-01-01", end="2026-12-31", more='[facility.cerf]\nfrequency = "month"\n')
    assert run.ledger["tranche"].nunique() > 30
    d = picture(run, "tranches", lang="en")
    legible(d)
    assert sum("drawn in" in t.get_text() for t in d.figure.texts) == 3


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("tranches", "tranches"),
        ("再贷款余额（按批次）", "tranches"),
        ("WHAT RUNS OFF WHEN", "run_off"),
        ("综合资金成本", "blended_cost"),
    ],
)
def test_pictures_go_by_name_and_title(what: str, name: str) -> None:
    assert find(what).name == name


@pytest.mark.parametrize(
    ("asked", "code", "hint"),
    [
        ({"what": "tranche"}, "unknown_picture", "nearest: tranches"),
        ({"what": "tranches", "lender": "demo_cty"}, "no_such_lender", "nearest: demo_city"),
        ({"what": "tranches", "facility": "cref"}, "no_such_facility", "nearest: cerf"),
        ({"what": "balances"}, "nothing_to_plot", "published"),
    ],
)
def test_what_cannot_be_drawn_is_said_with_what_can(
    asked: dict[str, str], code: str, hint: str, shipped: Shipped
) -> None:
    with pytest.raises(rl.InputError) as caught:
        rl.plot(shipped("demo"), **asked)
    assert code in str(caught.value) and hint in str(caught.value)


@pytest.mark.parametrize("asked", [{"lang": "fr"}, {"size": (0, 3)}, {"size": (3,)}])
def test_other_languages_and_sizes_are_refused(asked: dict[str, Any], shipped: Shipped) -> None:
    with pytest.raises(ValueError, match=r"lang|size"):
        rl.plot(shipped("demo"), "tranches", **asked)


def test_pictures_are_those_that_were_looked_at() -> None:
    build_font()  # tools/ can be imported from here on
    import build_pictures
    from PIL import Image

    from relending.report.pictures.style import drawing

    seen = set()
    for name, drawn in build_pictures.compared():
        out = BytesIO()
        with drawing():
            drawn.figure.savefig(out, format="png", dpi=build_pictures.SMALL)
        new = np.asarray(Image.open(out).convert("L"), float)
        old = np.asarray(Image.open(ROOT / "tests/pictures/baseline" / name).convert("L"), float)
        assert new.shape == old.shape, f"{name}: look at it and run tools/build_pictures.py"
        off = float(np.sqrt(np.mean((new - old) ** 2)))
        assert off < 6, f"{name} is off by {off:.1f}: look at it and run tools/build_pictures.py"
        seen.add(name)
    assert seen == {p.name for p in (ROOT / "tests/pictures/baseline").glob("*.png")}


def test_the_page_has_the_catalogue_as_it_is() -> None:
    from relending.report.pictures.document import catalogue_markdown

    page = (ROOT / "docs" / "pictures.md").read_text(encoding="utf-8")
    assert page.split("relending.report.pictures.document -->\n\n")[1] == catalogue_markdown()
