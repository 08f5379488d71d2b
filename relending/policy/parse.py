"""Parsing one value of one parameter: exact scaling to integers, every problem collected with its key path.

Numbers come from TOML as ``int`` or ``Decimal``; a ``float`` (from a notebook) is taken as its shortest decimal.
Fractions become ppm or bp, yuan become fen, and what does not scale to a whole number is a problem, never a rounding.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from numbers import Integral
from typing import Any

from relending.policy.names import nearest
from relending.policy.parameters import BORROWER_TYPES, Parameter
from relending.policy.values import Pool, Quota, Window

BP, PPM, FEN = 10_000, 1_000_000, 100
HIGHEST_RATE = Decimal("0.3")
"""Above it a rate is more likely percent than a fraction, as for the rates of a loan book."""
MOST_COUNT = 1200
"""The largest count of months, days or rollovers: a hundred years of months, so that no date leaves the calendar."""
MOST_YUAN = Decimal(2**62) / FEN


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in an override: where, what was found, what is expected (en, zh), the nearest valid name."""

    path: str
    found: str
    expected: str
    nearest: str | None = None
    expected_zh: str = ""

    def __str__(self) -> str:
        """One line: path, found, expected, nearest."""
        hint = f"; nearest valid name: {self.nearest}" if self.nearest else ""
        return f"{self.path}: found {self.found}, expected {self.expected}{hint}"


@dataclass(slots=True)
class Reader:
    """Where problems go and which sector codes the facility may use. A parser that fails notes it and returns None."""

    codes: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)

    def note(self, path: str, found: Any, en: str, zh: str, near: str | None = None) -> None:
        """Add a problem."""
        self.problems.append(Problem(path, shown(found), en, near, zh))


def shown(value: Any) -> str:
    """A value as a person wrote it in TOML, cut when long.

    >>> shown({"flow": Decimal("8E+11")}), shown(True), shown("x"), shown(dt.date(2024, 1, 1))
    ('{ flow = 8E+11 }', 'true', '"x"', '2024-01-01')
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        text = '"' + value + '"'
    elif isinstance(value, Mapping):
        text = "{ " + ", ".join(f"{k} = {shown(v)}" for k, v in value.items()) + " }"
    elif isinstance(value, list | tuple):
        text = "[" + ", ".join(shown(v) for v in value) + "]"
    else:
        text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def number(value: Any) -> Decimal | None:
    """A finite number as an exact decimal; None for anything else, truth values included.

    >>> number(0.6), number(True), number("0.6"), number(float("inf"))
    (Decimal('0.6'), None, None, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        value = Decimal(repr(float(value)))
    if isinstance(value, Integral):
        return Decimal(int(value))
    return value if isinstance(value, Decimal) and value.is_finite() else None


def day(value: Any) -> dt.date | None:
    """A date, or its ISO text; None for anything else (a date with a time too)."""
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, dt.date) and not isinstance(value, dt.datetime) else None


def scaled(value: Any, scale: int, low: Decimal, high: Decimal) -> int | None:
    """``value × scale`` as an exact whole number, if value lies from low to high; else None."""
    found = number(value)
    if found is None or not low <= found <= high or found.adjusted() < -40:
        return None
    exact = found.as_integer_ratio()
    return exact[0] * scale // exact[1] if (exact[0] * scale) % exact[1] == 0 else None


def _fraction(scale: int, high: Decimal, en: str, zh: str) -> Callable[[Reader, str, Any, Parameter], Any]:
    def parse(reader: Reader, path: str, value: Any, parameter: Parameter) -> Any:
        out = scaled(value, scale, Decimal(0), high)
        if out is None:
            reader.note(path, value, en, zh)
        return out

    return parse


