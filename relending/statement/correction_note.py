"""A correction as documents: the note that is published 更正说明, of figures alone, and the paper with the loans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from relending.engine.opening_totals import TOTAL
from relending.statement.chain import begun_words
from relending.statement.chain_note import POINT_DECIMALS, quarter_name
from relending.statement.correction import Change, Correction, Later
from relending.statement.document import Cell, Document, Paragraph, Table
from relending.statement.loan_table import MOST, loan_blocks
from relending.statement.loan_words import TONNE_DECIMALS, YUAN_DECIMALS, figure_text
from relending.statement.printed import Options, set_apart
from relending.statement.statement import Statement, clean
from relending.statement.wording import day_words, mark_of, quarter_words
from relending.statement.words import word

_WIDTHS = (0.17, 0.26, 0.2, 0.13, 0.13, 0.11)
SUMMED = ("amount", "reduction")
"""Measures of which the fields add up to the total."""
_STOPS, _CLOSING = "。！？…；：.!?;:，,、", "”’\"'」』)）】]》〉"
"""Signs that end a text, and those that may stand behind one."""
_EXACT_WIDTHS = (0.15, 0.16, 0.19, 0.11, 0.11, 0.1, 0.18)


def correction_note(correction: Correction, statement: Statement, reason: str, lang: str) -> Document:
    """What is published with a corrected statement: which, why, the cells that change, and later quarters' totals.

    Nothing of a loan is in it but what ``reason`` says.
    """
    return _document(correction, statement, reason, lang)


def correction_paper(
    correction: Correction, statement: Statement, reason: str, lang: str, most: int = MOST
) -> Document:
    """The same for people of the bank: with exact differences, all changes of later quarters, and the loans."""
    names = {row.code: row.name[lang] for row in statement.rows}
    blocks: list[Paragraph | Table] = []
    rows = [
        (quarter_name(later.record.quarter, lang), cells, later.record.options)
        for later in correction.later
        if (cells := later.cells)
    ]
    if rows:
        body = [
            line for quarter, cells, options in rows for line in _lines(cells, options, options, names, lang, quarter)
        ]
        blocks.append(_table("later_cells", "quarter", body, lang, exact=True))
    begun = [(horizon, code) for horizon, some in correction.begun.items() for code in some]
    if begun:
        blocks.append(Paragraph(begun_words(begun, lang)))
    if len(correction.loans):
        blocks += loan_blocks(correction.loans, word("correction.loans", lang), lang, most)
    else:
        blocks.append(Paragraph(word("correction.no_loans", lang)))
    return _document(correction, statement, reason, lang, blocks)


def _document(
    correction: Correction,
    statement: Statement,
    reason: str,
    lang: str,
    internal: Sequence[Paragraph | Table] | None = None,
) -> Document:
    bank, quarter = statement.full_name[lang], quarter_words(statement, lang)
    public = internal is None
    names = {row.code: row.name[lang] for row in statement.rows}
    numbers = {"old": correction.old.version, "new": statement.version}
    said = [word("correction.what", lang, quarter=quarter, **numbers)]
    first, *rest = _parts(reason, lang)
    said += [word("correction.reason", lang, reason=first), *rest]
    blocks: list[Paragraph | Table] = [Paragraph(mark_of(statement, lang), "mark")] if statement.reasons else []
    texts = (*said, *_changes(correction, lang), *_later(correction, lang, public))
    blocks += [Paragraph(text) for text in texts]
    if public:  # ahead of the tables, as in the statement: so it never stands on a page without any text
        signed = [bank] if statement.dated is None else [bank, day_words(statement.dated, lang)]
        blocks += [Paragraph(text, "sign") for text in signed]
    cells = correction.shown if public else correction.cells
    every = [correction.cells, *(() if public else (later.cells or () for later in correction.later))]
    if any(rounding_shows(some) for some in every):
        blocks.append(Paragraph(word("correction.rounding", lang), "footnote"))
    if cells:
        body = list(_lines(cells, correction.old.options, statement.options, names, lang))
        blocks.append(_table("cells", "field", body, lang, exact=not public))
    body = [
        line
        for later in correction.later
        for line in _lines(_totals(later), later.record.options, later.record.options, {}, lang, _quarter(later, lang))
    ]
    if body:
        blocks.append(_table("later", "quarter", body, lang))
    blocks += internal or []
    title = word("correction.title" if public else "correction.paper", lang, bank=bank, quarter=quarter)
    draft = bool(statement.reasons)
    return Document(lang, title, bank, "public" if public else "internal", tuple(blocks), draft)


def rounding_shows(cells: Iterable[Change]) -> bool:
    """Whether differences of fields, as printed, do not add up to that of the total although the exact ones do.

    ``cells`` are all that differ exactly, also those whose print does not. Projects are counted once each and rates
    are averages: these never add up.
    """
    off: dict[tuple[str, str], list[Decimal | int]] = {}
    for one in cells:
        if one.measure in SUMMED and one.printed_difference and one.difference is not None:
            sign = -1 if one.code == TOTAL else 1
            sums = off.setdefault((one.horizon, one.measure), [Decimal(0), 0])
            sums[0] += sign * Decimal(one.printed_difference.replace(",", ""))
            sums[1] += sign * one.difference
    return any(printed and not exact for printed, exact in off.values())


def _parts(reason: str, lang: str) -> list[str]:
    """The lines of a text of someone's, without control characters; the last ends with a stop."""
    parts = [line for part in reason.splitlines() if (line := clean(part, len(part)))] or ["—"]
    ends = parts[-1].rstrip(_CLOSING)[-1:]
    return parts if ends in _STOPS else [*parts[:-1], parts[-1] + word("correction.stop", lang)]


