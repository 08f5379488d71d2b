"""Reading a facility: its TOML file, then what a scenario overrides; every problem at once.

An override *replaces* all dated values of its parameter: a plain value holds always, a list of ``{ from, value }``
tables gives dated values.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any, TypeVar

from relending.policy.names import nearest, sectors
from relending.policy.parameters import CLASSES, PARAMETERS, STATUSES, Parameter
from relending.policy.parse import MOST_COUNT, Problem, Reader, day, names, parse, yuan
from relending.policy.values import ALWAYS, Dated, DatedValue, Facility, Membership, SectorListing
from relending.policy.words import SCENARIO_SOURCE

LISTS = ("lenders", "sectors")
KEYS = (*PARAMETERS, *LISTS, "caps")
SCENARIO = (SCENARIO_SOURCE, "assumption", None)
"""Source, status and last check of a value that a scenario gives."""
_CAP = {"quarter": re.compile(r"\d{4}Q[1-4]"), "month": re.compile(r"\d{4}-(0[1-9]|1[0-2])")}
_CAP_FORM = {
    "quarter": ("a quarter like 2024Q1", "季度，如 2024Q1"),
    "month": ("a month like 2024-03", "月份，如 2024-03"),
}
_META = {"source", "source_zh", "status", "checked"}
_T = TypeVar("_T", Membership, SectorListing)


@cache
def facilities() -> tuple[str, ...]:
    """Ids of the facilities shipped, by name.

    >>> facilities()
    ('cerf', 'clean_coal', 'small_business')
    """
    folder = resources.files("relending.policy").joinpath("facilities")
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


@cache
def _raw(facility_id: str) -> dict[str, Any]:
    file = resources.files("relending.policy").joinpath("facilities", f"{facility_id}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)


@cache
def _shipped(facility_id: str) -> Facility:
    raw = _raw(facility_id)
    if raw["id"] != facility_id:
        raise ValueError(f"facilities/{facility_id}.toml says id = {raw['id']!r}")
    reader = Reader(codes=_codes(raw))
    found = build(reader, raw, f"facilities/{facility_id}.toml")
    if reader.problems:
        raise ValueError("\n".join(map(str, reader.problems)))
    return found


def _codes(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Sector codes that may be named by this facility: those that belong to it."""
    return tuple(s.code for s in sectors().values() if s.facility == raw["id"])


def build(reader: Reader, raw: Mapping[str, Any], path: str) -> Facility:
    """A facility from a mapping of the shape of a facility file; problems are noted in the reader."""
    parameters = {}
    for key in raw:
        if key not in ("id", "name", *KEYS):
            reader.note(f"{path}: {key}", key, "a parameter name", "参数名称", nearest(key, KEYS))
    for name, parameter in PARAMETERS.items():
        if name in raw:
            dated = _dated(reader, f"{path}: {name}", raw[name], parameter, bare="launch")
            if dated:
                parameters[name] = dated
        elif parameter.required:
            reader.note(f"{path}: {name}", None, "at least one dated value", "至少一个带日期的取值")
    lenders = _entries(reader, f"{path}: lenders", raw.get("lenders", []), _membership)
    listings = _entries(reader, f"{path}: sectors", raw.get("sectors", []), _listing)
    return Facility(raw["id"], raw["name"], lenders, listings, parameters, dict(raw.get("caps", {})))


def _start(reader: Reader, path: str, entry: Mapping[str, Any], default: dt.date | None) -> dt.date | None:
    if "from" not in entry and default is not None:
        return default
    start = day(entry.get("from"))
    if start is None:
        reader.note(f"{path}.from", entry.get("from"), "a date, for example 2024-01-01", "日期，例如 2024-01-01")
    return start


