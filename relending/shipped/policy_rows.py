"""Rows of the policy data: every dated value, membership and listing of every facility, and the LPR.

Values are in users' units: fractions, yuan, months, days, true/false as 1 and 0; each also as text, exact.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from relending import policy
from relending.book.parameters import parameters as sheet_parameters
from relending.policy import DATING, PARAMETERS, Facility, Parameter, Quota, Window, option_name
from relending.policy.parse import BP, FEN, PPM
from relending.policy.plain import fixed
from relending.policy.words import said

Row = dict[str, Any]


class _Entry(Protocol):
    @property
    def source(self) -> str: ...
    @property
    def source_zh(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def checked(self) -> dt.date | None: ...


def lpr_rows() -> Iterator[Row]:
    """Every fixing of the LPR, rates as fractions a year."""
    for fixing in policy.lpr().fixings:
        rates = {"lpr_1y": fixing.lpr_1y_ppm / PPM, "lpr_5y": fixing.lpr_5y_ppm / PPM}
        yield {"date": fixing.date, **rates, **_cited(fixing)}


def rows() -> Iterator[Row]:
    """Every rule of every facility in file order, then the class of every lender."""
    for name in policy.facilities():
        found = policy.facility(name)
        for parameter in found.parameters:
            yield from _parameter(found, PARAMETERS[parameter])
        yield from _lenders(found)
        yield from _sectors(found)
    for lender in policy.lenders().values():
        yield {
            "parameter": "lender_class",
            "parameter_zh": said("word", "zh")["class"],
            "key": lender.id,
            **_class(lender.cls),
            **_cited(lender),
        }


def _cited(entry: _Entry) -> Row:
    return {
        "source": entry.source,
        "source_zh": entry.source_zh,
        "status": entry.status,
        "checked": entry.checked,
    }


def _start(day: dt.date) -> dt.date | None:
    """A day values count from; None for what holds from the beginning."""
    return None if day == policy.ALWAYS else day


def _head(found: Facility, parameter: str, name_zh: str) -> Row:
    return {
        "facility": found.id,
        "facility_zh": found.name["zh"],
        "parameter": parameter,
        "parameter_zh": name_zh,
        "picked_by": DATING[parameter],
    }


def _parameter(found: Facility, parameter: Parameter) -> Iterator[Row]:
    for entry in found[parameter.name].values:
        # a launch is dated by itself
        start = entry.value if parameter.name == "launch" else _start(entry.start)
        head = _head(found, parameter.name, parameter.zh) | {"from_date": start} | _cited(entry)
        for told in _values(parameter, entry.value):
            yield head | told


def _values(parameter: Parameter, value: Any) -> Iterator[Row]:
    """A value as rows: one, or one for each of its parts."""
    if isinstance(value, bool):
        yes = "yes" if value else "no"
        names = {f"text_{lang}": said("word", lang)[yes] for lang in ("zh", "en")}
        yield {"value": float(value), "text": "true" if value else "false", "unit": "true/false", **names}
    elif isinstance(value, Window):
        yield {"key": "first", "text": value.first.isoformat(), "unit": "date"}
        if value.last != dt.date.max:
            yield {"key": "last", "text": value.last.isoformat(), "unit": "date"}
    elif isinstance(value, Quota):
        yield from _quota(value)
    elif isinstance(value, Mapping):
        for term, ppm in value.items():
            yield {"key": str(term), **_number(ppm, PPM, "fraction a year")}
    elif isinstance(value, tuple):
        for one in value:
            yield _option(parameter, one)
    elif isinstance(value, dt.date):
        yield {"text": value.isoformat(), "unit": "date"}
    elif isinstance(value, str):
        yield _option(parameter, value)
    elif parameter.kind == "ratio":
        yield _number(value, BP, "fraction")
    elif parameter.kind == "ratio_ppm":
        yield _number(value, PPM, "fraction")
    elif parameter.kind in ("rate", "rate_table"):
        yield _number(value, PPM, "fraction a year")
    else:
        last = parameter.name.rpartition("_")[2]
        yield _number(value, 1, last if last in ("months", "days") else "count")


def _number(value: int, scale: int, unit: str) -> Row:
    return {"value": value / scale, "text": fixed(value, scale), "unit": unit}


def _option(parameter: Parameter, option: str) -> Row:
    zh = option_name(parameter.name, option, "zh").removesuffix(f" {option}")
    return {"text": option, "text_zh": "" if zh == option else zh, "unit": "text"}


def _quota(quota: Quota) -> Iterator[Row]:
    names = {f"text_{lang}": said("word", lang)[quota.kind] for lang in ("zh", "en")}
    if not quota.pools:
        yield {"text": quota.kind, **names, "unit": "yuan"}
    for pool in quota.pools:
        yield {
            "key": pool.id,
            "value": pool.amount_fen / FEN,
            "text": quota.kind,
            **names,
            "members": ";".join(pool.sectors),
            "unit": "yuan a calendar year" if quota.kind == "flow" else "yuan",
        }


def _class(cls: str) -> Row:
    zh, en = sheet_parameters()["lender_class"].values[cls]
    return {"text": cls, "text_zh": zh, "text_en": en, "unit": "lender class"}


def _lenders(found: Facility) -> Iterator[Row]:
    known = policy.lenders()
    for entry in found.lenders:
        head = _head(found, "lenders", said("word", "zh")["lenders"]) | {"from_date": _start(entry.start)}
        for ident in entry.ids:
            names = {f"text_{lang}": known[ident].full_name[lang] for lang in ("zh", "en")} if ident in known else {}
            yield head | {"key": "id", "text": ident, **names, "unit": "lender id"} | _cited(entry)
        for cls in entry.classes:
            yield head | {"key": "class", **_class(cls)} | _cited(entry)


def _sectors(found: Facility) -> Iterator[Row]:
    known = policy.sectors()
    for entry in found.sectors:
        head = _head(found, "sectors", said("word", "zh")["sectors"]) | {"from_date": _start(entry.start)}
        for code in entry.codes:
            sector = known[code]
            named = {"key": sector.field, "text": code, "text_zh": sector.zh, "text_en": sector.en}
            # a code that stands for what no text names is as sure as itself, not as its list
            cited = entry if sector.status == "in_force" else sector
            yield head | named | {"unit": "sector code"} | _cited(cited)
