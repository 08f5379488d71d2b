"""``relending check``: a loan book before any run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relending.cli.people import STOPPED, columns, errors_for_people, lang_option, show_findings

if TYPE_CHECKING:
    from relending.engine.check import Checked


@click.command("check", epilog="Example: relending check book.xlsx --lender icbc")
@click.argument("book")
@click.option("--lender", help="Lender of rows that name none (id or name).")
@click.option("--facility", "facilities", multiple=True, help="Facilities to screen for [default: cerf, clean_coal].")
@click.option("--prepayments", type=click.Path(path_type=Path), help="Prepayments table.")
@lang_option
def command(book: str, lender: str | None, facilities: tuple[str, ...], prepayments: Path | None, lang: str) -> None:
    """Check BOOK (a file, a folder of Parquet, or a scenario whose book is meant).

    Prints what is wrong, what is eligible and why the rest is not, totals by field and the size of the draw.
    Nothing is written. Exit code 1 when there are errors.
    """
    from relending.engine.check import check_book

    with errors_for_people(lang):
        loaded: Any
        context: Any
        loaded, context, said = _load(book, lender, facilities or ("cerf", "clean_coal"), prepayments)
        checked = check_book(loaded, context)
    findings = said + checked.findings
    _show(checked, lang)
    show_findings(findings, lang)
    if findings.count("error"):
        sys.exit(STOPPED)


def _load(book: str, lender: str | None, names: tuple[str, ...], prepayments: Path | None) -> tuple[Any, Any, Any]:
    from relending.book import read_book
    from relending.engine.check import book_context
    from relending.findings import Findings
    from relending.policy import facilities, facility, lender_of, lenders, nearest
    from relending.scenario import load_scenario, shipped

    if book.endswith(".toml") or (not Path(book).exists() and shipped(book) is not None):
        scenario = load_scenario(book)
        read = read_book(
            list(scenario.book),
            prepayments=scenario.prepayments,
            lender=scenario.lender,
            lenders=scenario.lender_names(),
        )
        return read, scenario.context(), scenario.findings + read.findings
    for name in names:
        if name not in facilities():
            raise click.UsageError(f"no facility {name!r}; nearest: {nearest(name, facilities()) or '-'}")
    known = lender_of(lender) if lender else None
    if lender and known is None:
        raise click.UsageError(f"no lender {lender!r}; a scenario can define one (see docs/scenario.md)")
    read = read_book(book, prepayments=prepayments, lender=known)
    return read, book_context([facility(name) for name in names], lenders(), read), Findings() + read.findings


WORDS = {
    "en": {
        "loans": "loans",
        "eligible": "eligible",
        "amount": "amount (yuan)",
        "draw": "draw (yuan)",
        "reason": "not eligible",
        "field": "eligible by field",
        "total": "total",
    },
    "zh": {
        "loans": "借据",
        "eligible": "符合条件",
        "amount": "金额（元）",
        "draw": "可借用（元）",
        "reason": "不符合原因",
        "field": "符合条件的贷款（按领域）",
        "total": "合计",
    },
}


def _show(checked: Checked, lang: str) -> None:
    from relending.policy import fields

    w = WORDS[lang]
    click.echo(f"{w['loans']} {checked.loans:,}, {w['eligible']} {checked.eligible:,}")
    if checked.reasons:
        rows = [
            (w["reason"], w["loans"], w["amount"]),
            *((r, f"{n:,}", _yuan(a)) for r, (n, a) in checked.reasons.items()),
        ]
        click.echo("\n".join(columns(rows, right=(1, 2))))
    known = fields()
    rows4 = [(w["field"], w["loans"], w["amount"], w["draw"])]
    for name, (n, amount, draw) in checked.by_field.items():
        label = getattr(known.get(name), lang, name) if name in known else (w["total"] if name == "total" else name)
        rows4.append((label, f"{n:,}", _yuan(amount), _yuan(draw)))
    click.echo("\n".join(columns(rows4, right=(1, 2, 3))))


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d}"
