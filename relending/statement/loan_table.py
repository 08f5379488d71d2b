"""The loans that differ from what was published, as a table for people of the bank: never in what is published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from relending.engine.columns import ints
from relending.engine.disclosure import HORIZONS
from relending.engine.opening_totals import SINCE_START
from relending.statement.document import Cell, Paragraph, Table
from relending.statement.loan_words import (
    NOTHING,
    SHOWN,
    TONNE_DECIMALS,
    YUAN_DECIMALS,
    figure_text,
    forgotten,
    kind_text,
    worked_out_text,
)
from relending.statement.statement import clean
from relending.statement.words import word
from relending.units import total

MOST = 2000
"""Loans in a table; of more it is said how many."""
_FIRST = (SINCE_START, *HORIZONS)
_HEADS = ("loan", "project", "kind", "loan_field", "loan_quarter", "loan_rate", "loan_amount", "loan_amount_off")
_WIDTHS = (0.1, 0.08, 0.21, 0.09, 0.07, 0.07, 0.11, 0.09, 0.1, 0.08)


def loan_blocks(loans: pd.DataFrame, caption: str, lang: str, most: int = MOST) -> list[Paragraph | Table]:
    """A table of ``Moved.loans``, each loan once with everything that differs of it, and how many are left out."""
    rank = loans["horizon"].map({horizon: _FIRST.index(horizon) for horizon in HORIZONS}).astype("int64")
    once = loans.assign(rank=rank).sort_values("rank", kind="stable").drop_duplicates("loan_id")
    once = once.sort_values("loan_id", kind="stable")
    heads = (*_HEADS, "loan_reduction", "loan_reduction_off")
    header = tuple(Cell(word(f"chain.{name}", lang)) for name in heads)
    shown = once.head(most).to_dict("records")
    rows = tuple(_row(one, lang) for one in shown)
    rows += (_sum(loans[loans["horizon"].eq(SINCE_START).to_numpy(dtype=bool)], lang),)
    out: list[Paragraph | Table] = [Table(caption, (header,), rows, _WIDTHS, wide=True)]
    if len(once) > most:
        more = figure_text(len(once) - most, 0, lang)
        out.append(Paragraph(word("chain.more", lang, n=more), "footnote"))
    if any("reduction" in one["kind"].split(";") and forgotten(one) for one in shown):
        out.append(Paragraph(word("chain.forgotten", lang), "footnote"))
    return out


def _row(one: Mapping[Any, Any], lang: str) -> tuple[Cell, ...]:
    def both(name: str) -> str:
        values = one[f"{name}_before"], one[f"{name}_now"]
        old, new = (NOTHING if pd.isna(x) else SHOWN[name](x, lang) for x in values)
        return old if old == new else word("chain.arrow", lang, old=old, new=new)

    kind = word("class.between", lang).join([kind_text(one, lang), *worked_out_text(one, lang)])
    if one["horizon"] != SINCE_START:
        kind += word(f"chain.only_{one['horizon']}", lang)
    return (
        Cell(clean(str(one["loan_id"]))),
        Cell(both("project_id")),
        Cell(kind),
        Cell(both("field")),
        Cell(both("quarter")),
        Cell(both("rate_ppm"), figure=True),
        Cell(both("amount_fen"), figure=True),
        Cell(figure_text(int(one["amount_fen_difference"]), YUAN_DECIMALS, lang), figure=True),
        Cell(both("reduction_g"), figure=True),
        Cell(figure_text(int(one["reduction_g_difference"]), TONNE_DECIMALS, lang), figure=True),
    )


def _sum(loans: pd.DataFrame, lang: str) -> tuple[Cell, ...]:
    """What all loans change of the cumulative total since first support."""
    amount, reduction = (total(ints(loans, f"{name}_difference")[0]) for name in ("amount_fen", "reduction_g"))
    return (
        Cell(word("table.total", lang), bold=True, across=7),
        Cell(figure_text(amount, YUAN_DECIMALS, lang), figure=True, bold=True),
        Cell(""),
        Cell(figure_text(reduction, TONNE_DECIMALS, lang), figure=True, bold=True),
    )
