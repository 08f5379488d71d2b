"""Headers: which column of a file is which column of the dictionary, and in what unit.

Only exact names count (after case, width, spaces and underscores are evened out): a near miss is named in the error and
never guessed. A unit is taken from brackets after the name, else from a cell above it, else it is the column's own.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from relending.book.columns import Column, columns, limits
from relending.findings import Findings

_BRACKET = re.compile(r"^(.+?)[(\[【]([^()\[\]【】]*)[)\]】]$", re.DOTALL)
_ABOVE = re.compile(r"(?:^|[\s(\[【,;])(?:金额|货币|计量|数据)?(?:单位|units?)\s*:\s*([^()\[\]【】]+)", re.IGNORECASE)
_PER_YEAR = re.compile(r"(/年|/a|/yr|/year|每年|ayear|peryear)$")
_LOOKS_LIKE_UNIT = re.compile(r"[元吨%‰瓦度币]")


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the dictionary found in a file: where, under which header, in which unit, stated or not."""

    column: Column
    position: int
    header: str
    unit: str
    scale: int
    stated: bool = False


@dataclass(frozen=True, slots=True)
class Headers:
    """The header row of one table as understood; ``problems`` holds errors, warnings and notes."""

    fields: tuple[Field, ...]
    problems: Findings

    def by_name(self) -> dict[str, Field]:
        """The fields by column name."""
        return {f.column.name: f for f in self.fields}


def plain(text: str) -> str:
    """A header or unit with width, case, spaces, underscores and stars evened out.

    >>> plain(" Ｌoan_ID* "), plain("贷款金额\\n（万元）")
    ('loanid', '贷款金额(万元)')
    """
    return re.sub(r"[\s_*\u200b\ufeff]+", "", unicodedata.normalize("NFKC", text).casefold())


@cache
def _names(table: str) -> dict[str, Column]:
    return {plain(h): c for c in columns(table).values() for h in c.headers}


@cache
def _lookalikes(table: str) -> dict[str, tuple[Column, ...]]:
    out: dict[str, tuple[Column, ...]] = {}
    for c in columns(table).values():
        for header in c.not_it:
            out[plain(header)] = (*out.get(plain(header), ()), c)
    return out


def _units(column: Column) -> dict[str, int]:
    return {plain(u): n for u, n in column.units.items()}


def unit_scale(column: Column, text: str) -> int | None:
    """Frame units in one of the unit ``text``, or None where it is not a unit of this column.

    >>> unit_scale(columns()["principal"], "单位：亿元"), unit_scale(columns()["project_reduction"], "万吨/年")
    (10000000000, 10000000000)
    """
    word = re.sub(r"^(单位|units?):?", "", plain(text))
    known = _units(column)
    for candidate in (word, _PER_YEAR.sub("", word)):
        if candidate in known:
            return known[candidate]
    return None


def is_unit_cell(column: Column, text: str) -> bool:
    """Whether a cell gives a unit of the column and nothing else: 万元, （万元）, 单位：万元.

    >>> [is_unit_cell(columns()["principal"], t) for t in ("（万元）", "单位：亿元", "万元整", "5")]
    [True, True, False, False]
    """
    return unit_scale(column, plain(text).strip("()[]【】")) is not None


def _split(header: str) -> tuple[str, str]:
    """Name and unit text of a header: brackets at its end, or a bare % sign."""
    whole = plain(header)
    found = _BRACKET.match(whole)
    if found:
        return found[1], found[2]
    if whole.endswith(("%", "‰")) and len(whole) > 1:
        return whole[:-1], whole[-1]
    return whole, ""


def _column_of(header: str, table: str) -> tuple[Column | None, str]:
    names = _names(table)
    whole = plain(header)
    if whole in names:
        return names[whole], ""
    name, unit = _split(header)
    return names.get(name), unit


def recognised(headers: Sequence[str], table: str) -> int:
    """How many different columns of the table these headers name."""
    return len(known_columns(headers, table))


def known_columns(headers: Sequence[str], table: str) -> frozenset[str]:
    """The columns of the table these headers name.

    >>> sorted(known_columns(["序号", "借据号", "放款金额（万元）"], "loans"))
    ['loan_id', 'principal']
    """
    found = (_column_of(h, table)[0] for h in headers if h)
    return frozenset(c.name for c in found if c)


