"""Supported loans and tonnes by field since first support 分领域累计发放与减排, quarter by quarter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from relending.report.pictures.style import SOFT
from relending.report.pictures.words import head, say, word

NAME = "fields"


@dataclass(frozen=True, slots=True)
class Fields:
    """Fen and grams a year since first support by field and quarter, of all lenders; in the order of the lists."""

    quarters: range
    amount: Mapping[str, list[int]]
    reduction: Mapping[str, list[int]]


REST = ""
"""Stands for what the totals hold and no field does: opening figures given in total, loans of no list."""


def prepare(source: Source, name: str = NAME) -> Fields:
    """The rows of ``disclosure.csv`` with horizon since_start and level field, added up over lenders and facilities.

    What the totals hold beyond the fields is a part of its own; ``name`` is the picture that asks. Raises NothingToPlot
    where nothing was ever supported.
    """
    amount, reduction = (by_code(source, column, "field") for column in ("amount_fen", "reduction_g"))
    whole, tonnes = (by_code(source, column, "total") for column in ("amount_fen", "reduction_g"))
    for parts, total in ((amount, whole), (reduction, tonnes)):
        # a facility may list no fields at all: then all of it is the rest
        parts[REST] = [
            sum(v[k] for v in total.values()) - sum(v[k] for v in parts.values()) for k in range(len(source.quarters))
        ]
    order = [*known_fields(), *sorted(set(amount) - {*known_fields(), REST}), REST]
    order = [f for f in order if any(amount.get(f, ())) or any(reduction.get(f, ()))]
    if not order:
        raise nothing(name, "need_loans")
    return Fields(source.quarters, {f: amount[f] for f in order}, {f: reduction[f] for f in order})


def by_code(source: Source, column: str, level: str) -> dict[str, list[int]]:
    """A column of the disclosure since start by code of a level and quarter, over lenders and facilities."""
    frame = source.table("disclosure")
    some = np.flatnonzero((frame["horizon"].eq("since_start") & frame["level"].eq(level)).to_numpy(dtype=bool))
    codes, places = source.texts("disclosure", "code"), source.places("disclosure").tolist()
    values = source.figures("disclosure", column)[0].tolist()
    out: dict[str, list[int]] = {}
    for i in some.tolist():
        out.setdefault(codes[i], [0] * len(source.quarters))[places[i]] += values[i]
    return out


def field_label(source: Source, field: str, lang: str) -> str:
    """The name of a field, or what stands for the part no field has."""
    return source.field_name(field, lang) if field else word("not_split", lang)


def field_hatches(order: Sequence[str]) -> dict[str, str]:
    """Hatches by field, on every picture the same: by its place in the list."""
    listed = list(known_fields())
    return {f: grey("hatches", listed.index(f) if f in listed else len(listed)) if f else "" for f in order}


def field_colours(order: Sequence[str]) -> dict[str, str]:
    """Colours by field; grey for the part no field has."""
    return {**colours_of("field", [f for f in order if f]), REST: SOFT}


def draw(source: Source, data: Fields, page: Page) -> None:
    """Two panels of stacked bars, a colour and hatch a field: amounts, and tonnes a year."""
    lang = page.lang
    order = list(data.amount)
    colour = field_colours(order)
    hatch = field_hatches(order)
    whole = [sum(v) for v in zip(*data.amount.values(), strict=True)]
    tonnes = [sum(v) for v in zip(*data.reduction.values(), strict=True)]
    money, mass = unit_for("yuan", whole, lang), unit_for("tCO2e/a", tonnes, lang)
    panels = [Panel(head("amount", lang), money.name)]
    series = [(data.amount, money)]
    if any(tonnes):
        panels.append(Panel(head("tonnes", lang), mass.name, column=1))
        series.append((data.reduction, mass))
    legend = [Entry(field_label(source, f, lang), colour[f], hatch=hatch[f]) for f in order]
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
        largest=field_label(source, top, lang),
        share=f"{100 * data.amount[top][-1] / whole[-1]:.0f}",
    )
