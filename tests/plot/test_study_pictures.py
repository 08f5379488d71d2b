"""Pictures of studies: every measure has one, nothing leaves the sheet, no name becomes markup, bytes repeat."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

import relending as rl
from relending.report.pictures import Drawn
from relending.report.pictures.files import picture_bytes
from relending.report.pictures.style import drawing
from relending.report.study_pictures import PictureError, UnknownPictureError, draw_study, plot_study, study_pictures
from relending.report.study_pictures.compared_source import compared_of
from relending.report.study_pictures.fan_source import fans_of
from relending.report.study_pictures.heat import draw_sweep
from relending.report.study_pictures.study import offers, open_studies, study_of
from relending.report.study_pictures.sweep_source import Axis, Swept, swept_of
from relending.study.measures import measures

M = measures()
HOSTILE = "<script>alert(1)</script> $\\frac{x}{0}$ =1+1 \u202eevil\x00\x1b[31m & \n" + "长" * 400
SINGLE, DOUBLE = (85 / 25.4, 0.0), (175 / 25.4, 0.0)


def pixels(figure: Figure) -> np.ndarray:
    with drawing():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def texts_outside(figure: Figure) -> list[str]:
    """The texts that leave the sheet."""
    with drawing():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        whole = figure.bbox
        out = []
        for text in figure.findobj(Text):
            if text.get_visible() and text.get_text().strip() and (text.axes is None or text.axes.axison):
                box = text.get_window_extent(canvas.get_renderer())
                if box.x0 < whole.x0 - 1 or box.x1 > whole.x1 + 1 or box.y0 < whole.y0 - 1 or box.y1 > whole.y1 + 1:
                    out.append(text.get_text())
    return out


def said(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def test_every_measure_of_a_study_has_a_picture(swept: rl.Sweep, study: rl.MonteCarlo, compared: rl.Comparison) -> None:
    never = {"collateral_cost", "reference_rate", "interest_saved_reference", "nim_effect_bp"}  # the run has no figure
    found = {one.name for source in (swept, study) for one in study_pictures(source)}
    assert {m.name for m in swept.measures} - {n.removeprefix("sweep_") for n in found} <= never
    assert {f"fan_{n}" for n in study.summary["measure"].unique()} <= found
    lacking = set()
    for offer in offers([study_of(compared)]):
        try:
            offer.check(offer_asked())
        except PictureError:
            lacking.add(offer.name)
    assert {n.removeprefix("scenarios_") for n in lacking if n.startswith("scenarios_")} <= never


def offer_asked():  # type: ignore[no-untyped-def]
    from relending.report.study_pictures.study import Asked

    return Asked()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_sentence_has_the_key_figures(
    lang: str, swept: rl.Sweep, study: rl.MonteCarlo, compared: rl.Comparison
) -> None:
    heat = draw_study(swept, "interest_saved", lang=lang)
    figures = swept.headlines(["interest_saved"])["interest_saved", "all"]
    unit, size, decimals = ("亿元", 1e8, 2) if lang == "zh" else (" million yuan", 1e6, 1)
    for value in (min(figures), max(figures)):
        assert f"{value / size:,.{decimals}f}{unit}" in heat.alt
    fan = draw_study(study, "margin", lang=lang)
    assert "60" in fan.alt and ("中位数" if lang == "zh" else "median") in fan.alt
    falls = draw_study(compared, "causes_interest_saved", lang=lang)
    gap = compared.gap("demo-outstanding", M["interest_saved"], "all")
    assert gap is not None
    assert f"{'−' if gap < 0 else '+'}" in falls.alt and heat.title != fan.title


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", [None, SINGLE, DOUBLE, (4.0, 3.0)])
def test_nothing_leaves_the_sheet(
    lang: str,
    size: tuple[float, float] | None,
    swept: rl.Sweep,
    study: rl.MonteCarlo,
    compared: rl.Comparison,
) -> None:
    drawn = [
        draw_study(swept, "interest_saved", lang=lang, size=size),
        draw_study(swept, "margin", lang=lang, size=size, fix={"market.own_rate": 0.02}),
        draw_study(study, "facility_balance", lang=lang, size=size),
        draw_study(compared, "scenarios_margin", lang=lang, size=size),
        draw_study(compared, "causes_interest_saved", lang=lang, size=size),
    ]
    assert {one.name: out for one in drawn if (out := texts_outside(one.figure))} == {}


def test_the_same_study_gives_the_same_bytes_however_it_is_read(
    swept: rl.Sweep, sweep_in: Callable[..., Path], study: rl.MonteCarlo, study_in: Callable[..., Path]
) -> None:
    for name, source, folder in (
        ("sweep_blended_cost", swept, sweep_in("parquet")),
        ("fan_margin", study, study_in("csv")),
    ):
        once = draw_study(source, name, lang="zh")
        others = [draw_study(source, name, lang="zh"), draw_study(folder, name, lang="zh", lender=None)]
        for kind in ("svg", "png", "pdf"):
            want = picture_bytes(once.figure, kind)
            assert want == picture_bytes(once.figure, kind) == picture_bytes(others[0].figure, kind)
            assert want == picture_bytes(others[1].figure, kind), "the folder gives another picture"


def with_names(drawn: Drawn) -> None:
    """No name is markup in the file, no formula on the sheet, and nothing hidden is left."""
    svg = drawn.svg()
    root = ET.fromstring(svg)
    assert not [e for e in root.iter() if e.tag.rsplit("}", 1)[-1] in ("script", "a", "foreignObject")]
    shown = said(drawn.figure)
    assert "$\\frac" in shown and "\u202e" not in shown and "\x1b" not in shown and "\x00" not in shown
    assert "<script>" in shown  # as it stands, and drawn as outlines
    assert b"<script" not in svg
    assert texts_outside(drawn.figure) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hostile_names_of_scenarios_are_drawn_as_they_stand(
    lang: str, study: rl.MonteCarlo, compared: rl.Comparison, swept: rl.Sweep
) -> None:
    titles = {"zh": HOSTILE, "en": HOSTILE}
    with_names(draw_study(replace(fans_of(study), titles=titles), "fan_margin", lang=lang))
    mine = compared_of(compared)
    named = replace(mine, titles={mine.names[0]: titles, mine.names[1]: {"zh": "b " + HOSTILE, "en": "b " + HOSTILE}})
    for name in ("scenarios_margin", "causes_interest_saved"):
        with_names(draw_study(named, name, lang=lang))
    with_names(draw_study(replace(swept_of(swept), titles=titles), "sweep_margin", lang=lang))


def test_hostile_parameters_and_values_are_drawn_as_they_stand(swept: rl.Sweep) -> None:
    mine = swept_of(swept)
    first, second = mine.axes
    texts = tuple(f"{v} {HOSTILE}" for v in first.values)
    renamed = dict(zip(first.values, texts, strict=True))
    odd = replace(
        mine,
        axes=(Axis(f"x.{HOSTILE}", texts, texts[1]), second),
        cells={name: (renamed[a], b) for name, (a, b) in mine.cells.items()},
    )
    for fix in (None, {"market.own_rate": "0.02"}):
        drawn = draw_sweep("sweep_margin", odd, M["margin"], "en", fix=fix)
        ET.fromstring(drawn.svg())
        assert b"<script" not in drawn.svg()
        assert texts_outside(drawn.figure) == []


def grid(figures: list[list[float]], own: tuple[float, float] = (2.0, 20.0)) -> Swept:
    """A sweep of two parameters with these figures, in yuan, of one lender and facility and quarter."""
    import pandas as pd

    ups, acrosses = [float(i + 1) for i in range(len(figures))], [10.0 * (j + 1) for j in range(len(figures[0]))]
    cells = {f"s#{i}{j}": (u, a) for i, u in enumerate(ups) for j, a in enumerate(acrosses)}
    values = [v for row in figures for v in row]
    rows = pd.DataFrame({"scenario": list(cells), "value": values})
    rows = rows.assign(quarter="2026Q1", lender="x", facility="y", measure="net_interest")
    axes = (Axis("a.rows", tuple(ups), own[0]), Axis("a.columns", tuple(acrosses), own[1]))
    names = {i: {"zh": i, "en": i} for i in ("x", "y")}
    return Swept("s", {}, axes, rows, cells, names)


def colour_of(figure: Figure, row: int, column: int) -> tuple[int, ...]:
    """The colour of a cell of a map, near its corner, where no figure is written."""
    image = pixels(figure)
    axes = figure.axes[0]
    x, y = axes.transData.transform((column - 0.4, row - 0.35))
    return tuple(int(c) for c in image[image.shape[0] - 1 - int(y), int(x), :3])


def test_cells_have_the_colours_of_their_figures() -> None:
    drawn = draw_sweep("m", grid([[100.0, 200.0, 300.0], [400.0, 500.0, 600.0]]), M["net_interest"], "en")
    low, high = colour_of(drawn.figure, 0, 0), colour_of(drawn.figure, 1, 2)
    assert np.abs(np.subtract(low, (0, 34, 78))).max() <= 2  # the ends of cividis
    assert np.abs(np.subtract(high, (254, 232, 56))).max() <= 3
    signed = draw_sweep("m", grid([[-300.0, 0.0, 300.0], [-150.0, 150.0, 100.0]]), M["net_interest"], "en")
    below, nought, above = (colour_of(signed.figure, 0, c) for c in range(3))
    assert min(nought) > 240, "nought is white where figures have both signs"
    assert below[2] > below[0] and above[0] > above[2], "purple below, orange above"
    shown = said(signed.figure)
    assert "−300.0" in shown and "150.0" in shown


def test_the_scenario_itself_is_framed_and_only_there() -> None:
    from matplotlib.patches import Rectangle

    def framed(swept: Swept, **more: object) -> list[tuple[float, float]]:
        drawn = draw_sweep("m", swept, M["net_interest"], "en", **more)  # type: ignore[arg-type]
        frames = [p for p in drawn.figure.axes[0].patches if isinstance(p, Rectangle) and not p.get_fill()]
        return [(p.get_x() + 0.5, p.get_y() + 0.5) for p in frames][:1]

    figures = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert framed(grid(figures)) == [(1.0, 1.0)]
    assert framed(grid(figures, own=(2.0, 25.0))) == []
    away = draw_sweep("m", grid(figures, own=(2.0, 25.0)), M["net_interest"], "en")
    assert "not on the grid" in said(away.figure)
    flat = draw_sweep("m", grid([[5.0, 5.0], [5.0, 5.0]]), M["net_interest"], "zh")
    assert "各格数值相同" in said(flat.figure)


def test_three_parameters_are_small_maps_and_more_are_to_be_fixed(swept: rl.Sweep) -> None:
    mine = swept_of(swept)
    three = rl.sweep(
        "demo",
        {"facility.cerf.ratio": [0.4, 0.6], "market.own_rate": [0.02, 0.03], "facility.cerf.rollovers": [1, 2]},
        measures=["interest_saved"],
    )
    figure = plot_study(three, "interest_saved", lang="en")
    assert "rollovers at most (cerf) 1" in said(figure) and len(figure.axes) == 4
    four = replace(swept_of(three), axes=(*swept_of(three).axes, Axis("x.y", (1.0, 2.0))))
    four = replace(four, cells={n: (*v, 1.0) for n, v in four.cells.items()})
    with pytest.raises(PictureError, match=r"4 parameters vary.*--fix"):
        draw_sweep("m", four, M["interest_saved"], "en")
    fixed = draw_sweep("m", four, M["interest_saved"], "en", fix={"x.y": "1", "facility.cerf.rollovers": "2"})
    assert "with rollovers at most (cerf) 2" in said(fixed.figure)
    for wrong in ({"x.z": "1"}, {"market.own_rate": "0.021"}, {"market.own_rate": "much"}):
        with pytest.raises(PictureError, match="--fix"):
            draw_sweep("m", mine, M["interest_saved"], "en", fix=wrong)


def test_what_is_wrong_is_said_with_what_there_is(swept: rl.Sweep, study: rl.MonteCarlo) -> None:
    with pytest.raises(UnknownPictureError, match="nearest: blended"):
        plot_study(swept, "blendedcost")
    with pytest.raises(PictureError, match="has no supported loans issued in the quarter"):
        plot_study(swept, "issued")
    with pytest.raises(PictureError, match="it has the kinds fan"):
        plot_study(study, "sweep_margin")
    with pytest.raises(PictureError, match="demo, demo_city"):
        plot_study(study, "margin", lender="icbc")
    with pytest.raises(PictureError, match="no figure at all"):
        plot_study(swept, "collateral_cost")
    assert open_studies(Path(__file__).parent) == ()


def test_names_in_either_language_choose(study: rl.MonteCarlo) -> None:
    names = [draw_study(study, what).name for what in ("利差", "Margin", "fan_margin", "margin")]
    assert names == ["fan_margin"] * 4
    one = draw_study(study, "margin", lender="Demo Bank", facility="碳减排支持工具", lang="en")
    assert "Demo Bank" in said(one.figure)


def test_rl_plot_takes_studies_and_their_folders(swept: rl.Sweep, sweep_in: Callable[..., Path]) -> None:
    figure = rl.plot(swept, "margin", lender="demo", facility="cerf")
    assert figure.texts[0].get_text().startswith("Margin by")
    assert rl.plot(sweep_in("csv"), "margin", lang="zh").texts[0].get_text().startswith("利差")