@dataclass(frozen=True, slots=True)
class HeaderAt:
    """Where a header stands among the first rows: from ``first`` to ``last`` (counted from 0), and its texts."""

    first: int
    last: int
    texts: tuple[str, ...]


def find_header(rows: Sequence[Sequence[str]], table: str) -> HeaderAt:
    """The header among the first rows: the first that names two columns, else the first with any text.

    A second row belongs to it where it names two columns more: the upper one then has groups (项目情况) over the names
    of the lower, and names of its own over empty cells.

    >>> find_header([["示范银行贷款台账"], ["单位：万元"], ["借据编号", "贷款金额"]], "loans").first
    2
    >>> find_header([["借据编号", "项目情况", ""], ["", "项目编号", "项目总投资"], ["L1", "P1", "9"]], "loans").texts
    ('借据编号', '项目编号', '项目总投资')
    """
    for i, row in enumerate(rows):
        here = known_columns(row, table)
        below = rows[i + 1] if i + 1 < len(rows) else ()
        if here and len(known_columns(below, table) - here) >= 2:
            width = max(len(row), len(below))
            upper, lower = ([*r, *[""] * (width - len(r))] for r in (row, below))
            both = tuple(low if low.strip() else up for up, low in zip(upper, lower, strict=True))
            if here < known_columns(both, table):  # a name over another name (贷款机构 in a form's head) is no group
                return HeaderAt(i, i + 1, both)
        if len(here) >= 2:
            return HeaderAt(i, i, tuple(row))
    at = next((i for i, row in enumerate(rows) if any(c.strip() for c in row)), 0)
    return HeaderAt(at, at, tuple(rows[at]) if rows else ())


def above_header(rows: Sequence[Sequence[str]], at: HeaderAt) -> tuple[tuple[str, ...], ...]:
    """The rows over a header; of a header of two rows the upper too where it gives a unit (单位：万元)."""
    gives = any(marked for cell in rows[at.first] for _, marked in _words(cell)) if at.last > at.first else False
    return tuple(map(tuple, rows[: at.last if gives else at.first]))


def match(
    headers: Sequence[str],
    table: str = "loans",
    *,
    above: Sequence[Sequence[str]] = (),
    file: str = "",
    sheet: str = "",
    row: int | None = None,
    nothing: Collection[int] = (),
) -> Headers:
    """The columns of ``table`` among ``headers``, with every problem of the header row at once.

    ``above`` holds the rows over the header, where a unit may stand (单位：万元); ``nothing`` the positions of columns
    with neither header nor cells.

    >>> found = match(["借据号", "贷款金额（万元）"])
    >>> [(f.column.name, f.scale) for f in found.fields], found.problems.codes()["missing_column"]
    ([('loan_id', 1), ('principal', 1000000)], 5)
    """
    at: dict[str, Any] = {"file": file, "sheet": sheet, "row": row}
    problems: list[Findings] = []
    if len(headers) > limits()["columns"]:
        problems.append(Findings.one("too_many_columns", **at, found=len(headers), expected=limits()["columns"]))
    fields: list[Field] = []
    ignored: list[str] = []
    bare: list[int] = []
    seen: dict[str, str] = {}
    given: set[str] = set()
    texts = [h.strip() for h in headers]
    repeated = sorted({t for i, t in enumerate(texts) if t and t in texts[:i]})
    problems += [Findings.one("duplicate_header", **at, column=t, found=t) for t in repeated]
    for position, text in enumerate(texts):
        column, unit = _column_of(text, table) if text else (None, "")
        if column is None:
            if text:
                ignored.append(text)
            elif position not in nothing:
                bare.append(position + 1)
            continue
        if column.name in seen:
            if text not in repeated:
                problems.append(
                    Findings.one(
                        "column_given_twice",
                        **at,
                        column=column.name,
                        found=f"{seen[column.name]}, {text}",
                        expected=f"{column.name} / {column.zh}",
                    )
                )
            continue
        seen[column.name] = text
        over = _over(column, position, above)
        scale, used, trouble = _scale(column, unit, over)
        if unit or over:
            given.add(column.name)
        if over and not unit and not trouble and column.units:
            problems.append(
                Findings.one("unit_from_above", **at, column=column.name, found=text, expected=f"{text}（{used}）")
            )
        if unit and column.type in ("money", "mass") and over and not trouble and scale not in over.values():
            shown = f"{text} ≠ {', '.join(over)}"
            problems.append(Findings.one("unit_differs", **at, column=column.name, found=shown))
        elif unit and not trouble and column.type in ("money", "mass") and scale != column.units[column.unit]:
            factor = Fraction(scale, column.units[column.unit])
            problems.append(
                Findings.one("unit_converted", **at, column=column.name, found=text, expected=f"× {_plain(factor)}")
            )
        if trouble:
            problems.append(
                Findings.one(
                    trouble,
                    **at,
                    column=column.name,
                    expected=", ".join(column.units),
                    found=text if trouble == "unknown_unit" else used,
                )
            )
        fields.append(Field(column, position, text, used, scale, bool(unit or over)))
    problems.append(_without_unit(fields, given, at))
    problems.append(_nowhere(fields, given, at))
    problems.append(_unknown_above(above, table, file, sheet))
    if any(cell.strip() for cells in above for cell in cells):
        problems.append(Findings.one("header_below", **at, found=_title(above)))
    problems.append(_missing(table, seen, ignored, texts, at))
    for text in dict.fromkeys(ignored):
        near = _near_miss(text, table, seen) if len(headers) <= limits()["columns"] else ""
        code = "header_near_miss" if near else "column_ignored"
        problems.append(Findings.one(code, **at, column=text, found=text, expected=near))
    if bare:
        found = f"#{bare[0]}" if len(bare) == 1 else f"#{bare[0]} … #{bare[-1]} ({len(bare)})"
        problems.append(Findings.one("column_ignored", **at, column=found, found=found))
    return Headers(tuple(fields), Findings.concat(problems))