_ratio = _fraction(
    BP,
    Decimal(1),
    "a fraction from 0 to 1 with at most 4 decimals, for example 0.60",
    "0 到 1 之间的小数，最多 4 位小数，例如 0.60",
)
_ratio_ppm = _fraction(
    PPM,
    1 - Decimal(1) / PPM,  # a haircut of all of it would leave collateral without worth
    "a fraction from 0 to below 1 with at most 6 decimals, for example 0.10",
    "0 以上、小于 1 的小数，最多 6 位小数，例如 0.10",
)
_rate = _fraction(
    PPM,
    HIGHEST_RATE,
    "a fraction a year from 0 to 0.3 with at most 6 decimals, for example 0.0175",
    "年利率，0 到 0.3 之间的小数，最多 6 位小数，例如 0.0175",
)


def _rate_table(reader: Reader, path: str, value: Any, parameter: Parameter) -> Any:
    if not isinstance(value, Mapping):
        return _rate(reader, path, value, parameter)
    if not value:
        return reader.note(path, value, "a rate, or rates by term in months", "利率，或按期限（月）列示的利率")
    table: dict[int, int] = {}
    for term, rate in value.items():
        months = int(term) if str(term).isascii() and str(term).isdigit() else 0
        if not months:
            reader.note(
                f"{path}.{term}",
                term,
                'a term in months as key, for example { "12" = 0.0175 }',
                '以月数为键，例如 { "12" = 0.0175 }',
            )
            continue
        ppm = _rate(reader, f"{path}.{term}", rate, parameter)
        if ppm is not None:
            table[months] = ppm
    return dict(sorted(table.items()))


def _whole(low: int, en: str, zh: str) -> Callable[[Reader, str, Any, Parameter], Any]:
    def parse(reader: Reader, path: str, value: Any, parameter: Parameter) -> Any:
        out = scaled(value, 1, Decimal(low), Decimal(MOST_COUNT))
        if out is None:
            reader.note(path, value, en, zh)
        return out

    return parse


_count = _whole(0, f"a whole number from 0 to {MOST_COUNT}", f"0 到 {MOST_COUNT} 的整数")
_positive = _whole(1, f"a whole number from 1 to {MOST_COUNT}", f"1 到 {MOST_COUNT} 的整数")


def _flag(reader: Reader, path: str, value: Any, parameter: Parameter) -> Any:
    if isinstance(value, bool):
        return value
    return reader.note(path, value, "true or false", "true 或 false")


def _option(reader: Reader, path: str, value: Any, parameter: Parameter) -> Any:
    if isinstance(value, str) and value in parameter.options:
        return value
    listed = ", ".join(parameter.options)
    near = nearest(value, parameter.options) if isinstance(value, str) else None
    return reader.note(path, value, f"one of {listed}", f"下列之一：{listed}", near)


def _date(reader: Reader, path: str, value: Any, parameter: Parameter) -> Any:
    found = day(value)
    return found if found else reader.note(path, value, "a date, for example 2024-01-01", "日期，例如 2024-01-01")


def _window(reader: Reader, path: str, value: Any, parameter: Parameter) -> Any:
    if isinstance(value, Mapping) and set(value) == {"first", "last"}:
        first, last = day(value["first"]), day(value["last"])
        if first and last and first <= last:
            return Window(first, last)
    return reader.note(
        path,
        value,
        "{ first = 2021-07-01, last = 2027-12-31 }, first not after last",
        "{ first = 2021-07-01, last = 2027-12-31 }，首日不晚于末日",
    )


def names(
    reader: Reader, path: str, value: Any, allowed: Iterable[str] | None, en: str, zh: str
) -> tuple[str, ...] | None:
    """A list of distinct names, each among ``allowed`` (None: any ``[a-z0-9_]+``)."""
    if not isinstance(value, list | tuple):
        reader.note(path, value, f"a list of {en}", f"{zh}列表")
        return None
    known = None if allowed is None else tuple(allowed)
    good = True
    for i, name in enumerate(value):
        text = isinstance(name, str)
        if known is None:
            ok = text and bool(name) and all(c in "abcdefghijklmnopqrstuvwxyz0123456789_" for c in name)
        else:
            ok = text and name in known
        if not ok:
            near = nearest(name, known) if text and known else None
            reader.note(f"{path}[{i + 1}]", name, f"one of the {en}", f"{zh}之一", near)
            good = False
    return tuple(dict.fromkeys(value)) if good else None


