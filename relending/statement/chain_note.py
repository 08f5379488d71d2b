"""The comparison with the previous statement as a document 与上期对比说明, for people of the bank."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from relending.engine.opening_totals import SINCE_START, YEAR
from relending.lineage.disclosed import QUARTER, Figures
from relending.statement.chain import LOAN_DIFFERS, Chain, Check, begun_words
from relending.statement.document import Cell, Document, Paragraph, Table
from relending.statement.loan_table import MOST, loan_blocks
from relending.statement.loan_words import TONNE_DECIMALS, YUAN_DECIMALS, figure_text
from relending.statement.moved import names_of
from relending.statement.printed import MEASURES, Options, printed
from relending.statement.record import Accepted
from relending.statement.statement import Row, Statement, clean
from relending.statement.wording import ORDINALS, quarter_words
from relending.statement.words import word

_WIDTHS = (0.1, 0.14, 0.12, 0.11, 0.12, 0.12, 0.09, 0.13, 0.07)
_HEADS = ("measure", "before", "quarter", "expected", "now", "printed_off", "exact_off", "result")
POINT_DECIMALS = 6
"""Decimals that show a rate of eight decimals in percentage points."""


def comparison_note(
    chain: Chain, statement: Statement, lang: str, accepted: Sequence[Accepted] = (), most: int = MOST
) -> Document:
    """The document: verdict, what could not be checked, figures by field, and the loans that differ.

    ``accepted``: what people have answered for; of a loan that differs its reason is shown.
    """
    bank = statement.full_name[lang]
    blocks: list[Paragraph | Table] = [Paragraph(text) for text in sentences(chain, statement, lang, accepted)]
    if chain.before is not None:
        blocks += [_figures(chain, statement, horizon, lang) for horizon in (SINCE_START, YEAR)]
        if _rounding_shows(chain, statement):
            blocks.append(Paragraph(word("chain.rounding", lang), "footnote"))
    if len(chain.loans):
        blocks += loan_blocks(chain.loans, word("chain.loans", lang), lang, most)
        blocks += _accepted(chain, accepted, lang)
    title = word("chain.title", lang, bank=bank, quarter=quarter_words(statement, lang))
    return Document(lang, title, bank, "internal", tuple(blocks), bool(statement.reasons))


def sentences(chain: Chain, statement: Statement, lang: str, accepted: Sequence[Accepted] = ()) -> list[str]:
    """The text of the note: whether the statement follows from the one before, and what could not be checked."""
    return list(_said(chain, statement, lang, accepted))


def quarter_name(quarter: int, lang: str) -> str:
    """A quarter in words.

    >>> quarter_name(2024 * 4, "en")
    'first quarter of 2024'
    """
    return word("quarter.words", lang, year=quarter // 4, ordinal=ORDINALS[lang][quarter % 4])


def _mine(chain: Chain, accepted: Sequence[Accepted]) -> list[Accepted]:
    """The acceptances of loans that differ."""
    loans = set(names_of(chain.loans))
    return [one for one in accepted if one.code == LOAN_DIFFERS and one.loan_id in loans]


def _accepted(chain: Chain, accepted: Sequence[Accepted], lang: str) -> list[Table]:
    mine = _mine(chain, accepted)
    heads = ("loan", "accepted_reason", "accepted_by")
    header = tuple(Cell(word(f"chain.{name}", lang)) for name in heads)
    rows = tuple(tuple(Cell(clean(text)) for text in (one.loan_id, one.reason, one.by)) for one in mine)
    return [Table(word("chain.accepted_table", lang), (header,), rows, (0.25, 0.55, 0.2))] if rows else []


def _said(chain: Chain, statement: Statement, lang: str, accepted: Sequence[Accepted]) -> Iterator[str]:
    if chain.before is None:
        yield word("chain.first", lang)
        return
    counts = {name: figure_text(chain.count(name), 0, lang) for name in ("ok", "differs")}
    untested = chain.count("not_tested")
    verdict = "breaks" if not chain.ties else "ties_in_part" if untested else "ties"
    yield word(
        f"chain.{verdict}",
        lang,
        before=quarter_name(chain.before.quarter, lang),
        version=chain.before.version,
        loans=figure_text(len(names_of(chain.loans)), 0, lang),
        **counts,
    )
    if untested:
        yield word("chain.untested", lang, untested=figure_text(untested, 0, lang))
    if not chain.ties:
        answered = {one.loan_id for one in _mine(chain, accepted)} >= set(chain.points()["loan_id"])
        yield word("chain.accepted" if answered else "chain.to_do", lang)
    if chain.missing:
        missing = (quarter_name(quarter, lang) for quarter in chain.missing)
        yield word("chain.missing", lang, missing=word("chain.kinds_between", lang).join(missing))
    whys = {one.why for one in chain.checks}
    for why in ("gap", "no_year_before", "opening_later", "current", "opening_rounded"):
        if why in whys:
            yield word(f"chain.why_{why}", lang)
    begun = [(horizon, code) for horizon, some in chain.begun.items() for code in some]
    if begun:
        yield begun_words(begun, lang)
    bases = chain.before.rate_basis, statement.rate_basis
    changes = list(_options(chain.before.options, statement.options, bases, lang))
    if changes:
        yield word("chain.options", lang, changes=word("class.between", lang).join(changes))


def _options(old: Options, new: Options, bases: tuple[str, str], lang: str) -> Iterator[str]:
    """What of the print a reader sees changed."""
    was, now = asdict(old), asdict(new)
    for name in ("amount_unit", "reduction_unit", "amount", "rate", "reduction"):
        if was[name] != now[name]:
            shown = [word(f"unit.{x}", lang) if name.endswith("unit") else str(x) for x in (was[name], now[name])]
            yield word("chain.option", lang, name=word(f"chain.opt_{name}", lang), old=shown[0], new=shown[1])
    if bases[0] != bases[1]:
        shown = [word(f"chain.basis_{basis}", lang) for basis in bases]
        yield word("chain.option", lang, name=word("chain.opt_basis", lang), old=shown[0], new=shown[1])


def _figures(chain: Chain, statement: Statement, horizon: str, lang: str) -> Table:
    checks = {(one.code, one.measure): one for one in chain.checks if one.horizon == horizon}
    header = (Cell(word("table.field", lang)), *(Cell(word(f"chain.{name}", lang)) for name in _HEADS))
    rows = []
    for row in statement.rows:
        for measure in MEASURES:
            first = (Cell(row.name[lang], bold=row is statement.total, down=len(MEASURES)),)
            cells = _cells(chain, statement, row, checks[row.code, measure], lang)
            rows.append((*(first if measure == MEASURES[0] else ()), *cells))
    return Table(word(f"chain.{horizon}", lang), (header,), tuple(rows), _WIDTHS, wide=True)


def _sides(chain: Chain, row: Row, check: Check) -> tuple[Figures | None, Figures | None]:
    """What was published before, and what it and this quarter's make."""
    now = row.cells[QUARTER]
    if check.before is None or chain.before is None:
        return None, None if check.expected is None else now
    was = chain.before.figures.get((check.horizon, row.code), Figures())
    return was, None if check.expected is None else was + now