def _without_unit(fields: Sequence[Field], given: set[str], at: dict[str, Any]) -> Findings:
    """Amounts that name no unit in a table where another amount or mass names one: most likely it was forgotten."""
    named = [f for f in fields if f.column.name in given and f.column.type in ("money", "mass")]
    units = [f.unit for f in named if f.column.type == "money"]
    return Findings.concat(
        Findings.one(
            "unit_not_given",
            **at,
            column=f.column.name,
            found=f.header,
            expected=" / ".join(f"{f.header}（{unit}）" for unit in dict.fromkeys([f.unit, *units])),
        )
        for f in fields
        if named and f.column.type == "money" and f.column.name not in given
    )


def _nowhere(fields: Sequence[Field], given: set[str], at: dict[str, Any]) -> Findings:
    """Amounts under people's headers, none of which states a unit; the names of the dictionary itself mean yuan."""
    money = [f for f in fields if f.column.type == "money"]
    if any(f.column.name in given for f in money) or all(plain(f.header) == plain(f.column.name) for f in money):
        return Findings()
    if any(f.column.name in given and f.column.type == "mass" for f in fields):
        return Findings()  # told as unit_not_given
    return Findings.one("unit_assumed", **at, column=money[0].column.name, found=", ".join(f.header for f in money))


def _scale(column: Column, unit: str, over: dict[str, int]) -> tuple[int, str, str]:
    """Scale and unit of a column, and the code of what is wrong with it."""
    if not column.units:
        return 1, "", ""  # brackets after a name without units are a remark
    if unit:
        scale = unit_scale(column, unit)
        return (scale, unit, "") if scale is not None else (1, unit, "unknown_unit")
    if len(set(over.values())) == 1:
        word, scale = next(iter(over.items()))
        return scale, word, ""
    if over:
        return 1, ", ".join(over), "unit_conflict"
    own = column.unit
    return column.units[own], own, ""


def _over(column: Column, position: int, above: Sequence[Sequence[str]]) -> dict[str, int]:
    """Units of the column in the cell right above its header, else in any cell above that says 单位."""
    direct: dict[str, int] = {}
    anywhere: dict[str, int] = {}
    for row in above:
        for i, cell in enumerate(row):
            for word, marked in _words(cell):
                scale = unit_scale(column, word)
                if scale is None:
                    continue
                if i == position:
                    direct[word] = scale
                if marked:
                    anywhere[word] = scale
    return direct or anywhere


