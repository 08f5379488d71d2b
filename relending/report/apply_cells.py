"""What stands in the cells of an application list: figures exactly in the unit of their column, words in a language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from relending import policy
from relending.book.columns import columns
from relending.findings import messages
from relending.lineage.applying import ApplicationList
from relending.lineage.whynot import Reason
from relending.report.apply_fields import Column, Field, group_words, reason_words, word
from relending.sheet import TEXT
from relending.units import decimal_text

_STEP = {
    "principal": "principal_fen",
    "rate": "rate_ppm",
    "lpr": "lpr_ppm",
    "spread": "spread_ppm",
    "project_investment": "project_investment_fen",
    "share": "share_e8",
    "project_reduction": "project_reduction_g",
    "loan_reduction": "reduction_g",
    "ratio": "ratio_bp",
    "asked": "asked_fen",
}
"""The column of the step frame behind a field, where it has another name."""

Value = int | str | dt.date | None
"""What a field holds: an integer (scaled as its kind says), a text, a day, or nothing."""


def values_of(listed: pd.DataFrame, field: Field, said: Mapping[str, str], lang: str) -> list[Value]:
    """The values of one field, loan by loan; ``said`` are those that are the same for every loan."""
    if field.name == "no":
        return list(range(1, len(listed) + 1))
    if field.name in said:
        return [said[field.name]] * len(listed)
    if field.name == "field":
        named = [None if pd.isna(v) else str(v) for v in listed["field"].tolist()]
        return [text_of("field", v, lang) if v else word("no_field", lang) for v in named]
    column = listed[_STEP.get(field.name, field.name)]
    found: list[Value] = [None if pd.isna(v) else v for v in column.tolist()]
    if field.kind == TEXT:
        return [None if v is None else text_of(field.name, str(v), lang) for v in found]
    return found


def text_of(name: str, value: str, lang: str) -> str:
    """A coded text in words: fields, sectors, studies, tenors by name; anything else as it is.

    >>> text_of("sector", "wind", "zh"), text_of("lpr_tenor", "5Y", "zh"), text_of("evidence", "eia", "zh")
    ('风力发电', '5年期以上', '环评报告')
    """
    if name == "field" and value in policy.fields():
        home = policy.fields()[value]
        return home.zh if lang == "zh" else home.en
    if name == "sector" and value in policy.sectors():
        sector = policy.sectors()[value]
        return sector.zh if lang == "zh" else sector.en
    if name == "lpr_tenor":
        return word(f"tenor_{value}", lang)
    known = columns().get(name)
    if lang == "zh" and known is not None and value in known.values:
        return known.values[value][0]
    return value


def figure(value: int, column: Column) -> float:
    """A figure in the unit of its column: the number next to the exact one.

    >>> from relending.report.apply_fields import fields
    >>> figure(123_456_789, Column("贷款金额（万元）", fields()["principal"], 6))
    123.456789
    """
    return float(Decimal(value).scaleb(-column.power))


def places(value: int, column: Column) -> int:
    """How many places a figure takes as it is shown, thousands apart and with every decimal it has.

    >>> from relending.report.apply_fields import fields
    >>> places(123_456_789, Column("贷款金额（元）", fields()["principal"], 2))
    12
    """
    whole, _, part = decimal_text(value, column.power).partition(".")
    return len(whole) + 1 + max(len(part.rstrip("0")), 2)


def total_of(listed: pd.DataFrame, column: Column) -> float:
    """The sum of a column, exact before it is put into its unit."""
    assert column.field is not None
    values = listed[_STEP.get(column.field.name, column.field.name)].dropna().tolist()
    return figure(sum(int(v) for v in values), column)


def reason_text(reason: Reason, lang: str) -> str:
    """A reason in words, with the errors of a loan that was set aside in full."""
    names: dict[str, Any] = dict(reason.names)
    if reason.kind == "set_aside":
        told = [
            messages()[code].message[lang] + (word("found", lang, found=found) if found else "")
            for code, found in names["errors"]
        ]
        names["errors"] = ("；" if lang == "zh" else "; ").join(told or [reason_words("data_error", lang)])
    elif reason.kind == "other_facility":
        known = policy.facility(names["facility"]) if names["facility"] in policy.facilities() else None
        names["facility"] = known.name[lang] if known is not None else names["facility"]
    elif "amount" in names:
        amount, day = names["amount"], names["day"]
        names["amount"] = "" if amount is None else word("amount", lang, amount=decimal_text(amount, 2))
        names["day"] = word("day", lang, day=day) if day else ""
    return reason_words(reason.kind, lang, **names)


def codes_of(reasons: Sequence[Reason]) -> str:
    """The codes of the findings for which a loan was set aside."""
    return "; ".join(code for reason in reasons for code, _ in reason.names.get("errors", ()))


def group_of(reasons: Sequence[Reason], lang: str) -> str:
    """The reason by which a loan counts in the totals: the main one."""
    return group_words(reasons[0].kind, lang)


def percent_of(ppm: int) -> float:
    """Parts per million as per cent."""
    return float(Decimal(ppm).scaleb(-4))


def same_for_all(found: ApplicationList, full_name: str, lang: str) -> dict[str, str]:
    """The fields that are the same for every loan of a list: who, from which facility, for which period."""
    return {"lender": full_name, "facility": found.facility.name[lang], "period": found.text}
