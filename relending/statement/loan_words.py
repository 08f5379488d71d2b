"""What differs of a loan from what was published, in words 差异说明: its kind, and each figure or text, old and new.

Among them is what its reduction was worked out from, the project's investment and annual reduction and the report they
come from: of a record that did not keep these they are empty, and nothing is said of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from relending import policy
from relending.dates import quarter_text
from relending.statement.printed import set_apart
from relending.statement.record import WORKED_OUT_FROM
from relending.statement.statement import clean
from relending.statement.words import word, words
from relending.units import decimal_text

RATE_DECIMALS, TONNE_DECIMALS, YUAN_DECIMALS = 4, 6, 2
"""Decimals that show the parts per million of a rate in per cent, grams of a tonne and fen of a yuan exactly."""
Row = Mapping[Any, Any]
"""A row of ``Moved.loans``."""
NOTHING = "—"


def figure_text(value: int, decimals: int, lang: str) -> str:
    """A scaled integer as a document in this language shows it.

    >>> figure_text(-123_450, 2, "zh"), figure_text(-123_450, 2, "en")
    ('-1234.50', '-1,234.50')
    """
    return set_apart(decimal_text(value, decimals), lang)


def field_name(code: str, lang: str) -> str:
    """The name of a field; of an unknown one its code."""
    known = policy.fields().get(code)
    return clean(code) if known is None else known.zh if lang == "zh" else known.en


def _figure(decimals: int) -> Callable[[Any, str], str]:
    return lambda value, lang: figure_text(int(value), decimals, lang)


def _quarter(value: Any, lang: str) -> str:
    return quarter_text(int(value))


def _id(value: Any, lang: str) -> str:
    return clean(str(value))


def _field(value: Any, lang: str) -> str:
    return field_name(str(value), lang) if lang else clean(str(value))


def _evidence(value: Any, lang: str) -> str:
    return words("evidence", lang).get(str(value), clean(str(value))) if lang else clean(str(value))


SHOWN: Mapping[str, Callable[[Any, str], str]] = {
    "field": _field,
    "project_id": _id,
    "quarter": _quarter,
    "amount_fen": _figure(YUAN_DECIMALS),
    "rate_ppm": _figure(RATE_DECIMALS),
    "reduction_g": _figure(TONNE_DECIMALS),
    "investment_fen": _figure(YUAN_DECIMALS),
    "project_reduction_g": _figure(TONNE_DECIMALS),
    "evidence": _evidence,
    "evidence_doc": _id,
}
"""How each value of a loan is shown, of ``Moved.loans`` without ``_before`` and ``_now``; no language: in signs."""


def changed(row: Row, lang: str) -> dict[str, tuple[str, str]]:
    """The values of a loan that differ, old and new as shown; of one that was or is not there the others are a dash."""
    out = {}
    both = not pd.isna(row["amount_fen_before"]) and not pd.isna(row["amount_fen_now"])
    for name, shown in SHOWN.items():
        if name in WORKED_OUT_FROM.names and (not both or forgotten(row)):
            continue
        old, new = (NOTHING if pd.isna(x) else shown(x, lang) for x in (row[f"{name}_before"], row[f"{name}_now"]))
        if old != new:
            out[name] = old, new
    return out


def forgotten(row: Row) -> bool:
    """Whether a loan that was counted is of a record that did not keep what its reduction was worked out from."""
    before = (row[f"{name}_before"] for name in WORKED_OUT_FROM.names)
    return not pd.isna(row["amount_fen_before"]) and all(pd.isna(one) for one in before)


def worked_out_text(row: Row, lang: str) -> list[str]:
    """What of a loan's reduction was worked out otherwise, each with its name: ``项目总投资（元） 1.00 → 2.00``."""
    return [_told(name, *pair, lang) for name, pair in changed(row, lang).items() if name in WORKED_OUT_FROM.names]


def _told(name: str, old: str, new: str, lang: str) -> str:
    return f"{word(f'chain.of_{name}', lang)} {word('chain.arrow', lang, old=old, new=new)}"


def kind_text(row: Row, lang: str) -> str:
    """What happened to a loan."""
    return word("chain.kinds_between", lang).join(word(f"chain.kind_{kind}", lang) for kind in row["kind"].split(";"))


def found_of(row: Row, lang: str = "") -> str:
    """What differs of a loan: in words of a language, or in signs without one (kind, then old → new)."""
    told = changed(row, lang)
    if not lang:
        parts = "; ".join(f"{old} → {new}" for old, new in told.values())
        return f"{row['kind']}: {parts}"
    side = "before" if pd.isna(row["amount_fen_now"]) else "now" if pd.isna(row["amount_fen_before"]) else ""
    if side:  # on one side only: what it is, not what became of each of its figures
        lines = [
            f"{word(f'chain.of_{name}', lang)} {old if side == 'before' else new}" for name, (old, new) in told.items()
        ]
    else:
        lines = [_told(name, old, new, lang) for name, (old, new) in told.items()]
    text = word("class.between", lang).join(lines)
    return word("chain.found", lang, kind=kind_text(row, lang), what=text) if side else text