def _changes(correction: Correction, lang: str) -> Iterator[str]:
    """Sentences on what changes beside the figures, and on the figures where there is no table of them."""
    if correction.shown:
        yield word("correction.cells_below", lang)
    else:
        yield word("correction.no_print" if correction.cells else "correction.same_figures", lang)
    old, new = (word("correction.between", lang).join(names) for names in correction.projects)
    if correction.projects[0] != correction.projects[1]:
        none = word("correction.no_projects", lang)
        yield word("correction.projects", lang, old=old or none, new=new or none)
    if correction.bases[0] != correction.bases[1]:
        bases = [word(f"chain.basis_{basis}", lang) for basis in correction.bases]
        yield word("correction.basis", lang, old=bases[0], new=bases[1])


def _quarter(later: Later, lang: str) -> str:
    return quarter_name(later.record.quarter, lang)


def _totals(later: Later) -> list[Change]:
    return [one for one in later.cells or () if one.code == TOTAL and one.shows]


def _later(correction: Correction, lang: str, public: bool) -> Iterator[str]:
    """Sentences on the statements published later; that there are none is said inside only."""
    groups: dict[str, list[str]] = {"below": [], "parts": [], "unknown": []}
    for later in correction.later:
        if later.cells is None:
            groups["unknown"].append(_quarter(later, lang))
        elif _totals(later):
            groups["below"].append(_quarter(later, lang))
        elif any(one.shows for one in later.cells):
            groups["parts"].append(_quarter(later, lang))
    for name, quarters in groups.items():
        if quarters:
            yield word(f"correction.later_{name}", lang, quarters=word("correction.between", lang).join(quarters))
    if not any(groups.values()):
        if correction.published_later:
            yield word("correction.later_none", lang)
        elif not public:
            yield word("correction.later_nothing", lang)


def _lines(
    cells: Iterable[Change],
    old: Options,
    new: Options,
    names: dict[str, str],
    lang: str,
    quarter: str = "",
) -> Iterator[tuple[Cell, ...]]:
    """Rows of a table: field or quarter, period, figure, before, after, difference, and the exact difference."""
    for one in cells:
        head = " ".join(part for part in (quarter, names.get(one.code, "")) if part)
        texts = [set_apart(text, lang) for text in (one.printed_old, one.printed_new)]
        if one.measure in ("amount", "reduction") and old.unit(one.measure, lang) != new.unit(one.measure, lang):
            texts = [
                f"{text} {options.unit(one.measure, lang)}" for text, options in zip(texts, (old, new), strict=True)
            ]
        yield (
            Cell(head[:1].upper() + head[1:]),
            Cell(word(f"table.{one.horizon}", lang)),
            Cell(new.heading(one.measure, lang)),
            *(Cell(text, figure=True) for text in texts),
            Cell(set_apart(one.printed_difference, lang) or word("table.none", lang), figure=True),
            Cell(_exact(one, lang), figure=True),
        )


def _exact(one: Change, lang: str) -> str:
    if one.difference is None:
        return word("table.none", lang)
    if one.measure == "projects":
        return figure_text(one.difference, 0, lang)
    key, decimals = {
        "amount": ("chain.yuan", YUAN_DECIMALS),
        "reduction": ("chain.tonnes", TONNE_DECIMALS),
        "rate": ("chain.points", POINT_DECIMALS),
    }[one.measure]
    return word(key, lang, figure=figure_text(one.difference, decimals, lang))


def _table(name: str, first: str, body: Sequence[tuple[Cell, ...]], lang: str, exact: bool = False) -> Table:
    heads = [word("table.field" if first == "field" else "correction.quarter", lang)]
    heads += [word(f"correction.{key}", lang) for key in ("horizon", "measure", "old", "new", "off")]
    heads += [word("correction.exact_off", lang)] if exact else []
    rows = _merged([row if exact else row[:-1] for row in body])
    header = tuple(Cell(text) for text in heads)
    return Table(word(f"correction.{name}", lang), (header,), rows, _EXACT_WIDTHS if exact else _WIDTHS)


def _merged(rows: Sequence[tuple[Cell, ...]]) -> tuple[tuple[Cell, ...], ...]:
    """The same with what repeats from row to row in the first two columns said once."""
    out: list[list[Cell]] = [list(row) for row in rows]
    for first, last in _runs([row[0].text for row in rows]):
        for start, end in _runs([row[1].text for row in rows[first:last]]):
            out[first + start][1] = replace(rows[first + start][1], down=end - start)
            for row in out[first + start + 1 : first + end]:
                del row[1]
        out[first][0] = replace(rows[first][0], down=last - first)
        for row in out[first + 1 : last]:
            del row[0]
    return tuple(tuple(row) for row in out)


def _runs(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where texts repeat one after the other: first place, and the one after the last."""
    start = 0
    for i in range(1, len(texts) + 1):
        if i == len(texts) or texts[i] != texts[start]:
            yield start, i
            start = i
