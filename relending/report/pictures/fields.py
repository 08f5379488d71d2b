"""Supported loans and tonnes by field since first support 分领域累计发放与减排, quarter by quarter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from relending.dates import quarter_text
from relending.policy import fields as known_fields
from relending.report.pictures import canvas
from relending.report.pictures.canvas import Entry, Panel
from relending.report.pictures.colours import colours_of, grey
from relending.report.pictures.page import Page
from relending.report.pictures.scale import unit_for
from relending.report.pictures.source import Source, nothing
from relending.report.pictures.words import head, say

NAME = "fields"


@dataclass(frozen=True, slots=True)
class Fields:
    """Fen and grams a year since first support by field and quarter, of all lenders; in the order of the lists."""

    quarters: range
    amount: Mapping[str, list[int]]
    reduction: Mapping[str, list[int]]


def prepare(source: Source) -> Fields:
    """The rows of ``disclosure.csv`` with horizon since_start and level field, added up over lenders and facilities.

    Raises NothingToPlot where nothing was ever supported.
    """
    frame = source.table("disclosure")
    some = (frame["horizon"].eq("since_start") & frame["level"].eq("field")).to_numpy(dtype=bool)
    codes = [c for c, there in zip(source.texts("disclosure", "code"), some, strict=True) if there]
    places = source.places("disclosure")[some].tolist()
    n = len(source.quarters)
    out: list[dict[str, list[int]]] = []
    for column in ("amount_fen", "reduction_g"):
        values = source.figures("disclosure", column)[0][some].tolist()
        sums: dict[str, list[int]] = {}
        for code, place, value in zip(codes, places, values, strict=True):
            sums.setdefault(code, [0] * n)[place] += value
        out.append(sums)
    amount, reduction = out
    order = [f for f in [*known_fields(), *sorted(set(amount) - set(known_fields()))] if any(amount.get(f, ()))]
    if not order:
        raise nothing(NAME, "need_loans")
    return Fields(source.quarters, {f: amount[f] for f in order}, {f: reduction[f] for f in order})


def draw(source: Source, data: Fields, page: Page) -> None:
    """Two panels of stacked bars, a colour and hatch a field: amounts, and tonnes a year."""
    lang = page.lang
    order = list(data.amount)
    colour = colours_of("field", order)
    hatch = {f: grey("hatches", i) for i, f in enumerate(order)}
    whole = [sum(v) for v in zip(*data.amount.values(), strict=True)]
    tonnes = [sum(v) for v in zip(*data.reduction.values(), strict=True)]
    money, mass = unit_for("yuan", whole, lang), unit_for("tCO2e/a", tonnes, lang)
    panels = [Panel(head("amount", lang), money.name)]
    series = [(data.amount, money)]
    if any(tonnes):
        panels.append(Panel(head("tonnes", lang), mass.name, column=1))
        series.append((data.reduction, mass))
    legend = [Entry(source.field_name(f, lang), colour[f], hatch=hatch[f]) for f in order]
    sheet = page.sheet(panels, legend, source.subtitle(lang))
    for axes, inches, (parts, unit) in zip(sheet.axes, sheet.widths, series, strict=True):
        plain = {f: [unit.plain(v) for v in parts[f]] for f in order}
        for f, (low, high) in canvas.stacked(plain).items():
            canvas.bars(axes, list(data.quarters), low, high, colour[f], hatch=hatch[f], width=0.86)
        canvas.quarter_axis(axes, data.quarters, inches)
        canvas.value_axis(axes, 0, float(np.max(np.sum(list(plain.values()), axis=0))))
    top = max(order, key=lambda f: data.amount[f][-1])
    page.alt = say(
        "fields_alt",
        lang,
        quarter=quarter_text(data.quarters[-1]),
        amount=money.text(whole[-1]),
        unit=money.name,
        tonnes=mass.text(tonnes[-1]),
        tonnes_unit=mass.name,
        largest=source.field_name(top, lang),
        share=f"{100 * data.amount[top][-1] / whole[-1]:.0f}",
    )