def _borrowers(reader: Reader, path: str, value: Any, parameter: Parameter) -> Any:
    listed = ", ".join(BORROWER_TYPES)
    return names(reader, path, value, BORROWER_TYPES, f"borrower types: {listed}", f"借款人类型（{listed}）")


def yuan(reader: Reader, path: str, value: Any) -> int | None:
    """An amount in yuan as fen."""
    fen = scaled(value, FEN, Decimal(0), MOST_YUAN)
    if fen is None:
        reader.note(
            path,
            value,
            "an amount in yuan, 0 or more, at most 2 decimals, for example 5e9",
            "以元为单位的金额，不小于 0，最多两位小数，例如 5e9",
        )
    return fen


def _pool(reader: Reader, path: str, raw: Any) -> Pool | None:
    if (
        not isinstance(raw, Mapping)
        or not {"id", "amount"} <= set(raw) <= {"id", "amount", "sectors"}
        or not isinstance(raw["id"], str)
        or not raw["id"]
    ):
        example = '{ id = "main", amount = 5e9, sectors = [] }'
        reader.note(path, raw, example, example)
        return None
    fen = yuan(reader, f"{path}.amount", raw["amount"])
    codes = names(
        reader,
        f"{path}.sectors",
        raw.get("sectors", []),
        reader.codes,
        "sector codes of the facility",
        "该工具的领域代码",
    )
    return None if fen is None or codes is None else Pool(raw["id"], fen, codes)


def _quota(reader: Reader, path: str, value: Any, parameter: Parameter) -> Any:
    wanted = (
        'an amount in yuan (one stock quota), { flow = 8e11 }, { stock = 8e11 }, { kind = "none" } or '
        '{ kind = "stock", pools = [{ id = "main", amount = 8e11, sectors = [] }] }'
    )
    wanted_zh = (
        '以元为单位的金额（余额额度）、{ flow = 8e11 }、{ stock = 8e11 }、{ kind = "none" } 或 '
        '{ kind = "stock", pools = [{ id = "main", amount = 8e11, sectors = [] }] }'
    )
    if number(value) is not None:
        value = {"stock": value}
    if not isinstance(value, Mapping):
        return reader.note(path, value, wanted, wanted_zh)
    keys = set(value)
    if len(keys) == 1 and keys <= {"flow", "stock"}:
        kind = next(iter(keys))
        fen = yuan(reader, path if kind == "stock" else f"{path}.{kind}", value[kind])
        return None if fen is None else Quota(kind, (Pool("main", fen, ()),))
    if value.get("kind") == "none" and keys <= {"kind", "pools"} and not value.get("pools"):
        return Quota("none", ())
    raw, known = value.get("pools"), value.get("kind") in ("stock", "flow") and keys == {"kind", "pools"}
    if not known or not isinstance(raw, list | tuple) or not raw:
        return reader.note(path, value, wanted, wanted_zh)
    pools = [_pool(reader, f"{path}.pools[{i + 1}]", p) for i, p in enumerate(raw)]
    ids = [p.id for p in pools if p]
    if len(set(ids)) < len(ids):
        return reader.note(f"{path}.pools", ids, "pools with ids of their own", "各额度池编号不重复")
    return None if None in pools else Quota(value["kind"], tuple(p for p in pools if p))


PARSERS: Mapping[str, Callable[[Reader, str, Any, Parameter], Any]] = {
    "date": _date,
    "window": _window,
    "option": _option,
    "flag": _flag,
    "borrowers": _borrowers,
    "quota": _quota,
    "ratio": _ratio,
    "ratio_ppm": _ratio_ppm,
    "rate": _rate,
    "rate_table": _rate_table,
    "count": _count,
    "positive": _positive,
}
"""Parser of each kind of value."""


def parse(reader: Reader, path: str, value: Any, parameter: Parameter) -> Any:
    """The value as held in memory (integers, dates, frozen objects); None if it is wrong, which is then noted."""
    return PARSERS[parameter.kind](reader, path, value, parameter)