def _words(cell: str) -> list[tuple[str, bool]]:
    """Unit words of a cell above the header, each with whether 单位 marks it."""
    text = unicodedata.normalize("NFKC", cell).strip()
    found = _ABOVE.search(text)
    if found:
        return [(w.strip(), True) for w in re.split(r"[、,;]|\s+", found[1]) if w.strip()]
    return [(text.strip("()[]【】"), False)] if text else []


def _unknown_above(above: Sequence[Sequence[str]], table: str, file: str, sheet: str) -> Findings:
    problems = []
    for i, row in enumerate(above):
        for cell in row:
            for word, marked in _words(cell):
                if (
                    marked
                    and _LOOKS_LIKE_UNIT.search(word)
                    and all(unit_scale(c, word) is None for c in columns(table).values())
                ):
                    problems.append(Findings.one("unknown_unit", file=file, sheet=sheet, row=i + 1, found=cell))
    return Findings.concat(problems)


def _missing(
    table: str, seen: dict[str, str], ignored: list[str], texts: Sequence[str], at: dict[str, Any]
) -> Findings:
    problems: list[Findings] = []
    lookalikes: dict[str, list[str]] = {}
    for text in texts:
        known = _lookalikes(table)
        for column in known.get(plain(text), known.get(_split(text)[0], ())) if text else ():
            lookalikes.setdefault(column.name, []).append(text)
    for c in columns(table).values():
        if c.name in seen:
            continue
        needed = c.required == "always"
        label = f"{c.name} / {c.zh}"
        for text in lookalikes.get(c.name, ()):
            problems.append(Findings.one(wrong_column(c), **at, column=c.name, found=text, expected=label))
        if needed and c.name not in lookalikes:
            problems.append(
                Findings.one("missing_column", **at, column=c.name, found=_nearest(c, ignored), expected=label)
            )
    return Findings.concat(problems)


def wrong_column(column: Column) -> str:
    """The code of a header that looks like this column and is not: one a column, as each has its own reason.

    >>> wrong_column(columns()["project_investment"])
    'wrong_column_investment'
    """
    return "wrong_column_" + column.name.removeprefix("project_")


def _plain(factor: Fraction) -> str:
    """A factor as people write it.

    >>> _plain(Fraction(10_000)), _plain(Fraction(1, 1_000))
    ('10,000', '1/1,000')
    """
    return f"{factor.numerator:,}" if factor.denominator == 1 else f"{factor.numerator:,}/{factor.denominator:,}"


def _title(above: Sequence[Sequence[str]]) -> str:
    cells = [" ".join(cell.split()) for row in above for cell in row if cell.strip()]
    return " | ".join(cells)[:120]


def _near_miss(text: str, table: str, seen: Mapping[str, str]) -> str:
    """The optional column that an unread header is nearly a name of, if nothing else gave it; else nothing."""
    if plain(text) in _lookalikes(table) or _split(text)[0] in _lookalikes(table):
        return ""
    free = [c for c in columns(table).values() if c.name not in seen and c.required != "always"]
    likeness = {c.name: _likeness(c, text) for c in free}
    best = max(free, key=lambda c: likeness[c.name], default=None)
    return f"{best.name} / {best.zh}" if best and likeness[best.name] >= limits()["near_header"] else ""


def _likeness(column: Column, header: str) -> float:
    name = _split(header)[0]
    return max(difflib.SequenceMatcher(None, name, plain(known)).ratio() for known in column.headers)


def _nearest(column: Column, headers: Sequence[str]) -> str:
    """The unknown header most like a missing column's names, or nothing."""
    best, score = "", 0.6
    for header in headers:
        likeness = _likeness(column, header)
        if likeness > score:
            best, score = header, likeness
    return best


def split_unit(header: str) -> tuple[str, str]:
    """The evened-out name of a header and the unit in its brackets, empty where it has none.

    >>> split_unit("放款金额（万元）"), split_unit("利率%"), split_unit("借款人")
    (('放款金额', '万元'), ('利率', '%'), ('借款人', ''))
    """
    return _split(header)