def _meta(reader: Reader, path: str, entry: Mapping[str, Any]) -> tuple[str, str, dt.date | None, str]:
    """Source, status, last check and Chinese source of an entry; those of a scenario where it names none."""
    source, status = entry.get("source", SCENARIO[0]), entry.get("status", SCENARIO[1])
    source_zh, checked = entry.get("source_zh", ""), day(entry.get("checked"))
    for key, text in (("source", source), ("source_zh", source_zh)):
        if not isinstance(text, str):
            reader.note(f"{path}.{key}", text, "text", "文本")
    if status not in STATUSES:
        listed = ", ".join(STATUSES)
        reader.note(f"{path}.status", status, f"one of {listed}", f"下列之一：{listed}", nearest(str(status), STATUSES))
    if "checked" in entry and entry["checked"] is not None and checked is None:
        reader.note(f"{path}.checked", entry["checked"], "a date", "日期")
    return str(source), str(status), checked, str(source_zh)


def _known_keys(reader: Reader, path: str, entry: Mapping[str, Any], allowed: set[str]) -> None:
    for key in entry:
        if key not in allowed:
            listed = ", ".join(sorted(allowed))
            reader.note(
                f"{path}.{key}", key, f"one of {listed}", f"下列之一：{listed}", nearest(str(key), sorted(allowed))
            )


def _dated(reader: Reader, path: str, raw: list[Any], parameter: Parameter, bare: str = "") -> Dated | None:
    """Dated values from a list of tables; ``bare`` names the parameter whose entry may lack ``from``."""
    before, values = len(reader.problems), []
    if not raw:
        reader.note(path, raw, "at least one { from = DATE, value = ... }", "至少一项 { from = 日期, value = … }")
    for i, entry in enumerate(raw):
        here = f"{path}[{i + 1}]"
        if not isinstance(entry, Mapping) or "value" not in entry:
            reader.note(here, entry, "{ from = DATE, value = ... }", "{ from = 日期, value = … }")
            continue
        _known_keys(reader, here, entry, {"from", "value", *_META})
        start = _start(reader, here, entry, ALWAYS if parameter.name == bare else None)
        value = parse(reader, f"{here}.value", entry["value"], parameter)
        meta = _meta(reader, here, entry)
        if start is not None and value is not None:
            values.append(DatedValue(start, value, *meta))
    if len({v.start for v in values}) < len(values):
        reader.note(path, [v.start for v in values], "a different `from` for each value", "各取值的 from 日期不重复")
    if parameter.single and len(raw) > 1:
        reader.note(
            path, f"{len(raw)} values", "one value: it holds for the whole run", "只能有一个取值：适用于整个测算期"
        )
    if len(reader.problems) > before:
        return None
    return Dated(parameter.name, tuple(sorted(values, key=lambda v: v.start)))


def _entries(
    reader: Reader, path: str, raw: Any, one: Callable[[Reader, str, Mapping[str, Any]], _T | None]
) -> tuple[_T, ...]:
    found: list[_T] = []
    for i, entry in enumerate(raw):
        here = f"{path}[{i + 1}]"
        if not isinstance(entry, Mapping):
            reader.note(here, entry, "a table with `from`", "带 from 的表")
            continue
        item = one(reader, here, entry)
        if item is not None:
            found.append(item)
    return tuple(sorted(found, key=lambda item: item.start))


def _membership(reader: Reader, path: str, entry: Mapping[str, Any]) -> Membership | None:
    _known_keys(reader, path, entry, {"from", "ids", "classes", *_META})
    start = _start(reader, path, entry, ALWAYS)
    ids = names(
        reader, f"{path}.ids", entry.get("ids", []), None, "lender ids (a-z, 0-9, _)", "机构编号（a-z、0-9、_）"
    )
    listed = ", ".join(CLASSES)
    classes = names(
        reader, f"{path}.classes", entry.get("classes", []), CLASSES, f"classes: {listed}", f"机构类别（{listed}）"
    )
    if not ids and not classes and ids is not None and classes is not None:
        reader.note(path, dict(entry), "ids or classes", "ids 或 classes")
        return None
    meta = _meta(reader, path, entry)
    return None if start is None or ids is None or classes is None else Membership(start, ids, classes, *meta)


