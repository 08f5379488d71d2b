"""The cover 封面: what the paper is of, from which files, its status, who signs, and its sheets."""

from __future__ import annotations

from collections.abc import Sequence

from relending.lineage.disclosed import Disclosed
from relending.lineage.whynot import Saved
from relending.policy.read import last_checked
from relending.statement.paper_page import NUMBER_KIND, WHOLE, Column, Link, Page, column, place
from relending.statement.statement import Statement
from relending.statement.wording import quarter_words
from relending.statement.words import word

WIDTHS = (24, 30, 10, 70)


def write_cover(
    page: Page, run: Saved, found: Disclosed, statement: Statement, sheets: Sequence[tuple[str, str]], lang: str
) -> None:
    """Write the cover; ``sheets`` are key and name of the others."""
    style = page.styles(bold=True, font_size=22, font_color="#C00000")
    page.sheet.set_row(0, 36)
    page.sheet.write_string(0, 0, word("class.internal", lang), style)
    page.row = 1
    bank = statement.full_name[lang]
    page.title(word("paper.title", lang, bank=bank, quarter=quarter_words(statement, lang)))
    checked = last_checked(found.facility)
    facts = (
        ("bank", bank),
        ("quarter", quarter_words(statement, lang)),
        ("facility", found.facility.name[lang]),
        ("run", _scenario(run, lang)),
        ("basis", word(f"paper.{found.basis}", lang)),
        ("checked", checked.isoformat() if checked else "—"),
        ("status", _status(statement, lang)),
    )
    page.row += 1
    columns = [Column("", WIDTHS[0]), Column("", sum(WIDTHS[1:]))]
    for key, told in facts:
        style = page.styles(border=1, text_wrap=True)
        page.sheet.merge_range(page.row, 1, page.row, 3, "", style)
        page.line(columns, (word(f"paper.{key}", lang), told))
    page.row += 1
    for at, key in enumerate(("prepared", "reviewed", "date")):
        page.sheet.set_row(page.row, 24)
        page.sheet.write_string(page.row, 0, word(f"paper.{key}", lang), page.styles(bold=True))
        page.sheet.write_blank(page.row, 1, None, page.styles(bottom=1))
        page.row += 1 if at < 3 else 0
    page.heading(word("paper.sheets", lang))
    columns = [column("sheet_name", lang, WIDTHS[0]), Column("", WIDTHS[1])]
    for key, name in sheets:
        page.cell(0, columns[0], Link(place(name, 1), name))
        style = page.styles(border=1, text_wrap=True)
        page.sheet.merge_range(page.row, 1, page.row, 3, "", style)
        page.cell(1, columns[1], word(f"paper_about.{key}", lang))
        page.row += 1
    page.heading(word("paper.inputs", lang))
    columns = [
        column("file", lang, WIDTHS[0]),
        column("role", lang, WIDTHS[1]),
        column("rows_read", lang, WIDTHS[2], NUMBER_KIND, WHOLE),
        column("sha256", lang, WIDTHS[3]),
    ]
    page.table(columns, [_input(one, lang) for one in run.manifest["inputs"]])
    page.finish()
    page.sheet.fit_to_pages(1, 1)


def _input(one: dict[str, object], lang: str) -> tuple[object, ...]:
    use = word("paper.run", lang) if "role" in one else str(one.get("sheet") or "")
    return (str(one.get("file", "")), use, one.get("rows"), str(one.get("sha256", "")))


def _scenario(run: Saved, lang: str) -> str:
    told = run.manifest["scenario"]
    title = told.get("title") or {}
    named = title.get(lang) if isinstance(title, dict) else str(title)
    name = str(told["name"])
    return f"{named} ({name})" if named and named != name else name


def _status(statement: Statement, lang: str) -> str:
    if not statement.reasons:
        return word("paper.final", lang)
    reasons = word("class.between", lang).join(reason.text(lang) for reason in statement.reasons)
    return word("class.draft_because", lang, reasons=reasons)
