"""Text in SVG: laid out and outlined as matplotlib itself does it, whatever the text."""

from __future__ import annotations

import re
from typing import Any

import pytest

import relending as rl
from relending.report.pictures.files import METADATA, picture_bytes
from relending.report.pictures.fonts import FAMILY, font_file, units_per_em
from relending.report.pictures.outlines import line, outline
from relending.report.pictures.style import drawing

TEXTS = ("lp", "再贷款余额（按批次）", "AVAToe", "1,234.5%", " a b ", "2021Q3–2026Q4", "−20", "。")


@pytest.mark.parametrize("text", TEXTS)
def test_a_line_is_measured_as_matplotlib_measures_it(text: str) -> None:
    with drawing():
        from matplotlib.font_manager import FontProperties
        from matplotlib.textpath import TextToPath

        made, per_em = TextToPath(), units_per_em()
        prop: Any = FontProperties(family=FAMILY, size=per_em)
        theirs = made.get_text_width_height_descent(text, prop, False)
        glyphs = made.get_glyphs_with_font(made._get_font(prop), text)[0]
    ours = line(text)
    assert ours is not None
    # matplotlib lays out at 100 points, in 64ths of a point
    assert (ours.width, ours.height, ours.depth) == pytest.approx(theirs, abs=0.5)
    step = per_em / made.FONT_SCALE
    assert [at for _, at in ours.places] == pytest.approx([x * step for _, x, _, _ in glyphs], abs=0.5)


def test_an_outline_is_the_fonts_own() -> None:
    from matplotlib.path import Path
    from matplotlib.textpath import TextPath

    with drawing():
        from matplotlib.font_manager import FontProperties

        theirs: Any = TextPath((0, 0), "贷", size=units_per_em(), prop=FontProperties(fname=font_file()))
    numbers = [float(x) for x in re.findall(r"-?\d+", outline("贷").path)]
    drawn = theirs.vertices[theirs.codes != Path.CLOSEPOLY]
    assert numbers == pytest.approx(drawn.ravel().tolist(), abs=0.5)


def test_a_text_with_a_character_of_another_font_is_left_to_matplotlib() -> None:
    assert line("再贷款\U0001f600") is None and line("") is not None


def test_turned_faint_bold_and_clipped_text_is_drawn_and_names_stay_out_of_the_markup() -> None:
    with drawing():
        from matplotlib.figure import Figure

        figure = Figure()
        axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
        figure.text(0.5, 0.5, "<b>&", rotation=30, alpha=0.5)
        figure.text(0.5, 0.6, "bold", weight="bold")
        axes.text(0.5, 0.5, "clipped", clip_on=True)
        before = figure.dpi
        svg = picture_bytes(figure, "svg").decode()
    assert figure.dpi == before and METADATA["svg"]["Date"] is None
    assert "rotate(-30)" in svg and 'opacity="0.5"' in svg and "clip-path" in svg
    assert "<b>" not in svg and "bold" not in svg and "clipped" not in svg


def test_each_character_of_a_picture_is_defined_once(shipped: Any) -> None:
    svg = picture_bytes(rl.plot(shipped("demo"), "margin", lang="zh"), "svg").decode()
    named = re.findall(r'id="(u[0-9a-f]+)"', svg)
    used = set(re.findall(r'xlink:href="#(u[0-9a-f]+)"', svg))
    assert len(named) == len(set(named)) and used == set(named) and len(used) > 20