def _listing(reader: Reader, path: str, entry: Mapping[str, Any]) -> SectorListing | None:
    _known_keys(reader, path, entry, {"from", "codes", *_META})
    start = _start(reader, path, entry, ALWAYS)
    listed = ", ".join(reader.codes)
    codes = names(
        reader,
        f"{path}.codes",
        entry.get("codes", []),
        reader.codes,
        f"sector codes of the facility: {listed}",
        f"该工具的领域代码（{listed}）",
    )
    meta = _meta(reader, path, entry)
    return None if start is None or codes is None else SectorListing(start, codes, *meta)


def _plain_list(name: str, value: Any) -> Any:
    """The tables that a short form of ``lenders`` or ``sectors`` stands for: a table, or a list of names."""
    if isinstance(value, Mapping):
        return [value]
    if isinstance(value, list | tuple) and value and all(isinstance(v, str) for v in value):
        if name == "sectors":
            return [{"codes": list(value)}]
        return [{"classes": [v for v in value if v in CLASSES], "ids": [v for v in value if v not in CLASSES]}]
    return value


def _caps(reader: Reader, path: str, value: Any, frequency: Dated) -> dict[str, int]:
    wanted = 'periods with amounts in yuan, for example { "2024Q1" = 2e9 }'
    if not isinstance(value, Mapping):
        reader.note(path, value, wanted, '各申请期及金额（元），例如 { "2024Q1" = 2e9 }')
        return {}
    kinds = {v.value for v in frequency.values}
    found = {}
    for period, amount in value.items():
        if not any(_CAP[kind].fullmatch(str(period)) for kind in kinds):
            forms = [_CAP_FORM[kind] for kind in sorted(kinds)]
            reader.note(f"{path}.{period}", period, " or ".join(f[0] for f in forms), "或".join(f[1] for f in forms))
            continue
        fen = yuan(reader, f"{path}.{period}", amount)
        if fen is not None:
            found[str(period)] = fen
    return found


