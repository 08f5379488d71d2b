"""The loans that differ from what was published, as a table for people of the bank: never in what is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from relending.dates import quarter_text
from relending.engine.columns import ints
from relending.engine.disclosure import HORIZONS
from relending.engine.opening_totals import SINCE_START
from relending.statement.document import Cell, Paragraph, Table
from relending.statement.printed import set_apart
from relending.statement.statement import clean
from relending.statement.words import word
from relending.units import decimal_text, total

MOST = 2000
"""Loans in a table; of more it is said how many."""
_FIRST = (SINCE_START, *HORIZONS)
_WIDTHS = (0.14, 0.18, 0.1, 0.1, 0.09, 0.14, 0.09, 0.1, 0.06)
RATE_DECIMALS, TONNE_DECIMALS, YUAN_DECIMALS = 4, 6, 2
"""Decimals that show the parts per million of a rate in per cent, grams of a tonne and fen of a yuan exactly."""


def figure_text(value: int, decimals: int, lang: str) -> str:
    """A scaled integer as a document in this language shows it.

    >>> figure_text(-123_450, 2, "zh"), figure_text(-123_450, 2, "en")
    ('-1234.50', '-1,234.50')
    """
    return set_apart(decimal_text(value, decimals), lang)


def loan_blocks(
    loans: pd.DataFrame, names: Mapping[str, str], caption: str, lang: str, most: int = MOST
) -> list[Paragraph | Table]:
    """A table of ``Moved.loans``, each loan once, and how many are left out; ``names`` are those of the fields."""
    rank = loans["horizon"].map({horizon: _FIRST.index(horizon) for horizon in HORIZONS}).astype("int64")
    once = loans.assign(rank=rank).sort_values("rank", kind="stable").drop_duplicates("loan_id")
    once = once.sort_values("loan_id", kind="stable")
    heads = ("loan", "kind", "loan_field", "loan_quarter", "loan_rate", "loan_amount", "loan_amount_off")
    header = tuple(Cell(word(f"chain.{name}", lang)) for name in (*heads, "loan_reduction", "loan_reduction_off"))
    rows = tuple(_row(one, names, lang) for one in once.head(most).to_dict("records"))
    rows += (_sum(loans[loans["horizon"].eq(SINCE_START).to_numpy(dtype=bool)], lang),)
    out: list[Paragraph | Table] = [Table(caption, (header,), rows, _WIDTHS, wide=True)]
    if len(once) > most:
        out.append(Paragraph(word("chain.more", lang, n=f"{len(once) - most:,}"), "footnote"))
    return out


def _row(one: Mapping[Any, Any], names: Mapping[str, str], lang: str) -> tuple[Cell, ...]:
    def both(name: str, shown: Callable[[Any], str]) -> str:
        old, new = ("—" if pd.isna(x) else shown(x) for x in (one[f"{name}_before"], one[f"{name}_now"]))
        return old if old == new else word("chain.arrow", lang, old=old, new=new)

    def figure(decimals: int) -> Callable[[Any], str]:
        return lambda value: figure_text(int(value), decimals, lang)

    kind = word("chain.kinds_between", lang).join(word(f"chain.kind_{k}", lang) for k in one["kind"].split(";"))
    if one["horizon"] != SINCE_START:
        kind += word(f"chain.only_{one['horizon']}", lang)
    return (
        Cell(clean(str(one["loan_id"]))),
        Cell(kind),
        Cell(both("field", lambda code: names.get(code, str(code)))),
        Cell(both("quarter", quarter_text)),
        Cell(both("rate_ppm", figure(RATE_DECIMALS)), figure=True),
        Cell(both("amount_fen", figure(YUAN_DECIMALS)), figure=True),
        Cell(figure_text(int(one["amount_fen_difference"]), YUAN_DECIMALS, lang), figure=True),
        Cell(both("reduction_g", figure(TONNE_DECIMALS)), figure=True),
        Cell(figure_text(int(one["reduction_g_difference"]), TONNE_DECIMALS, lang), figure=True),
    )


def _sum(loans: pd.DataFrame, lang: str) -> tuple[Cell, ...]:
    """What all loans change of the cumulative total since first support."""
    amount, reduction = (total(ints(loans, f"{name}_difference")[0]) for name in ("amount_fen", "reduction_g"))
    return (
        Cell(word("table.total", lang), bold=True, across=6),
        Cell(figure_text(amount, YUAN_DECIMALS, lang), figure=True, bold=True),
        Cell(""),
        Cell(figure_text(reduction, TONNE_DECIMALS, lang), figure=True, bold=True),
    )
