"""Published against reproduced as lines for people: one table for a run, or for several that share their figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from relending.dates import parse_quarter, quarter_end, to_date

if TYPE_CHECKING:
    import pandas as pd

BOUND = {"exact": "{}", "implied": "({})", "more_than": "> {}", "about": "≈ {}", "nearly": "≈ {}"}
WORDS = {
    "en": {
        "figure": "figure",
        "unit": "unit",
        "published": "published",
        "reproduced": "reproduced",
        "difference": "difference",
        "outcome": "outcome",
        "equal": "equal",
        "differs": "differs",
        "holds": "holds",
        "fails": "fails",
        "compared": "compared",
        "input": "input",
        "all": "{n:,} published figures",
        "derived": "the books were derived from these figures: equal says that one set of loans fits them all under "
        "the rules, not that the bank's loans are these",
        "is_input": "input: the run was made from this figure, which so tests nothing",
        "implied": "( ) implied by two figures that were published",
    },
    "zh": {
        "figure": "数据",
        "unit": "单位",
        "published": "公布",
        "reproduced": "复现",
        "difference": "差额",
        "outcome": "结果",
        "equal": "一致",
        "differs": "不一致",
        "holds": "成立",
        "fails": "不成立",
        "compared": "仅对照",
        "input": "输入",
        "all": "公布数据 {n:,} 项",
        "derived": "台账由这些数据推得：一致仅说明同一组贷款可按规则同时满足各项，并不说明银行的贷款即为如此",
        "is_input": "输入：运行由该数据编制，因此不构成检验",
        "implied": "（ ）由公布的另外两项推得",
    },
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A table of texts, header first; which of its columns are figures; and lines that count and explain."""

    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...]
    notes: tuple[str, ...]


def show(published: Sequence[pd.DataFrame], lang: str) -> Shown:
    """The tables ``published`` of one or more runs (step frames) as one table.

    Runs that were held against the same figures stand side by side; the figures of others stand below one another.
    """
    records = [frame.to_dict("records") for frame in published]
    same = len(records) > 1 and all(_cells(r) == _cells(records[0]) for r in records)
    rows, right = _wide(records, lang) if same else _long(records, lang)
    return Shown(rows, right, _notes([row for r in records for row in r], lang))


def _cells(records: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(str(row[n]) for n in ("lender", *_CELL, "bound", "published")) for row in records]


_CELL = ("facility", "quarter", "horizon", "code", "measure")


def cell_text(row: Mapping[str, Any]) -> str:
    """A cell as it is named everywhere: ``[lender/]facility/quarter/horizon/code/measure``.

    A figure of another day than the quarter's last has its day in the quarter's place.
    """
    lender = row["lender"]
    parts = [str(row[n]) for n in _CELL]
    if row["on"] != to_date(int(quarter_end(parse_quarter(row["quarter"])))):
        parts[1] = str(row["on"])
    return "/".join([str(lender), *parts] if isinstance(lender, str) and lender else parts)


def _printed(row: Mapping[str, Any]) -> str:
    return BOUND[row["bound"]].format(_grouped(row["published"]))


def _grouped(figure: object) -> str:
    """A figure with thousands separators; a dash where there is none."""
    if not isinstance(figure, str):
        return "—"
    sign, digits = ("-", figure[1:]) if figure.startswith("-") else ("", figure)
    whole, point, rest = digits.partition(".")
    return f"{sign}{int(whole):,}{point}{rest}"


def unit_name(unit: str, lang: str) -> str:
    """A unit in the reader's language, where the dictionary of columns has it in both.

    >>> unit_name("万元", "en"), unit_name("万元", "zh"), unit_name("个", "en")
    ('10,000 yuan', '万元', 'projects')
    """
    return _UNITS.get(unit, unit) if lang == "en" else unit


_UNITS = {"个": "projects", "元": "yuan", "万元": "10,000 yuan", "亿元": "100 m yuan", "吨": "t", "万吨": "10,000 t"}


def _long(
    records: Sequence[Sequence[Mapping[str, Any]]], lang: str
) -> tuple[tuple[tuple[str, ...], ...], tuple[int, ...]]:
    w = WORDS[lang]
    out = [tuple(w[n] for n in ("figure", "unit", "published", "reproduced", "difference", "outcome"))]
    for row in (row for r in records for row in r):
        reproduced, difference = _grouped(row["reproduced"]), _signed(row["difference"])
        unit = unit_name(row["unit"], lang)
        out.append((cell_text(row), unit, _printed(row), reproduced, difference, w[row["outcome"]]))
    return tuple(out), (2, 3, 4)


def _wide(
    records: Sequence[Sequence[Mapping[str, Any]]], lang: str
) -> tuple[tuple[tuple[str, ...], ...], tuple[int, ...]]:
    w = WORDS[lang]
    names = [str(r[0]["scenario"]) for r in records]
    out = [(w["figure"], w["unit"], w["published"], *(f"{name} ±" for name in names), "")]
    widths = [max(len(_signed(row["difference"])) for row in r) for r in records]
    for rows in zip(*records, strict=True):
        first = rows[0]
        figures = [
            f"{_grouped(row['reproduced'])} {_signed(row['difference']):>{width}}"
            for row, width in zip(rows, widths, strict=True)
        ]
        role = w["input"] if first["role"] == "input" else ""
        out.append((cell_text(first), unit_name(first["unit"], lang), _printed(first), *figures, role))
    return tuple(out), tuple(range(2, 3 + len(names)))


def _signed(difference: object) -> str:
    if not isinstance(difference, str):
        return "—"
    zero = not difference.strip("-0.")
    return (
        _grouped(difference.lstrip("-")) if zero else ("" if difference.startswith("-") else "+") + _grouped(difference)
    )


def _notes(rows: Sequence[Mapping[str, Any]], lang: str) -> tuple[str, ...]:
    """How many figures came out how, and what the marks of the table mean."""
    w = WORDS[lang]
    outcomes = [row["outcome"] for row in rows]
    parts = [
        f"{w[name]} {outcomes.count(name):,}"
        for name in ("equal", "differs", "holds", "fails", "compared", "input")
        if name in outcomes
    ]
    colon, comma = ("：", "，") if lang == "zh" else (": ", ", ")
    notes = [w["all"].format(n=len(rows)) + colon + comma.join(parts)]
    roles, bounds = {row["role"] for row in rows}, {row["bound"] for row in rows}
    notes += [w["derived"]] * ("derived" in roles) + [w["is_input"]] * ("input" in roles)
    return (*notes, *[w["implied"]] * ("implied" in bounds))