def _is_dated(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _overridden(facility_id: str, overrides: Mapping[str, Any], reader: Reader) -> Facility:
    base, path = _shipped(facility_id), f"facility.{facility_id}"
    reader.codes = _codes({"id": facility_id})
    parameters = dict(base.parameters)
    lenders, listings = base.lenders, base.sectors
    for key, value in overrides.items():
        here = f"{path}.{key}"
        if key not in KEYS:
            reader.note(here, key, "a parameter of the facility", "该工具的参数", nearest(str(key), KEYS))
        elif key in LISTS:
            tables = _plain_list(key, value)
            if not isinstance(tables, list | tuple) or not tables:
                inner = 'classes = ["city"]' if key == "lenders" else f'codes = ["{next(iter(reader.codes), "")}"]'
                example = "[{ from = 2023-01-01, " + inner + " }]"
                reader.note(here, value, example, example)
            elif key == "lenders":
                lenders = _entries(reader, here, tables, _membership)
            else:
                listings = _entries(reader, here, tables, _listing)
        elif key in PARAMETERS:
            parameter = PARAMETERS[key]
            if _is_dated(value):
                dated = _dated(reader, here, list(value), parameter)
                if dated:
                    parameters[key] = dated
            else:
                parsed = parse(reader, here, value, parameter)
                if parsed is not None:
                    parameters[key] = Dated(key, (DatedValue(ALWAYS, parsed, *SCENARIO),))
    caps = dict(base.caps)
    if "caps" in overrides:
        caps = _caps(reader, f"{path}.caps", overrides["caps"], parameters["frequency"])
    ordered = {name: parameters[name] for name in PARAMETERS if name in parameters}
    found = Facility(base.id, base.name, lenders, listings, ordered, caps)
    if not reader.problems:
        _fits(reader, found, path)
        _ends(reader, found, path, overrides)
    return found


def _fits(reader: Reader, found: Facility, path: str) -> None:
    """What one parameter needs of another: every term its rate, every kind of loan-rate limit its figures."""
    terms = {int(v.value) for v in found["term_months"].values}
    for entry in found["rate"].values:
        missing = sorted(terms - set(entry.value)) if isinstance(entry.value, Mapping) else []
        if missing:
            listed = ", ".join(str(t) for t in missing)
            terms_found = "terms " + ", ".join(str(t) for t in entry.value)
            reader.note(
                f"{path}.rate", terms_found, f"a rate for a term of {listed} months", f"期限 {listed} 个月的利率"
            )
    needs = {"lpr": ("tolerance", "lpr_1y_up_to_months"), "cap": ("loan_rate_cap",)}
    for kind in {v.value for v in found["loan_rate_limit"].values}:
        for name in needs.get(kind, ()):
            if name not in found:
                reader.note(
                    f"{path}.{name}",
                    None,
                    f'a value, since loan_rate_limit is "{kind}"',
                    f'须给出取值，因为 loan_rate_limit 为 "{kind}"',
                )
    if found["selection"].latest().value == "listed" and not found.sectors:
        reader.note(
            f"{path}.sectors",
            None,
            'sector codes, since selection is "listed"',
            '须给出领域代码，因为 selection 为 "listed"',
        )


def _ends(reader: Reader, found: Facility, path: str, overrides: Mapping[str, Any]) -> None:
    """Term and rollovers in force together (both picked by the draw date) may not add up to more than a century."""
    term, rollovers = found["term_months"], found["rollovers"]
    days = {v.start for v in (*term.values, *rollovers.values)}
    pairs = {(int(term.on(day).value), int(rollovers.on(day).value)) for day in days}
    months, times = max(pairs, key=lambda pair: pair[0] * (pair[1] + 1))
    if months * (times + 1) > MOST_COUNT:
        key = "rollovers" if "rollovers" in overrides else "term_months"
        rule = f"term_months × (rollovers + 1) <= {MOST_COUNT}"
        reader.note(f"{path}.{key}", f"term_months = {months}, rollovers = {times}", rule, rule)


def _unknown(facility_id: str) -> Problem | None:
    if facility_id in facilities():
        return None
    return Problem(
        f"facility.{facility_id}",
        facility_id,
        "one of " + ", ".join(facilities()),
        nearest(facility_id, facilities()),
        "下列之一：" + ", ".join(facilities()),
    )


def check_overrides(facility_id: str, mapping: Mapping[str, Any]) -> list[Problem]:
    """Everything wrong in the table ``[facility.ID]`` of a scenario; empty if all is well.

    >>> [str(p) for p in check_overrides("cerf", {"ratoi": Decimal("0.6")})]
    ['facility.cerf.ratoi: found "ratoi", expected a parameter of the facility; nearest valid name: ratio']
    """
    unknown = _unknown(facility_id)
    if unknown:
        return [unknown]
    reader = Reader()
    if not isinstance(mapping, Mapping):
        reader.note(f"facility.{facility_id}", mapping, "a table of parameters", "参数表")
    else:
        _overridden(facility_id, mapping, reader)
    return reader.problems


def facility(id: str, overrides: Mapping[str, Any] | None = None) -> Facility:
    """A shipped facility, with what a scenario overrides. ValueError with every problem, one a line.

    Integers after loading: ratio in bp, rates in ppm, amounts in fen.

    >>> facility("cerf")["rate"].on(dt.date(2025, 6, 1)).value
    15000
    >>> facility("cerf", {"ratio": 0.8})["ratio"].latest().value
    8000
    """
    unknown = _unknown(id)
    if unknown:
        raise ValueError(str(unknown))
    if not overrides:
        return _shipped(id)
    reader = Reader()
    found = _overridden(id, overrides, reader)
    if reader.problems:
        raise ValueError("\n".join(map(str, reader.problems)))
    return found


def last_checked(found: Facility) -> dt.date | None:
    """The newest date on which a value of the facility was checked: what lies after it, nobody has looked up."""
    checked = [m.checked for m in found.lenders] + [s.checked for s in found.sectors]
    checked += [v.checked for dated in found.parameters.values() for v in dated.values]
    return max((day for day in checked if day is not None), default=None)