def _cells(chain: Chain, statement: Statement, row: Row, check: Check, lang: str) -> Iterator[Cell]:
    options, measure = statement.options, check.measure
    was, due = _sides(chain, row, check)
    none = word("table.none", lang)
    yield Cell(options.heading(measure, lang))
    yield Cell(none if was is None else printed(was, options).text(measure, lang), figure=True)
    yield Cell(statement.printed(row, QUARTER).text(measure, lang), figure=True)
    if check.expected is None or due is None:
        yield Cell(none, figure=True)
    elif check.expected[0] != check.expected[1]:
        least, most = (figure_text(figure, 0, lang) for figure in check.expected)
        yield Cell(word("chain.range", lang, least=least, most=most), figure=True)
    else:
        yield Cell(printed(due, options).text(measure, lang), figure=True)
    yield Cell(statement.printed(row, check.horizon).text(measure, lang), figure=True)
    off = printed_off(chain, statement, row, check)
    yield Cell(none if off is None else figure_text(off, options.decimals(measure), lang), figure=True)
    yield Cell(_exact_off(row, check, due, lang), figure=True)
    yield Cell(word(f"chain.{check.result}", lang), bold=check.result == "differs")


def printed_off(chain: Chain, statement: Statement, row: Row, check: Check) -> int | None:
    """What a reader finds who adds up the print: in units of its last digit; None where there is nothing to add up."""
    was, due = _sides(chain, row, check)
    if due is None:
        return None
    if check.measure == "projects":
        return check.difference
    now = getattr(statement.printed(row, check.horizon), check.measure)
    if check.measure == "rate" or was is None:
        added = getattr(printed(due, statement.options), check.measure)
    else:
        parts = (printed(was, statement.options), statement.printed(row, QUARTER))
        added = sum(getattr(part, check.measure) for part in parts)
    return None if now is None or added is None else int(now - added)


def _exact_off(row: Row, check: Check, due: Figures | None, lang: str) -> str:
    if check.difference is None or due is None:
        return word("table.none", lang)
    if check.measure == "projects":
        return figure_text(check.difference, 0, lang)
    if check.measure == "rate":
        now, then = row.cells[check.horizon].rate_e8, due.rate_e8
        if now is None or then is None:
            return word("table.none", lang)
        return word("chain.points", lang, figure=figure_text(now - then, POINT_DECIMALS, lang))
    if check.measure == "amount":
        return word("chain.yuan", lang, figure=figure_text(check.difference, YUAN_DECIMALS, lang))
    return word("chain.tonnes", lang, figure=figure_text(check.difference, TONNE_DECIMALS, lang))


def _rounding_shows(chain: Chain, statement: Statement) -> bool:
    rows = {row.code: row for row in statement.rows}
    return any(
        one.result == "ok" and one.measure != "projects" and printed_off(chain, statement, rows[one.code], one)
        for one in chain.checks
    )
