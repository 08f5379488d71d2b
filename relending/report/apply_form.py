"""The branch's own form: its head, its header row, and which of our fields each of its columns asks for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relending.book.workbook import first_rows
from relending.findings import Findings, InputError
from relending.report.apply_fields import (
    MONEY,
    Column,
    field_of,
    head_field,
    least_fields,
    own_layout,
    power_of,
    units,
    usual_power,
)

_UNIT = re.compile(
    r"(?:^|[\s(\[【,;])(?:金额|货币|计量|数据)?(?:单位|units?)\s*:\s*([^\s()\[\]【】,;]+)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a list is laid out: the rows above its header as texts, and its columns. ``own``: no branch's form."""

    head: tuple[tuple[str, ...], ...]
    columns: tuple[Column, ...]
    own: bool


def default_layout(lang: str) -> Layout:
    """Our own layout; its head is made where it is written."""
    return Layout((), own_layout(lang), True)


def read_form(path: Path) -> tuple[Layout, Findings]:
    """The layout of a form, and notes on what of it stays empty or is not carried over.

    Of the visible sheets the one counts whose header names most fields. A header of two rows is taken together: the
    lower name where there is one, else the upper. Raises InputError where the file is no workbook or larger than is
    safe, has no such header, or names a unit that its column has not.
    """
    best: tuple[tuple[int, bool], str, int, tuple[str, ...], int] | None = None
    sheets = first_rows(path)
    for sheet, rows in sheets.items():
        for i, row in enumerate(rows):
            for last, texts in ((i, tuple(row)), (i + 1, _together(rows, i))):
                known = len({f.name for f, _ in map(field_of, texts) if f is not None})
                alone = last == i  # a title above a header is no part of it
                if best is None or (known, alone) > best[0]:
                    best = ((known, alone), sheet, i, texts, last)
    if best is None or best[0][0] < least_fields():
        found = "" if best is None else " | ".join(t for t in best[3] if t)[:120]
        expected = ", ".join(c.field.zh for c in own_layout("zh") if c.field is not None)
        raise InputError(Findings.one("apply_form_header", file=path.name, found=found, expected=expected))
    _, sheet, first, texts, last = best
    while texts and not texts[-1].strip():
        texts = texts[:-1]
    rows, place = sheets[sheet], {"file": path.name, "sheet": sheet}
    head = tuple(tuple(row) for row in rows[:first])
    over, wrong = _unit_above(head, place)
    columns, notes = [], []
    for text in texts:
        field, unit = field_of(text) if text.strip() else (None, "")
        power = 0 if field is None else usual_power(field.kind)
        if field is None:
            if text.strip():
                notes.append(Findings.one("apply_form_unknown", **place, row=last + 1, column=text, found=text))
        elif unit and units(field.kind):
            known_power = power_of(field.kind, unit)
            if known_power is None:
                expected = ", ".join(units(field.kind))
                wrong.append(
                    Findings.one("apply_form_unit", **place, row=last + 1, column=text, found=unit, expected=expected)
                )
            power = known_power or 0
        elif field.kind == MONEY and over is not None:
            power = over
        columns.append(Column(text, field, power))
    if wrong:
        raise InputError(Findings.concat([*wrong, *notes]))
    below = [cell for row in rows[last + 1 :] for cell in row if cell.strip()]
    if below:
        notes.append(
            Findings.one("apply_form_below", **place, row=last + 2, found=" | ".join(below)[:120], expected="")
        )
    return Layout(head, tuple(columns), False), Findings.concat(notes)


def _together(rows: Sequence[Sequence[str]], i: int) -> tuple[str, ...]:
    """Two rows as one header: the lower name, else the upper."""
    if i + 1 >= len(rows):
        return ()
    width = max(len(rows[i]), len(rows[i + 1]))
    upper, lower = ([*r, *[""] * (width - len(r))] for r in (rows[i], rows[i + 1]))
    return tuple(low if low.strip() else up for up, low in zip(upper, lower, strict=True))


def _unit_above(head: Sequence[Sequence[str]], place: dict[str, str]) -> tuple[int | None, list[Findings]]:
    """The power of ten of 单位：万元 above the header, if it stands there; an error for a unit that is none."""
    for i, row in enumerate(head):
        for text in row:
            found = _UNIT.search(unicodedata.normalize("NFKC", text))
            if found is None:
                continue
            word = found[1]
            power = power_of(MONEY, word)
            if power is not None:
                return power, []
            if re.search("[元币]", word):
                expected = ", ".join(units(MONEY))
                return None, [Findings.one("apply_form_unit", **place, row=i + 1, found=text, expected=expected)]
    return None, []


def filled_head(head: Sequence[Sequence[str]], said: dict[str, str]) -> list[list[str]]:
    """The rows above the header of a form, its labels followed by what they ask for where nothing stands there yet.

    >>> filled_head([["申请表", ""], ["填报单位：", "单位：万元"]], {"lender": "示范银行"})
    [['申请表', ''], ['填报单位：示范银行', '单位：万元']]
    """
    return [
        [f"{text}{said[name]}" if (name := head_field(text)) is not None and name in said else text for text in row]
        for row in head
    ]
