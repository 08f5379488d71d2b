"""The text of a statement 正文: ours, or a bank's own template, filled with the printed figures.

A template is plain text. Its first paragraph is the title, an empty line ends a paragraph, and what follows a line of
``---`` are footnotes. What may be filled in is what :func:`fields_of` gives; docs/statement.md lists it.
"""

from __future__ import annotations

import datetime as dt
from calendar import month_name
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from relending.dates import quarter_end, to_date
from relending.engine.disclosure import HORIZONS
from relending.statement.printed import MEASURES
from relending.statement.sandbox import TemplateProblem, fill
from relending.statement.statement import Row, Statement
from relending.statement.words import word

FOOTNOTES = "---"
ORDINALS = {
    "zh": ("一", "二", "三", "四"),
    "en": ("first", "second", "third", "fourth"),
}
HORIZON_FIELDS = dict(zip(HORIZONS, ("this_quarter", "this_year", "since_start"), strict=True))
"""What a template calls the horizons."""
NAMES = (
    *("title", "bank", "bank_short", "facility", "year", "quarter_number", "quarter", "period"),
    *("amount_unit", "reduction_unit", *HORIZON_FIELDS.values(), "rows", "projects", "projects_number", "with_year"),
    *("rate_basis", "rounding_shows", "date", "draft", "mark", "version"),
)
"""What a template may name: the fields of :func:`fields_of`."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The text of a statement: title, paragraphs, footnotes."""

    title: str
    paragraphs: tuple[str, ...]
    footnotes: tuple[str, ...]


@cache
def own_template(lang: str) -> str:
    """The text template that is shipped."""
    return resources.files("relending.statement").joinpath(f"texts/statement.{lang}.txt").read_text(encoding="utf-8")


def wording(statement: Statement, lang: str, template: str | None = None) -> Wording:
    """The text of a statement in a language, by a bank's ``template`` or by ours.

    Raises TemplateProblem where the template cannot be used, or gives no title or no paragraph.
    """
    text = fill(own_template(lang) if template is None else template, fields_of(statement, lang))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cut = next((i for i, line in enumerate(lines) if line.strip() == FOOTNOTES), len(lines))
    body, notes = _paragraphs(lines[:cut]), _paragraphs(lines[cut + 1 :])
    if len(body) < 2:
        raise TemplateProblem("template_empty", f"{len(body)} ¶", ">= 2 ¶")
    return Wording(body[0], body[1:], notes)


def _paragraphs(lines: list[str]) -> tuple[str, ...]:
    """Lines up to an empty one are one paragraph."""
    out: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            out[-1].append(line.strip())
        elif out[-1]:
            out.append([])
    return tuple(" ".join(part) for part in out if part)


def fields_of(statement: Statement, lang: str) -> dict[str, Any]:
    """Everything a template may name, as texts and lists of texts; docs/statement.md has the list."""
    options = statement.options
    horizons = {name: _cell(statement, statement.total, h, lang) for h, name in HORIZON_FIELDS.items()}
    return {
        "title": word("title.statement", lang, bank=statement.full_name[lang], quarter=quarter_words(statement, lang)),
        "bank": statement.full_name[lang],
        "bank_short": statement.short_name[lang],
        "facility": statement.facility.name[lang],
        "year": str(statement.quarter // 4),
        "quarter_number": str(statement.quarter % 4 + 1),
        "quarter": quarter_words(statement, lang),
        "period": period_words(statement, lang),
        "amount_unit": options.unit("amount", lang),
        "reduction_unit": options.unit("reduction", lang),
        **horizons,
        "rows": [
            {"name": row.name[lang], **{name: _cell(statement, row, h, lang) for h, name in HORIZON_FIELDS.items()}}
            for row in statement.rows
        ],
        "projects": list(statement.projects),
        "projects_number": len(statement.projects),
        "with_year": _with_year(statement),
        "rate_basis": statement.rate_basis,
        "rounding_shows": statement.rounding_shows(),
        "date": "" if statement.dated is None else day_words(statement.dated, lang),
        "draft": bool(statement.reasons),
        "mark": mark_of(statement, lang),
        "version": str(statement.version),
    }


def _cell(statement: Statement, row: Row, horizon: str, lang: str) -> dict[str, Any]:
    one = statement.printed(row, horizon)
    texts = {measure: one.text(measure, lang) for measure in MEASURES}
    return {**texts, "amount_yuan": one.yuan(), "reduction_tonnes": one.tonnes(), "projects_number": one.projects}


def _with_year(statement: Statement) -> bool:
    choice = statement.options.year_text
    # in a first quarter, and in that of the launch, the year is the quarter once more
    again = statement.quarter % 4 == 0 or statement.launch_quarter
    return choice == "always" or (choice == "not_in_q1" and not again)


def mark_of(statement: Statement, lang: str) -> str:
    """What stands above a draft or a corrected version; empty for a first final one."""
    if statement.reasons:
        said = word("class.between", lang).join(reason.text(lang) for reason in statement.reasons)
        return word("class.draft_because", lang, reasons=said)
    return word("class.version", lang, n=statement.version) if statement.version > 1 else ""


def quarter_words(statement: Statement, lang: str) -> str:
    """The quarter in words.

    >>> from types import SimpleNamespace
    >>> [quarter_words(SimpleNamespace(quarter=2024 * 4 + 1), lang) for lang in ("zh", "en")]
    ['2024年第二季度', 'second quarter of 2024']
    """
    return word("quarter.words", lang, year=statement.quarter // 4, ordinal=ORDINALS[lang][statement.quarter % 4])


def period_words(statement: Statement, lang: str) -> str:
    """What the quarter's figures cover: the quarter, or in that of the launch all months since the window opened."""
    first, last = first_day(statement), to_date(int(quarter_end(statement.quarter)))
    if not statement.launch_quarter or first >= last:
        year, ordinal = statement.quarter // 4, ORDINALS[lang][statement.quarter % 4]
        return word("quarter.whole", lang, year=year, ordinal=ordinal)
    return word(
        "quarter.span" if first.year == last.year else "quarter.span_years",
        lang,
        first_year=first.year,
        first_month=first.month,
        first_name=month_name[first.month],
        year=last.year,
        last_month=last.month,
        last_name=month_name[last.month],
    )


def first_day(statement: Statement) -> dt.date:
    """The first day on which a loan of the facility may be made."""
    first: dt.date = min(one.value.first for one in statement.facility["window"].values)
    return first


def day_words(day: dt.date, lang: str) -> str:
    """A day in words.

    >>> day_words(dt.date(2024, 10, 8), "zh"), day_words(dt.date(2024, 10, 8), "en")
    ('2024年10月8日', '8 October 2024')
    """
    return word("quarter.day", lang, year=day.year, month=day.month, day=day.day, name=month_name[day.month])
